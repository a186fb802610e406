using IdentityServer.Storage.Stores;
using OpenIddict.EntityFrameworkCore.Models;

namespace IdentityServer.Storage.Entities;

/// <summary>A registered client application.</summary>
public sealed class Client : OpenIddictEntityFrameworkCoreApplication<string, Authorization, Token>
{
    public Client() => Id = Guid.NewGuid().ToString("N");

    /// <summary>Whether its metadata names a <c>backchannel_logout_uri</c>, so that the end of a session need not read metadata to know.</summary>
    public bool BackchannelLogout { get; set; }

    /// <summary>The origins of its pages, made from the metadata whenever that is written.</summary>
    public IList<ClientOrigin> Origins { get; } = [];

    /// <summary>Every secret of it, those that are over included. OpenIddict's own column for one stays empty.</summary>
    public IList<ClientSecretEntry> Secrets { get; } = [];
}

/// <summary>An origin whose pages may call the endpoints from a browser, because a client has people sent back there.</summary>
public sealed class ClientOrigin
{
    /// <summary>As browsers write it, for example <c>https://app.example.com</c>.</summary>
    public required string Origin { get; set; }

    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>). Several clients may share an origin.</summary>
    public string? ApplicationId { get; set; }
}

/// <summary>What one sign-in gave one client: all tokens of it hang here, and die with it.</summary>
public sealed class Authorization : OpenIddictEntityFrameworkCoreAuthorization<string, Client, Token>
{
    public Authorization()
        : this(Guid.CreateVersion7().ToString("N"))
    {
    }

    internal Authorization(string id) => Id = id;

    /// <summary>What the row held when the store last read or wrote it.</summary>
    internal AuthorizationValues? Stored { get; set; }

    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>).</summary>
    public string? ApplicationId { get; set; }

    /// <summary>The session the authorization descends from; ending that session revokes it.</summary>
    public Guid? SessionId { get; set; }
}

/// <summary>A token's row: its state and when it dies. Payloads only for request tokens.</summary>
public sealed class Token : OpenIddictEntityFrameworkCoreToken<string, Client, Authorization>
{
    public Token()
        : this(Guid.CreateVersion7().ToString("N"))
    {
    }

    internal Token(string id) => Id = id;

    /// <summary>What the row held when the store last read or wrote it.</summary>
    internal TokenValues? Stored { get; set; }

    /// <summary>The client's <see cref="Client.Id"/> (not its <c>client_id</c>).</summary>
    public string? ApplicationId { get; set; }

    /// <summary>The authorization that the token dies with; none for stored requests and for a client's own tokens.</summary>
    public string? AuthorizationId { get; set; }
}

/// <summary>A scope of a <see cref="Resource"/>, whose URI stands in its <c>Resources</c>.</summary>
public sealed class Scope : OpenIddictEntityFrameworkCoreScope<string>
{
    public Scope() => Id = Guid.NewGuid().ToString("N");
}
