using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Users;
using IdentityServer.Protocol.Authorization;
using IdentityServer.Storage.Entities;
using IdentityServer.Users;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.UserInfo;

/// <summary>
/// Answers userinfo (OpenID Connect Core §5.3) with what the account holds and the scopes allow. What is not held is left out: no null,
/// no empty value.
/// </summary>
internal sealed class AttachUserClaims(UserDirectory users, ClientCache clients, PairwiseSubjects subjects, IOpenIddictAuthorizationManager authorizations) : IOpenIddictServerHandler<HandleUserInfoRequestContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<HandleUserInfoRequestContext>()
            .UseScopedHandler<AttachUserClaims>()
            .SetOrder(OpenIddict.Server.OpenIddictServerHandlers.UserInfo.AttachClaims.Descriptor.Order + 1_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(HandleUserInfoRequestContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var principal = context.AccessTokenPrincipal;

        // A person's tokens hang on the authorization of a sign-in; a client's own hang on none, and there is nobody to tell of.
        if (principal.GetAuthorizationId() is not { Length: > 0 } grant || !Guid.TryParseExact(principal.GetClaim(Claims.Subject), "D", out var id)
            || await users.FindAsync(id, context.CancellationToken) is not { } user
            || principal.GetPresenters().FirstOrDefault() is not { } clientId
            || await clients.FindSettingsAsync(clientId, context.CancellationToken) is not { } client
            || (user.TestOfClientId is { } tested && tested != client.Id))
        {
            context.Reject(Errors.InvalidToken, "The account that this token speaks for is gone.");
            return;
        }

        // The audience and the issuer belong into signed answers only (OpenID Connect Core §5.3.2).
        context.Audiences.Clear();
        context.Issuer = null;
        context.Subject = await subjects.OfAsync(id, client, context.CancellationToken);
        AnswerSigned.SignFor(context.Transaction, client);
        using var held = JsonDocument.Parse(user.Claims);
        if (principal.HasScope(Scopes.Profile))
        {
            Copy(context, held.RootElement, user, StandardClaims.OfProfile);
        }

        if (principal.HasScope(Scopes.Email))
        {
            Copy(context, held.RootElement, user, ["email", "email_verified"]);
        }

        if (principal.HasScope(Scopes.Phone))
        {
            Copy(context, held.RootElement, user, StandardClaims.OfPhone);
        }

        if (principal.HasScope(Scopes.Address))
        {
            Copy(context, held.RootElement, user, StandardClaims.OfAddress);
        }

        // What the parameter claims asked for by itself, and was granted with this sign-in.
        if (await authorizations.FindByIdAsync(grant, context.CancellationToken) is { } authorization)
        {
            Copy(context, held.RootElement, user, RequestedClaims.Kept(await authorizations.GetPropertiesAsync(authorization, context.CancellationToken)));
        }
    }

    private static void Copy(HandleUserInfoRequestContext context, JsonElement held, User user, IEnumerable<string> names)
    {
        foreach (var name in names)
        {
            switch (name)
            {
                case "email":
                    context.Email = user.Email;
                    break;
                case "email_verified":
                    context.EmailVerified = user.EmailVerified;
                    break;
                case "updated_at":
                    context.Claims[name] = user.UpdatedAt.ToUnixTimeSeconds();
                    break;
                case var _ when held.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined):
                    context.Claims[name] = new OpenIddictParameter(value.Clone());
                    break;
            }
        }
    }
}
