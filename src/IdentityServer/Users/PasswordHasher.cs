using IdentityServer.Domain.Users;
using IdentityServer.Users.Hashing;

namespace IdentityServer.Users;

/// <summary>
/// Argon2id for everything new; what other systems made is verified and replaced. Passwords are hashed in NFKC form; a hash that another
/// system made of the raw form is verified with that too, and replaced.
/// </summary>
internal sealed partial class PasswordHasher(
    HashingGate gate, DecoyHashes decoys, HashingMetrics metrics, TimeProvider time, ILogger<PasswordHasher> logger) : IPasswordHasher
{
    // Nobody's password is longer; normalising and hashing more would be work for an attacker's pleasure.
    private const int LongestTyped = 4096;

    public async Task<PasswordVerdict> VerifyAsync(
        string? storedHash, string password, string normalizedAddress, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(password);
        ArgumentNullException.ThrowIfNull(normalizedAddress);
        var decoy = decoys.For(normalizedAddress);
        var stored = Read(storedHash);

        // What cannot be a password costs what any other costs for this address, or the difference would tell whether there is a hash.
        var possible = password.Length <= LongestTyped && PasswordRules.IsText(password);
        var typed = possible ? password : "";
        if (gate.TryRun(() => Verify(stored ?? decoy, typed), cancellationToken) is not { } verification)
        {
            metrics.Refused();
            return new PasswordVerdict.Busy(gate.RetryAfter);
        }

        // The decoy's verdict is thrown away: it has been paid for, which is all that it is for.
        var verdict = await verification;
        return stored is null || !possible ? new PasswordVerdict.Wrong() : verdict;
    }

    public async Task<string?> TryHashAsync(string password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(password);
        if (gate.TryRun(() => Measured("argon2id", () => Argon2idHash.Create(PasswordRules.Normalize(password))), cancellationToken) is not { } hashing)
        {
            metrics.Refused();
            return null;
        }

        return await hashing;
    }

    public Task<string> HashAsync(string password, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(password);
        return gate.RunAsync(
            () => Measured("argon2id", () => Argon2idHash.Create(PasswordRules.Normalize(password))), cancellationToken);
    }

    private StoredHash? Read(string? text)
    {
        if (text is null)
        {
            return null;
        }

        if (!StoredHash.TryParse(text, out var stored, out var reason))
        {
            LogUnreadable(logger, reason);
            return null;
        }

        decoys.Met(stored);
        return stored;
    }

    private PasswordVerdict Verify(StoredHash stored, string typed)
    {
        var normalized = PasswordRules.Normalize(typed);
        if (Measured(stored.Format, () => stored.Matches(normalized)))
        {
            return new PasswordVerdict.Right(NeedsRehash: !stored.IsCurrent);
        }

        // Depends on what was typed alone, so it tells nothing of the account.
        var raw = !string.Equals(normalized, typed, StringComparison.Ordinal) && Measured(stored.Format, () => stored.Matches(typed));
        return raw ? new PasswordVerdict.Right(NeedsRehash: true) : new PasswordVerdict.Wrong();
    }

    private T Measured<T>(string format, Func<T> hash)
    {
        var began = time.GetTimestamp();
        var result = hash();
        metrics.Hashed(format, time.GetElapsedTime(began));
        return result;
    }

    [LoggerMessage(LogLevel.Error, "A stored password hash cannot be read, so its account cannot sign in: it {Reason}.")]
    private static partial void LogUnreadable(ILogger logger, string reason);
}
