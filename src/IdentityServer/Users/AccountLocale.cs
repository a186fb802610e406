using System.Text.Json;
using IdentityServer.Languages;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Users;

/// <summary>The language that an account asks for.</summary>
internal static class AccountLocale
{
    private const string Claim = "locale";

    /// <summary>The language of ours that comes nearest; null when it asks for none that we have.</summary>
    public static Language? LanguageOf(User user) => Of(user) is { } locale ? SupportedLanguages.Match([locale]) : null;

    /// <summary>Its claim <c>locale</c> (OpenID Connect Core §5.1); null when it has none.</summary>
    public static string? Of(User user)
    {
        // Most accounts have none, and every sign-in asks.
        if (!user.Claims.Contains(Claim, StringComparison.Ordinal))
        {
            return null;
        }

        using var claims = JsonDocument.Parse(user.Claims);
        return claims.RootElement.TryGetProperty(Claim, out var locale) && locale.ValueKind == JsonValueKind.String
            ? locale.GetString()!.Replace('_', '-') // the form of some older systems, which the claim allows
            : null;
    }
}
