using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Resources;

namespace IdentityServer.Clients;

/// <summary>
/// What every installation has without anybody registering it: the management API as a resource, and the command line tool as a client of
/// it. Nobody else registers, imports or changes what is called so.
/// </summary>
internal static class BuiltIns
{
    /// <summary>The <c>client_id</c> of the command line tool.</summary>
    public const string CommandLineId = "idsrv-cli";

    /// <summary>Where the management API is, below the issuer.</summary>
    public const string ApiPath = "/api/v1";

    /// <summary>
    /// The command line tool: a public client on a person's own machine (RFC 8252 §7.3), to which the browser comes back at whatever port
    /// is free. It is the operator's own; consent is asked of whoever is signed in already.
    /// </summary>
    public static ClientMetadata CommandLine { get; } = Judged(new()
    {
        ClientId = CommandLineId,
        ClientName = "idsrv, the command line tool",
        ApplicationType = ClientApplicationTypes.Native,
        TokenEndpointAuthMethod = ClientAuthenticationMethods.None,
        RedirectUris = ["http://127.0.0.1/"],
        GrantTypes = [ClientGrantTypes.AuthorizationCode, ClientGrantTypes.RefreshToken],
        Scope = string.Join(' ', [StandardScopes.OpenId, StandardScopes.OfflineAccess, .. ManagementScopes.All]),
        FirstParty = true,
        Verified = true,
    });

    /// <summary>The URI of the management API: what clients name, and what tokens for it carry.</summary>
    public static string ApiOf(Uri issuer) => new Uri(issuer, ApiPath).AbsoluteUri;

    /// <summary>The management API of an installation.</summary>
    public static ResourceMetadata Api(Uri issuer) => new()
    {
        Resource = ApiOf(issuer),
        Name = "Client management",
        Scopes =
        [
            new(ManagementScopes.Read, "Read your applications, their failures and their activity"),
            new(ManagementScopes.Secrets, "Make and retire secrets of your applications"),
            new(ManagementScopes.TestUsers, "Make test users of your applications and read their mail"),
            new(ManagementScopes.Write, "Register, change and delete your applications"),
        ],
    };

    /// <summary>Whether a <c>client_id</c> is the server's own.</summary>
    public static bool IsClient(string? clientId) => string.Equals(clientId, CommandLineId, StringComparison.Ordinal);

    /// <summary>Whether a scope is the management API's, and so nobody else's.</summary>
    public static bool IsScope(string? scope) => ManagementScopes.All.Contains(scope, StringComparer.Ordinal);

    /// <summary>What is told to whoever wants a client of the server's own name.</summary>
    public static MetadataProblem ClientTaken { get; } =
        new("client_id", $"is {CommandLineId}, which the server registers by itself", "Take another client_id.");

    private static ClientMetadata Judged(ClientMetadata metadata) => metadata.Judge() is ClientMetadataVerdict.Accepted accepted
        ? accepted.Metadata
        : throw new InvalidOperationException("What the server registers by itself breaks its own rules.");
}
