namespace IdentityServer.Domain.Sessions;

/// <summary>The notice that a client is sent when a session ends in which it took part (OpenID Connect Back-Channel Logout 1.0).</summary>
public static class LogoutNotification
{
    /// <summary>The kind of its outbox message.</summary>
    public const string Kind = "backchannel-logout";

    /// <summary>
    /// For so long it is tried. What the client held is dead at once anyway; the notice ends the client's own session, and a server that
    /// was away over night should still learn of it.
    /// </summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromHours(24);

    /// <summary>For so long after that the client's operator can see what became of it.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromDays(7);

    /// <summary>
    /// How long a logout token is good. It is made anew for each attempt, with the same <c>jti</c>; two minutes are what Back-Channel
    /// Logout 1.0 §2.4 recommends at most.
    /// </summary>
    public static readonly TimeSpan TokenLifetime = TimeSpan.FromMinutes(2);
}
