namespace IdentityServer.Domain.Sessions;

/// <summary>What tokens say of how a person signed in. E-mail is not an authenticator to NIST SP 800-63B, so never <c>mfa</c>.</summary>
public static class AuthenticationContext
{
    /// <summary>Our <c>acr</c>: password and mailed one-time code (OpenID Connect Core §2). Discovery lists it.</summary>
    public const string Acr = "urn:identityserver:acr:pwd-emailotp";

    /// <summary>Our <c>amr</c> values (RFC 8176).</summary>
    public static IReadOnlyList<string> Amr { get; } = ["pwd", "otp"];
}

/// <summary>How long a sign-in lasts.</summary>
public static class SessionPolicy
{
    /// <summary>For so long after the code was consumed the browser is not asked again.</summary>
    public static readonly TimeSpan BrowserLifetime = TimeSpan.FromHours(12);

    /// <summary>For so long after the code was consumed what is sensitive may be done; then both steps are due again.</summary>
    public static readonly TimeSpan FreshFor = TimeSpan.FromMinutes(10);

    /// <summary>For so long after the code was consumed refresh tokens of the sign-in work; then both steps are due again.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(14);

    /// <summary>True while what is sensitive may be done: the instant at which it ends is outside.</summary>
    public static bool IsFresh(DateTimeOffset authenticatedAt, DateTimeOffset now) => now - authenticatedAt < FreshFor;
}
