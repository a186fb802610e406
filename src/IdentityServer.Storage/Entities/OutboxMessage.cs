using IdentityServer.Domain.Outbox;

namespace IdentityServer.Storage.Entities;

/// <summary>Where a message is.</summary>
public enum DeliveryState
{
    /// <summary>Waiting for its first attempt.</summary>
    Queued = 0,

    /// <summary>A relay has taken it, or the client that it is for.</summary>
    HandedOver = 1,

    /// <summary>An attempt failed; it is tried again.</summary>
    Deferred = 2,

    /// <summary>The relay refused it for good (5xx), or the client that it is for did (400).</summary>
    Refused = 3,

    /// <summary>It lost its use before anybody took it.</summary>
    Abandoned = 4,
}

/// <summary>A message to send, written in the same transaction as what it tells of. Carries no secret: a code is derived when it is sent.</summary>
public sealed class OutboxMessage
{
    public Guid Id { get; set; }

    /// <summary>Which template: see the host's message kinds.</summary>
    public required string Kind { get; set; }

    /// <summary>Whose turns it is sent by.</summary>
    public OutboxQueue Queue { get; set; }

    public Guid UserId { get; set; }

    /// <summary>The challenge whose code is mailed, for code mails.</summary>
    public Guid? ChallengeId { get; set; }

    /// <summary>The <see cref="Client.Id"/> of the client that is told, for notices to clients.</summary>
    public string? ClientRowId { get; set; }

    /// <summary>What the template needs beside rows it can read, as JSON. No secrets.</summary>
    public string Payload { get; set; } = "{}";

    public DeliveryState State { get; set; }

    /// <summary>Attempts that have failed.</summary>
    public int Failures { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    /// <summary>Not before; null once there is nothing left to do, so that the index of due messages stays short.</summary>
    public DateTimeOffset? DueAt { get; set; }

    /// <summary>After this the message has lost its use and is never sent.</summary>
    public DateTimeOffset ExpiresAt { get; set; }

    /// <summary>The node that is sending it, while the lease lasts.</summary>
    public string? LeasedBy { get; set; }

    public DateTimeOffset? LeasedUntil { get; set; }

    public DateTimeOffset? HandedOverAt { get; set; }

    /// <summary>The last answer, shortened: a relay's, without an address in it, or what came of asking a client.</summary>
    public string? LastReply { get; set; }
}
