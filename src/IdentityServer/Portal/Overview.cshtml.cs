using IdentityServer.Clients.Credentials;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Settings;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Portal;

/// <summary>An address of ours that applications are told.</summary>
/// <param name="Member">Its member of the discovery document.</param>
/// <param name="Path">Where it is.</param>
internal sealed record ShownEndpoint(string Member, string Path);

/// <summary>What an application needs to know, how it stands, and what to do next.</summary>
internal sealed class OverviewModel(
    Installation installation, IdentityServerDbContext db, ClientSecretDesk secrets, ClientHistory history, TimeProvider clock) : ClientPageModel
{
    /// <summary>How long before a secret ends its owners are told.</summary>
    public static readonly TimeSpan EndingSoon = TimeSpan.FromDays(30);

    private const int Month = 30;

    /// <summary>Those that applications may need to be told where they read no discovery document.</summary>
    public static IReadOnlyList<ShownEndpoint> Endpoints { get; } =
    [
        new("authorization_endpoint", "connect/authorize"),
        new("token_endpoint", "connect/token"),
        new("userinfo_endpoint", "connect/userinfo"),
        new("jwks_uri", ".well-known/jwks"),
        new("end_session_endpoint", "connect/endsession"),
        new("pushed_authorization_request_endpoint", "connect/par"),
        new("revocation_endpoint", "connect/revoke"),
        new("introspection_endpoint", "connect/introspect"),
    ];

    /// <summary>Our issuer, with the slash at its end.</summary>
    public string Issuer => installation.Issuer.AbsoluteUri;

    /// <summary>When it was last given tokens; null for never.</summary>
    public DateTimeOffset? LastUsedAt { get; private set; }

    /// <summary>An owner waits for an administrator's word.</summary>
    public bool ApprovalAsked { get; private set; }

    /// <summary>The secrets that end within <see cref="EndingSoon"/>, the next first.</summary>
    public IReadOnlyList<ShownSecret> Ending { get; private set; } = [];

    /// <summary>Sign-ins of the last thirty days that were completed.</summary>
    public int SignIns { get; private set; }

    /// <summary>Requests that failed today, in UTC.</summary>
    public int FailuresToday { get; private set; }

    /// <summary>Whether there is a page of the client by a name.</summary>
    public bool Has(string page) => ClientTab.All.Any(tab => tab.Page == page && tab.Has(Client.Metadata));

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var activity = await history.ActivityAsync(Client.RowId, Month, cancellationToken);
        SignIns = (int)activity.Total(ActivityKinds.Completed);
        FailuresToday = (int)activity.Kinds.Where(kind => kind.StartsWith(ActivityKinds.FailurePrefix, StringComparison.Ordinal)).Sum(kind => activity.Daily(kind)[^1]);
        var standing = await db.ClientStandings.AsNoTracking().SingleOrDefaultAsync(row => row.ClientRowId == Client.RowId, cancellationToken);
        (LastUsedAt, ApprovalAsked) = (standing?.LastUsedAt, standing?.ApprovalAskedAt is not null);
        Ending = [.. (await secrets.ListAsync(Client.RowId, cancellationToken))
            .Where(secret => secret.History.IsActive(now) && secret.History.ExpiresAt <= now + EndingSoon).OrderBy(secret => secret.History.ExpiresAt)];
    }
}
