namespace IdentityServer.Domain.Clients;

/// <summary>What somebody connects: it decides everything about a client that most people need not think of.</summary>
public enum ClientKind
{
    /// <summary>An application whose code runs on a server, which keeps a secret.</summary>
    WebServer,

    /// <summary>An application that runs in the browser.</summary>
    SinglePage,

    /// <summary>An application on a phone or a desktop.</summary>
    Native,

    /// <summary>A program that acts for itself, without a person.</summary>
    Machine,
}

/// <summary>The right settings of each kind of client, so that a name and a redirect URI are enough.</summary>
public static class ClientKinds
{
    private const string PeopleScope = "openid profile email offline_access";

    private static readonly string[] PeopleGrants = [ClientGrantTypes.AuthorizationCode, ClientGrantTypes.RefreshToken];

    /// <summary>Every kind, in the order in which they are offered.</summary>
    public static IReadOnlyList<ClientKind> All { get; } = [ClientKind.WebServer, ClientKind.SinglePage, ClientKind.Native, ClientKind.Machine];

    /// <summary>The name of a kind in addresses, in the API and at the shell: <c>web-server</c>, <c>single-page</c>, <c>native</c>, <c>machine</c>.</summary>
    public static string NameOf(ClientKind kind) => kind switch
    {
        ClientKind.WebServer => "web-server",
        ClientKind.SinglePage => "single-page",
        ClientKind.Native => "native",
        ClientKind.Machine => "machine",
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind."),
    };

    /// <summary>The kind of a name; null for a name of none.</summary>
    public static ClientKind? Find(string? name)
    {
        foreach (var kind in All)
        {
            if (string.Equals(NameOf(kind), name, StringComparison.Ordinal))
            {
                return kind;
            }
        }

        return null;
    }

    /// <summary>What a new client of a kind is registered with.</summary>
    /// <param name="kind">The kind.</param>
    /// <param name="name">What people are shown.</param>
    /// <param name="redirectUris">Where people are sent back to; none for a machine.</param>
    public static ClientMetadata Describe(ClientKind kind, string name, IReadOnlyList<string> redirectUris) => kind switch
    {
        ClientKind.Machine => new() { ClientName = name, GrantTypes = [ClientGrantTypes.ClientCredentials], ResponseTypes = [], Scope = "" },
        ClientKind.WebServer => ForPeople(name, redirectUris),
        ClientKind.SinglePage => ForPeople(name, redirectUris) with { TokenEndpointAuthMethod = ClientAuthenticationMethods.None },
        ClientKind.Native => ForPeople(name, redirectUris) with
        {
            ApplicationType = ClientApplicationTypes.Native,
            TokenEndpointAuthMethod = ClientAuthenticationMethods.None,
        },
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "There is no such kind."),
    };

    /// <summary>The kind that a client is by what it is registered with.</summary>
    public static ClientKind Of(ClientMetadata metadata)
    {
        ArgumentNullException.ThrowIfNull(metadata);
        return metadata.GrantTypes?.Contains(ClientGrantTypes.AuthorizationCode) != true ? ClientKind.Machine
            : string.Equals(metadata.ApplicationType, ClientApplicationTypes.Native, StringComparison.Ordinal) ? ClientKind.Native
            : metadata.IsPublic ? ClientKind.SinglePage
            : ClientKind.WebServer;
    }

    private static ClientMetadata ForPeople(string name, IReadOnlyList<string> redirectUris) =>
        new() { ClientName = name, RedirectUris = redirectUris, GrantTypes = PeopleGrants, Scope = PeopleScope };
}
