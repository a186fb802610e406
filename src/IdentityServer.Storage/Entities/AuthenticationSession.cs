namespace IdentityServer.Storage.Entities;

/// <summary>A signed-in browser. The cookie only points here; this row decides.</summary>
public sealed class AuthenticationSession
{
    /// <summary>The <c>sid</c> that clients see, in "N" form.</summary>
    public Guid Id { get; set; }

    public Guid UserId { get; set; }

    /// <summary>The consumed challenge that this session descends from. Unique: one challenge opens one session (I1).</summary>
    public Guid ChallengeId { get; set; }

    /// <summary>Shared by the sessions that one browser opened for one user in a row; they end together.</summary>
    public Guid FamilyId { get; set; }

    /// <summary>SHA-256 of the secret in the session cookie.</summary>
    public required byte[] HandleHash { get; set; }

    /// <summary>The moment the code was consumed (<c>auth_time</c>).</summary>
    public DateTimeOffset AuthenticatedAt { get; set; }

    /// <summary>The authorization request whose ceremony opened this session, if one did.</summary>
    public string? RequestUri { get; set; }

    public string? Browser { get; set; }

    public string? Network { get; set; }

    /// <summary>Until then the browser's cookie signs in without asking.</summary>
    public DateTimeOffset BrowserExpiresAt { get; set; }

    /// <summary>Until then refresh tokens of this sign-in work; after that nothing of it does.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    public DateTimeOffset? EndedAt { get; set; }
}
