namespace IdentityServer.Users;

/// <summary>Checks and makes password hashes. A second implementation without the cost serves measurements of everything else.</summary>
internal interface IPasswordHasher
{
    /// <summary>Checks a password against what is stored.</summary>
    /// <param name="storedHash">The account's hash; null for an account that is unknown or has no password, at the same cost.</param>
    /// <param name="password">The password as it was typed.</param>
    /// <param name="normalizedAddress">The address as it is looked up: says which work stands in for a missing hash.</param>
    /// <param name="cancellationToken">Gives up a place in the queue; work that has begun is finished.</param>
    Task<PasswordVerdict> VerifyAsync(string? storedHash, string password, string normalizedAddress, CancellationToken cancellationToken);

    /// <summary>Makes the hash to store for somebody whom nothing is known of yet.</summary>
    /// <returns>Null when too many passwords are being hashed: nothing was done.</returns>
    Task<string?> TryHashAsync(string password, CancellationToken cancellationToken);

    /// <summary>Makes the hash to store. Waits for a place instead of refusing: who comes here has been let in already.</summary>
    Task<string> HashAsync(string password, CancellationToken cancellationToken);
}

/// <summary>What became of a password.</summary>
internal abstract record PasswordVerdict
{
    private PasswordVerdict()
    {
    }

    /// <summary>It is right.</summary>
    /// <param name="NeedsRehash">The stored hash is of another make: store a new one (<see cref="AccountChanges.UpdatePasswordHashAsync"/>).</param>
    public sealed record Right(bool NeedsRehash) : PasswordVerdict;

    /// <summary>It is wrong, or nobody has it.</summary>
    public sealed record Wrong : PasswordVerdict;

    /// <summary>Too many passwords are being checked: nothing was checked.</summary>
    /// <param name="RetryAfter">Whole seconds until a place is likely free.</param>
    public sealed record Busy(TimeSpan RetryAfter) : PasswordVerdict;
}
