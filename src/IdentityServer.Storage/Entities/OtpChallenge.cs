namespace IdentityServer.Storage.Entities;

/// <summary>Where a challenge stands.</summary>
public enum ChallengeState
{
    Open = 0,
    Consumed = 1,
    Closed = 2,

    /// <summary>Consumed as the proof of a mailbox. No session descends from it: another state, so that none ever can.</summary>
    Proven = 3,
}

/// <summary>A mailed one-time code that is waited for. Holds what the code is derived from, never the code.</summary>
public sealed class OtpChallenge
{
    /// <summary>The credential version of an account that does not exist.</summary>
    public const long NoAccount = -1;

    public Guid Id { get; set; }

    /// <summary>The account; or, for an address without one, what stands in for it so that limits hold all the same.</summary>
    public Guid UserId { get; set; }

    /// <summary>
    /// What the limits of a code that proves a mailbox count by: what stands in for the address, or the account where the browser signed in
    /// to it before, so that strangers cannot use up its owner's. Sign-ins count by their account.
    /// </summary>
    public Guid LimitKey { get; set; }

    /// <summary>What the code is for, one of <c>OtpPurpose</c>; a code of one purpose is void for another.</summary>
    public required string Purpose { get; set; }

    public required byte[] Seed { get; set; }

    /// <summary>SHA-256 of the secret in the browser's pending cookie.</summary>
    public required byte[] BrowserHash { get; set; }

    /// <summary>The account's credential version at issue; <see cref="NoAccount"/> where there is none, and as long as there is none.</summary>
    public long CredentialVersion { get; set; }

    /// <summary>Which derivation key made the code.</summary>
    public required string KeyId { get; set; }

    /// <summary>A short word that page and mail both show, so that tabs don't get mixed up.</summary>
    public required string Reference { get; set; }

    public ChallengeState State { get; set; }

    public int AttemptsLeft { get; set; }

    /// <summary>Guesses spent from the account's budget by this challenge; refunded when it is consumed.</summary>
    public int AccountSpent { get; set; }

    /// <summary>The day, in the budget's count, that the last of them was spent from.</summary>
    public int AccountDay { get; set; }

    /// <summary>How many were spent from that day; the others from the one before, since a challenge lives half an hour.</summary>
    public int AccountSpentOnDay { get; set; }

    public int Sends { get; set; }

    public DateTimeOffset LastSentAt { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>The client that sent the person here, if one did.</summary>
    public string? ClientId { get; set; }

    /// <summary>The stored authorization request (<c>request_uri</c>) to go back to, if any. Return state lives here, not in a URL.</summary>
    public string? RequestUri { get; set; }

    /// <summary>The language that page and mail speak (BCP 47).</summary>
    public string? Language { get; set; }

    /// <summary>Names of browser and operating system, for the mail.</summary>
    public string? Browser { get; set; }

    /// <summary>The network the request came from (IPv4 /32, IPv6 /64).</summary>
    public string? Network { get; set; }
}
