using System.Text;
using System.Text.Json.Nodes;
using IdentityServer.Clients;
using IdentityServer.Protocol.SigningKeys;
using Microsoft.AspNetCore;
using Microsoft.IdentityModel.JsonWebTokens;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.AspNetCore.OpenIddictServerAspNetCoreHandlers;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.UserInfo;

/// <summary>
/// Answers userinfo as a JWT where the client registered <c>userinfo_signed_response_alg</c> (OpenID Connect Core §5.3.2). It is an answer
/// that can be kept, not a token: nothing here takes it for one, since it has no time at which it ends and no <c>sid</c>.
/// </summary>
internal sealed class AnswerSigned(SigningKeyRing keys) : IOpenIddictServerHandler<ApplyUserInfoResponseContext>
{
    private const string Property = "IdentityServer.SignUserInfoFor";

    private static readonly JsonWebTokenHandler Handler = new();

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyUserInfoResponseContext>()
            .UseSingletonHandler<AnswerSigned>()
            .SetOrder(ProcessJsonResponse<ApplyUserInfoResponseContext>.Descriptor.Order - 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    /// <summary>Has the answer to this request signed for a client, if it wants that.</summary>
    public static void SignFor(OpenIddictServerTransaction transaction, ClientSettings client)
    {
        if (client.Metadata.UserInfoSignedResponseAlg is not null)
        {
            transaction.SetProperty(Property, client);
        }
    }

    public async ValueTask HandleAsync(ApplyUserInfoResponseContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Transaction.GetProperty<ClientSettings>(Property) is not { Metadata.UserInfoSignedResponseAlg: { } algorithm } client
            || !string.IsNullOrEmpty(context.Response.Error))
        {
            return;
        }

        var claims = new JsonObject();
        foreach (var (name, value) in context.Response.GetParameters())
        {
            claims[name] = (JsonNode?)value;
        }

        claims[Claims.Issuer] = context.Options.Issuer!.AbsoluteUri;
        claims[Claims.Audience] = client.ClientId;
        var http = context.Transaction.GetHttpRequest()!.HttpContext;
        http.Response.ContentType = "application/jwt";
        await http.Response.BodyWriter.WriteAsync(Encoding.ASCII.GetBytes(Handler.CreateToken(claims.ToJsonString(), keys.For(algorithm))), context.CancellationToken);
        context.HandleRequest();
    }
}
