namespace IdentityServer.Domain.OneTimeCodes;

/// <summary>The constants of a one-time-code challenge. Security rules are constants: no configuration reaches them.</summary>
public static class ChallengePolicy
{
    /// <summary>How long a code is valid, from issue, on the server's clock.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    /// <summary>Wrong codes that close a challenge.</summary>
    public const int Attempts = 5;

    /// <summary>Open challenges an account may have; the next closes the oldest that is not this browser's.</summary>
    public const int OpenPerAccount = 3;

    /// <summary>True while a code is valid: the instant of expiry is outside.</summary>
    public static bool IsValid(DateTimeOffset expiresAt, DateTimeOffset now) => now < expiresAt;
}
