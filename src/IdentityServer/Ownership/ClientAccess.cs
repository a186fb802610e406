using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Ownership;

/// <summary>A client that the one who asks may manage. There is no other way to get one than to be found to be allowed.</summary>
internal sealed class OwnedClient
{
    // Members by which a client proves itself: whoever sets them makes a credential.
    private static readonly string[] _proof = ["token_endpoint_auth_method", "jwks", "jwks_uri"];

    private static readonly JsonElement _defaults = new ClientMetadata().ToJson();

    internal OwnedClient(Client row, Actor actor)
    {
        Settings = ClientSettings.From(row.Id!, CachedClient.MetadataOf(row));
        Version = row.ConcurrencyToken ?? "";
        Actor = actor;
    }

    /// <summary>What is registered, as the database had it when it was asked.</summary>
    public ClientSettings Settings { get; }

    /// <summary>Another text after each change of the registration.</summary>
    public string Version { get; }

    /// <summary>Who may manage it.</summary>
    public Actor Actor { get; }

    public string RowId => Settings.Id;

    public string ClientId => Settings.ClientId;

    public ClientMetadata Metadata => Settings.Metadata;

    /// <summary>Whether a wish would have the client prove itself by something else than now: that is as good as a new secret.</summary>
    public bool ChangesProof(JsonElement wish)
    {
        var registered = Metadata.ToJson();
        return !_proof.All(name => JsonElement.DeepEquals(Said(registered, name), Said(wish, name)));
    }

    /// <summary>Whether it would act for itself where it does not now, or manage clients in a way that it cannot now: whoever tries it then has that power.</summary>
    public bool GainsPower(ClientMetadata wanted)
    {
        ArgumentNullException.ThrowIfNull(wanted);
        return wanted.Scopes.Intersect(ManagementScopes.All, StringComparer.Ordinal).Except(Metadata.Scopes, StringComparer.Ordinal).Any()
            || (wanted.GrantTypes?.Contains(ClientGrantTypes.ClientCredentials) == true && !Settings.GrantTypes.Contains(ClientGrantTypes.ClientCredentials));
    }

    private static JsonElement Said(JsonElement json, string name) =>
        json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value
        : _defaults.TryGetProperty(name, out var fallback) ? fallback
        : JsonSerializer.SerializeToElement<object?>(null);
}

/// <summary>A client in a list.</summary>
/// <param name="Metadata">What is registered.</param>
/// <param name="RowId">Its row.</param>
/// <param name="RegisteredAt">When a person registered it; null for one that came another way.</param>
/// <param name="LastUsedAt">When it was last given tokens; null for never.</param>
/// <param name="ApprovalAsked">An owner waits for an administrator's word.</param>
internal sealed record ListedClient(ClientMetadata Metadata, string RowId, DateTimeOffset? RegisteredAt, DateTimeOffset? LastUsedAt, bool ApprovalAsked);

/// <summary>
/// The one place that decides who may manage a client. Whoever may not is told what is told of a client that does not exist.
/// </summary>
internal sealed class ClientAccess(IdentityServerDbContext db)
{
    /// <summary>The most clients that a list holds.</summary>
    public const int LongestPage = 100;

    /// <summary>The client, if the one who asks may manage it; else null.</summary>
    public async Task<OwnedClient?> FindAsync(Actor actor, string? clientId, CancellationToken cancellationToken) =>
        ClientIdentifier.IsWellFormed(clientId)
        && await Manageable(actor).SingleOrDefaultAsync(client => client.ClientId == clientId, cancellationToken) is { } row
            ? new OwnedClient(row, actor)
            : null;

    /// <summary>The same again, as it is now: whoever has waited for something asks once more.</summary>
    public Task<OwnedClient?> AgainAsync(OwnedClient client, CancellationToken cancellationToken) =>
        FindAsync(client.Actor, client.ClientId, cancellationToken);

    /// <summary>The clients that somebody may manage, in the order of their rows: it never changes, so that pages fit together.</summary>
    /// <param name="actor">Who asks.</param>
    /// <param name="after">The last row of the page before; null for the first page.</param>
    /// <param name="take">At most so many, up to <see cref="LongestPage"/>.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<IReadOnlyList<ListedClient>> ListAsync(Actor actor, string? after, int take, CancellationToken cancellationToken)
    {
        var rows = await Manageable(actor)
            .Where(client => after == null || client.Id!.CompareTo(after) > 0)
            .OrderBy(client => client.Id)
            .Take(Math.Clamp(take, 1, LongestPage))
            .GroupJoin(db.ClientStandings, client => client.Id, standing => standing.ClientRowId, (client, standings) => new { client, standings })
            .SelectMany(pair => pair.standings.DefaultIfEmpty(), (pair, standing) => new { pair.client, standing })
            .ToListAsync(cancellationToken);
        return [.. rows.OrderBy(row => row.client.Id, StringComparer.Ordinal).Select(row => new ListedClient(
            CachedClient.MetadataOf(row.client), row.client.Id!, row.standing?.RegisteredAt, row.standing?.LastUsedAt, row.standing?.ApprovalAskedAt is not null))];
    }

    /// <summary>
    /// Whether a client may manage one that a machine may not: with a credential of that client the machine would reach it. People reach
    /// what they own.
    /// </summary>
    public async Task<bool> ReachesBeyondAsync(OwnedClient client, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(client);
        var own = Manageable(client.Actor).Select(reached => reached.Id);
        return client.Actor is Actor.Machine
            && await Manageable(new Actor.Machine(client.RowId)).AnyAsync(reached => !own.Contains(reached.Id), cancellationToken);
    }

    private IQueryable<Client> Manageable(Actor actor) => actor switch
    {
        // An account that was made to test a client manages none, whatever rows say.
        Actor.Person { User: { TestOfClientId: null, Id: var user } } =>
            db.Clients.AsNoTracking().Where(client => db.ClientOwners.Any(owner => owner.ClientRowId == client.Id && owner.UserId == user)),
        Actor.Machine { ClientRowId: var machine } =>
            db.Clients.AsNoTracking().Where(client => client.Id == machine
                || (db.ClientAgents.Any(agent => agent.ClientRowId == client.Id && agent.AgentRowId == machine)

                    // Somebody who owns both has to stand behind it still: whoever was put out keeps no way in.
                    && db.ClientOwners.Any(owner => owner.ClientRowId == client.Id
                        && db.ClientOwners.Any(same => same.ClientRowId == machine && same.UserId == owner.UserId)))),
        _ => db.Clients.AsNoTracking().Where(_ => false),
    };
}
