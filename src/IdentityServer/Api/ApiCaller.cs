using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;

namespace IdentityServer.Api;

/// <summary>Who calls, and what their token lets them do.</summary>
/// <param name="Actor">For whom the token speaks.</param>
/// <param name="ClientId">Which client was given the token.</param>
/// <param name="Scopes">What it may do.</param>
internal sealed record ApiCaller(Actor Actor, string ClientId, IReadOnlyList<string> Scopes)
{
    /// <summary>What limits and kept answers go by: the same for every token of theirs, and nobody else's.</summary>
    public string Key => Actor switch
    {
        Actor.Person person => $"person/{person.User.Id:N}",
        Actor.Machine machine => $"machine/{machine.ClientRowId}",
        var other => throw new System.Diagnostics.UnreachableException($"Unmapped actor {other}."),
    };

    /// <summary>Who calls; <see cref="ApiDoor"/> has seen to it that there is somebody.</summary>
    /// <exception cref="InvalidOperationException">Nobody was let in.</exception>
    public static ApiCaller Of(HttpContext context) => context.Features.Get<ApiCaller>()
        ?? throw new InvalidOperationException("Nothing of the API is reached past its door.");

    public bool May(string scope) => Scopes.Contains(scope, StringComparer.Ordinal);

    /// <summary>
    /// The scope of this API that a client has and the caller has not, where the caller is another client; null when there is none. Whoever
    /// makes a credential of a client can act as it, and so must not be less.
    /// </summary>
    public string? ScopeBeyond(OwnedClient client) => Actor is Actor.Machine { ClientRowId: var self } && self != client.RowId
        ? client.Settings.AllowedScopes.Where(scope => ManagementScopes.All.Contains(scope, StringComparer.Ordinal)).Order(StringComparer.Ordinal).FirstOrDefault(scope => !May(scope))
        : null;
}

/// <summary>What an operation of the API asks of whoever calls. Every endpoint of the API has one; none is reached without.</summary>
/// <param name="Name">What it is called in the OpenAPI document.</param>
/// <param name="Scope">The scope that the token must have; null for any of the management API's.</param>
/// <param name="PeopleOnly">Why a machine may not, as a sentence; null when it may.</param>
internal sealed record ApiOperation(string Name, string? Scope, string? PeopleOnly = null);
