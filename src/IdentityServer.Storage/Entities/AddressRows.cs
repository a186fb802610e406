namespace IdentityServer.Storage.Entities;

/// <summary>
/// The address that a challenge is to give its account: its code goes there and nowhere else, and the account has it once the code came
/// back. Until then nothing has changed.
/// </summary>
public sealed class PendingAddress
{
    /// <summary>The challenge whose code proves the address.</summary>
    public Guid ChallengeId { get; set; }

    public Guid UserId { get; set; }

    /// <summary>The address, as given.</summary>
    public required string Email { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>
/// An address that an account had until lately. For some days whoever reads its mailbox can have it back, with a new password: a change
/// that somebody else made must not be final at once.
/// </summary>
public sealed class FormerAddress
{
    public Guid UserId { get; set; }

    /// <summary>The address in the form that look-ups use.</summary>
    public required string NormalizedEmail { get; set; }

    /// <summary>The address, as it was registered.</summary>
    public required string Email { get; set; }

    /// <summary>When the account got another one.</summary>
    public DateTimeOffset ChangedAt { get; set; }

    /// <summary>Until then it can be had back.</summary>
    public DateTimeOffset ExpiresAt { get; set; }
}
