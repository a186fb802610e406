using IdentityServer.Clients;
using IdentityServer.Clients.Credentials;
using IdentityServer.Clients.Keys;
using IdentityServer.Domain.Clients;
using IdentityServer.Languages;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Ownership;

/// <summary>
/// Looks a client over as the server sees it: what will be refused, what will end soon, and what is riskier than it need be. Nothing is
/// changed by it, and of the outside world only the client's own <c>jwks_uri</c> is asked.
/// </summary>
internal sealed class ClientCheckup(ClientSecretDesk secrets, ClientKeyList keys, IdentityServerDbContext db, TimeProvider clock)
{
    /// <summary>How long before its end a secret or a certificate is told of.</summary>
    public static readonly TimeSpan EndIsNear = TimeSpan.FromDays(30);

    /// <summary>A client that nobody used for so long may be one that nobody needs.</summary>
    public static readonly TimeSpan LongUnused = TimeSpan.FromDays(90);

    /// <summary>Looks the client over.</summary>
    public async Task<IReadOnlyList<ClientCheck>> RunAsync(OwnedClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        var standing = await db.ClientStandings.AsNoTracking().SingleOrDefaultAsync(row => row.ClientRowId == client.RowId, cancellationToken);
        var checks = new List<ClientCheck>();
        if (ClientKinds.Of(client.Metadata) != ClientKind.Machine)
        {
            checks.AddRange(RegisteredAddressChecks.Of(client.Metadata));
            checks.Add(client.Metadata.RequirePkce ? Ok("pkce", "pkce") : Warning("pkce", "pkce-off"));
            checks.Add(Approval(client.Metadata, standing));
        }

        checks.Add(Authentication(client.Metadata));
        checks.Add(await ScopesAsync(client.Metadata, cancellationToken));
        if (client.Metadata.HasSecret)
        {
            checks.Add(await SecretsAsync(client, cancellationToken));
        }

        if (client.Metadata.HasKeys)
        {
            checks.Add(await KeysAsync(client, cancellationToken));
        }

        checks.Add(Use(standing));
        return checks;
    }

    private static ClientCheck Authentication(ClientMetadata metadata) => metadata switch
    {
        { ApplicationType: ClientApplicationTypes.Native, HasSecret: true } => Warning("authentication", "native-secret"),
        { IsPublic: true } => Ok("authentication", "public"),
        _ => Ok("authentication", "method", ("method", metadata.TokenEndpointAuthMethod)),
    };

    private static ClientCheck Approval(ClientMetadata metadata, ClientStanding? standing) => metadata switch
    {
        { Verified: true } => Ok("approval", "approved"),
        _ when standing?.ApprovalAskedAt is not null => Ok("approval", "approval-asked"),
        _ => Warning("approval", "unverified"),
    };

    private async Task<ClientCheck> ScopesAsync(ClientMetadata metadata, CancellationToken cancellationToken)
    {
        var others = metadata.Scopes.Except(StandardScopes.All, StringComparer.Ordinal).ToList();
        var served = others.Count == 0 ? [] : await db.Scopes.Where(scope => others.Contains(scope.Name!)).Select(scope => scope.Name!).ToListAsync(cancellationToken);
        return others.Except(served, StringComparer.Ordinal).FirstOrDefault() is { } unserved
            ? new("scopes", CheckOutcome.Problem, "scope-unserved", ("scope", unserved))
            : Ok("scopes", "scopes");
    }

    private async Task<ClientCheck> SecretsAsync(OwnedClient client, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var active = (await secrets.ListAsync(client.RowId, cancellationToken)).Where(secret => secret.History.IsActive(now)).ToList();
        if (active.Count == 0)
        {
            return new("secrets", CheckOutcome.Problem, "secret-none");
        }

        // One that ends is no matter while another goes on; of those that all end, the last one counts.
        return active.TrueForAll(secret => secret.History.ExpiresAt <= now + EndIsNear)
            ? Warning("secrets", "secret-ends", (Text.Count, Days(active.Max(secret => secret.History.ExpiresAt)!.Value - now)))
            : Ok("secrets", "secrets", ("active", active.Count));
    }

    private async Task<ClientCheck> KeysAsync(OwnedClient client, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var found = await keys.ReadAsync(client.Settings, cancellationToken);
        if (found.Problem is { } problem)
        {
            return new("keys", CheckOutcome.Problem, "keys-problem", ("field", problem.Field), ("rule", problem.Rule), ("mend", problem.Mend));
        }

        var ending = found.Keys.Where(key => key.Usable && key.CertificateEndsAt <= now + EndIsNear).Select(key => key.CertificateEndsAt!.Value).Order().ToList();
        return ending.Count > 0
            ? Warning("keys", ending[0] <= now ? "certificate-ended" : "certificate-ends", (Text.Count, Days((ending[0] - now).Duration())))
            : Ok("keys", "keys", ("usable", found.Keys.Count(key => key.Usable)));
    }

    private ClientCheck Use(ClientStanding? standing)
    {
        var now = clock.GetUtcNow();
        return standing switch
        {
            { LastUsedAt: { } used } => used + LongUnused <= now ? Warning("use", "unused", (Text.Count, Days(now - used))) : Ok("use", "used"),
            { RegisteredAt: { } registered } when registered + LongUnused <= now => Warning("use", "never-used", (Text.Count, Days(now - registered))),
            _ => Ok("use", "not-used-yet"),
        };
    }

    private static int Days(TimeSpan span) => Math.Max(1, (int)Math.Ceiling(span.TotalDays));

    private static ClientCheck Ok(string name, string finding, params (string, object)[] values) => new(name, CheckOutcome.Ok, finding, values);

    private static ClientCheck Warning(string name, string finding, params (string, object)[] values) => new(name, CheckOutcome.Warning, finding, values);
}
