namespace IdentityServer.Storage.Entities;

/// <summary>
/// An account that somebody asked for and whose address is not proven yet. It is no account: nothing signs in with it, it keeps nobody
/// else from the address, and it goes when its challenge lapses. So nobody can take an account before its owner arrives.
/// </summary>
public sealed class PendingAccount
{
    /// <summary>The challenge whose code proves the address.</summary>
    public Guid ChallengeId { get; set; }

    /// <summary>The address, as given: the only one that this challenge's code goes to.</summary>
    public required string Email { get; set; }

    public required string PasswordHash { get; set; }

    /// <summary>The language that the person signed up in (BCP 47).</summary>
    public string? Language { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}
