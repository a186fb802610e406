using Microsoft.AspNetCore;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.UserInfo;

/// <summary>
/// Takes a POST without a body for an empty form. A client whose token is in the header has nothing to put into a body, and no type to
/// give it (OpenID Connect Core §5.3.1); OpenIddict refuses a POST without a type.
/// </summary>
internal sealed class TakeEmptyPost : IOpenIddictServerHandler<ExtractUserInfoRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ExtractUserInfoRequestContext>()
            .UseSingletonHandler<TakeEmptyPost>()
            .SetOrder(int.MinValue + 10_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(ExtractUserInfoRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Transaction.GetHttpRequest() is { ContentLength: 0 or null, ContentType: null or "" } request
            && HttpMethods.IsPost(request.Method) && !request.Headers.ContainsKey("Transfer-Encoding"))
        {
            request.ContentType = "application/x-www-form-urlencoded";
        }

        return ValueTask.CompletedTask;
    }
}
