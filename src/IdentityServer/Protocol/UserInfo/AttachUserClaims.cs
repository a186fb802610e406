using System.Text.Json;
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
internal sealed class AttachUserClaims(UserDirectory users) : IOpenIddictServerHandler<HandleUserInfoRequestContext>
{
    private static readonly string[] _profile =
        ["name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender",
         "birthdate", "zoneinfo", "locale"];

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
        if (principal.GetAuthorizationId() is not { Length: > 0 } || !Guid.TryParseExact(principal.GetClaim(Claims.Subject), "D", out var id)
            || await users.FindAsync(id, context.CancellationToken) is not { } user)
        {
            context.Reject(Errors.InvalidToken, "The account that this token speaks for is gone.");
            return;
        }

        // The audience and the issuer belong into signed answers only (OpenID Connect Core §5.3.2).
        context.Audiences.Clear();
        context.Issuer = null;
        using var held = JsonDocument.Parse(user.Claims);
        if (principal.HasScope(Scopes.Profile))
        {
            Copy(context, held.RootElement, _profile);
            context.Claims["updated_at"] = user.UpdatedAt.ToUnixTimeSeconds();
        }

        if (principal.HasScope(Scopes.Email))
        {
            context.Email = user.Email;
            context.EmailVerified = user.EmailVerified;
        }

        if (principal.HasScope(Scopes.Phone))
        {
            Copy(context, held.RootElement, ["phone_number", "phone_number_verified"]);
        }

        if (principal.HasScope(Scopes.Address))
        {
            Copy(context, held.RootElement, ["address"]);
        }
    }

    private static void Copy(HandleUserInfoRequestContext context, JsonElement held, ReadOnlySpan<string> names)
    {
        foreach (var name in names)
        {
            if (held.TryGetProperty(name, out var value) && value.ValueKind is not (JsonValueKind.Null or JsonValueKind.Undefined))
            {
                context.Claims[name] = new OpenIddictParameter(value.Clone());
            }
        }
    }
}
