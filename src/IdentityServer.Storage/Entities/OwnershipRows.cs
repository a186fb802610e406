namespace IdentityServer.Storage.Entities;

/// <summary>That a person runs a client. All owners of a client may do the same.</summary>
public sealed class ClientOwner
{
    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>).</summary>
    public required string ClientRowId { get; set; }

    public Guid UserId { get; set; }

    public DateTimeOffset AddedAt { get; set; }
}

/// <summary>
/// An invitation to own a client. It is for an address: whoever signs in with that address, and so has read a code there, may take it.
/// Nothing in it opens anything by itself.
/// </summary>
public sealed class ClientInvitation
{
    public Guid Id { get; set; }

    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>).</summary>
    public required string ClientRowId { get; set; }

    /// <summary>The address, as given.</summary>
    public required string Email { get; set; }

    /// <summary>The address in the form that accounts are found by.</summary>
    public required string NormalizedEmail { get; set; }

    /// <summary>The owner who invites.</summary>
    public Guid InvitedBy { get; set; }

    public DateTimeOffset CreatedAt { get; set; }

    public DateTimeOffset ExpiresAt { get; set; }
}

/// <summary>That a machine client may manage another client, because somebody who owns both said so.</summary>
public sealed class ClientAgent
{
    /// <summary>The <see cref="Client.Id"/> of the client that is managed.</summary>
    public required string ClientRowId { get; set; }

    /// <summary>The <see cref="Client.Id"/> of the client that manages it.</summary>
    public required string AgentRowId { get; set; }

    public DateTimeOffset AddedAt { get; set; }
}

/// <summary>Where a client stands: since when it is there, when it was last used, and what the operator says of it.</summary>
public sealed class ClientStanding
{
    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>).</summary>
    public required string ClientRowId { get; set; }

    /// <summary>When it was registered by a person; null for a client that came another way.</summary>
    public DateTimeOffset? RegisteredAt { get; set; }

    /// <summary>When tokens were last given to it; told by nodes about once a minute.</summary>
    public DateTimeOffset? LastUsedAt { get; set; }

    /// <summary>When an owner asked for approval; null when nobody did, or an administrator has decided since.</summary>
    public DateTimeOffset? ApprovalAskedAt { get; set; }

    /// <summary>What the owner wrote with the wish, for the administrator.</summary>
    public string? ApprovalWish { get; set; }

    /// <summary>When an administrator last decided.</summary>
    public DateTimeOffset? DecidedAt { get; set; }

    /// <summary>What the administrator wrote with a refusal, for the owners; null after an approval.</summary>
    public string? Refusal { get; set; }
}

/// <summary>A logo that an owner uploaded: drawn anew by us, so that nothing of the file that came is left in it.</summary>
public sealed class ClientLogoImage
{
    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>).</summary>
    public required string ClientRowId { get; set; }

    /// <summary>A PNG.</summary>
    public required byte[] Content { get; set; }

    public DateTimeOffset UploadedAt { get; set; }
}
