namespace IdentityServer.Storage.Entities;

/// <summary>A request of a client that failed: what its owners need to mend it, no secret, and of people their subject at most.</summary>
public sealed class ClientFailure
{
    /// <summary>The reference that whoever saw the error page can tell.</summary>
    public required string Id { get; set; }

    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>).</summary>
    public required string ClientRowId { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>A code of <see cref="Domain.Diagnosis.FailureCodes"/>.</summary>
    public required string Code { get; set; }

    /// <summary>The endpoint's path, such as <c>/connect/token</c>.</summary>
    public required string Endpoint { get; set; }

    /// <summary>Facts that the code's sentence names, as a JSON object of strings.</summary>
    public string Details { get; set; } = "{}";
}

/// <summary>How often something happened at a client on a day.</summary>
public sealed class ClientActivityCount
{
    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>).</summary>
    public required string ClientRowId { get; set; }

    /// <summary>Days since the Unix epoch, in UTC.</summary>
    public int Day { get; set; }

    /// <summary>What happened; see <see cref="Domain.Diagnosis.ActivityKinds"/>.</summary>
    public required string Kind { get; set; }

    public long Count { get; set; }
}

/// <summary>A mail to a test user of a client: it never leaves, and the client's owners read it here.</summary>
public sealed class TestMail
{
    public Guid Id { get; set; }

    /// <summary>The <see cref="Client.Id"/> of the client whose test user it is.</summary>
    public required string ClientRowId { get; set; }

    public Guid UserId { get; set; }

    public DateTimeOffset At { get; set; }

    /// <summary>Subject and text, wrapped by Data Protection: there may be a code in it.</summary>
    public required string ProtectedMail { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>A sign-in that an owner tries with their own client, step by step.</summary>
public sealed class TrialRun
{
    public Guid Id { get; set; }

    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>).</summary>
    public required string ClientRowId { get; set; }

    /// <summary>The owner who tries; nobody else sees it.</summary>
    public Guid UserId { get; set; }

    /// <summary>What was sent and answered so far, wrapped by Data Protection: there are tokens in it.</summary>
    public required string ProtectedState { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>The answer to a request that may be sent again under the same key.</summary>
public sealed class IdempotencyRecord
{
    /// <summary>SHA-256 of who asked and the key that they chose.</summary>
    public required string Key { get; set; }

    /// <summary>SHA-256 of the request: the key must not be used for another.</summary>
    public required string RequestHash { get; set; }

    /// <summary>The answer, wrapped by Data Protection, since it may hold a secret; null while the request is under way.</summary>
    public string? ProtectedAnswer { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}
