namespace IdentityServer.Domain.Outbox;

/// <summary>
/// Which line a message stands in. Each is sent by turns of its own, so that a slow receiver of one never keeps a message of the other
/// waiting: a sign-in code has half an hour to live.
/// </summary>
public enum OutboxQueue
{
    /// <summary>Mail to people, through relays of the operator's.</summary>
    Mail = 0,

    /// <summary>Notices to clients, at addresses of theirs.</summary>
    Notifications = 1,
}
