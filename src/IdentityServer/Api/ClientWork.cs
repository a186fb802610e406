using System.Diagnostics;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;

namespace IdentityServer.Api;

/// <summary>Registers and changes clients by the rules of the portal, and says in the API's words what became of it.</summary>
internal sealed class ClientWork(ClientAccess clients, OwnedClients owned)
{
    // How often a change of single members begins again, when somebody else was faster.
    private const int Attempts = 3;

    /// <summary>Registers a client.</summary>
    public async Task<ApiAnswer> RegisterAsync(Actor.Person person, JsonElement wish, CancellationToken cancellationToken)
    {
        if (Expand(wish, out var problems) is not { } metadata)
        {
            return ApiProblem.Of(problems);
        }

        return await owned.RegisterAsync(person, metadata, cancellationToken) switch
        {
            OwnedRegistration.Registered made => await ShowNewAsync(person, made, cancellationToken),
            OwnedRegistration.Refused refused => ApiProblem.Of(refused.Problems),
            OwnedRegistration.QuotaReached reached => ApiProblem.Of(
                ApiProblemType.QuotaReached, $"You may own {reached.Most} clients, and do. Delete one, or ask the operator of this server."),
            OwnedRegistration.NotAdmitted => ApiProblem.Of(
                ApiProblemType.NotAdmitted, "The operator lets administrators register clients. Ask the operator of this server."),
            var other => throw new UnreachableException($"Unmapped outcome {other}."),
        };
    }

    /// <summary>Puts metadata in place of what is registered, if that is still what the caller has seen.</summary>
    public async Task<ApiAnswer> ReplaceAsync(ApiCaller caller, OwnedClient client, JsonElement wish, CancellationToken cancellationToken)
    {
        if (ApiClient.Unknown(wish, ApiClient.Told) is { Count: > 0 } unknown)
        {
            return ApiProblem.Of(unknown);
        }

        var members = JsonNode.Parse(wish.GetRawText())!.AsObject();
        members.TryAdd("client_id", client.ClientId);
        var whole = Whole(members);
        return await RefusalAsync(caller, client, whole, cancellationToken) ?? await owned.ChangeAsync(client, whole, client.Version, cancellationToken) switch
        {
            EditOutcome.Stored stored => await ShowAsync(client, stored, cancellationToken),
            var other => Refused(other),
        };
    }

    /// <summary>Changes some members.</summary>
    /// <param name="caller">Who changes.</param>
    /// <param name="client">The client as it was found.</param>
    /// <param name="patch">A merge patch.</param>
    /// <param name="again">Begins again when somebody else was faster: the caller has not said which version they mean.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<ApiAnswer> ChangeAsync(ApiCaller caller, OwnedClient client, JsonElement patch, bool again, CancellationToken cancellationToken)
    {
        if (ApiClient.Unknown(patch, []) is { Count: > 0 } unknown)
        {
            return ApiProblem.Of(unknown);
        }

        var current = client;
        for (var attempt = 1; ; attempt++)
        {
            var whole = Merge(current, patch);
            if (await RefusalAsync(caller, current, whole, cancellationToken) is { } refusal)
            {
                return refusal;
            }

            var outcome = await owned.ChangeAsync(current, whole, current.Version, cancellationToken);
            if (outcome is EditOutcome.Stored stored)
            {
                return await ShowAsync(current, stored, cancellationToken);
            }

            if (outcome is not EditOutcome.Changed || !again || attempt == Attempts
                || await clients.AgainAsync(current, cancellationToken) is not { } changed)
            {
                return Refused(outcome);
            }

            current = changed;
        }
    }

    /// <summary>
    /// Why the caller makes no credential of a client, where the client may do more than the caller: whoever has it can act as the client.
    /// </summary>
    /// <returns>Null when they may.</returns>
    public async Task<ApiAnswer?> BeyondAsync(ApiCaller caller, OwnedClient client, CancellationToken cancellationToken) =>
        caller.ScopeBeyond(client) is { } beyond ? ApiDoor.LacksScope(beyond)
        : await clients.ReachesBeyondAsync(client, cancellationToken) ? ApiProblem.Of(
            ApiProblemType.PeopleOnly, "This client manages clients that you may not manage, and with its credentials you could. Make them with an access token of an owner.")
        : null;

    /// <summary>A client and its entity tag.</summary>
    public static ApiAnswer Show(ClientMetadata metadata, string version, ClientSecret? secret = null, int status = StatusCodes.Status200OK) =>
        ApiAnswer.Of(ApiClient.Show(metadata, secret), status) with { ETag = ApiRequestParts.ETag(version) };

    /// <summary>The version that the caller named is not the current one.</summary>
    public static ApiAnswer Stale() =>
        ApiProblem.Of(ApiProblemType.Stale, "The client is not as it was when this ETag was given. Read it again, and make the change in what is there now.");

    private static ApiAnswer Refused(EditOutcome outcome) => outcome switch
    {
        EditOutcome.Refused refused => ApiProblem.Of(refused.Problems),
        EditOutcome.Changed => Stale(),
        EditOutcome.Gone => ClientEndpoints.NotFound(),
        var other => throw new UnreachableException($"Unmapped outcome {other}."),
    };

    private async Task<ApiAnswer> ShowNewAsync(Actor.Person person, OwnedRegistration.Registered made, CancellationToken cancellationToken)
    {
        // Somebody may have changed or deleted it this moment; what was registered is told all the same, and its secret now or never.
        var stored = await clients.FindAsync(person, made.Client.ClientId, cancellationToken);
        return Show(made.Client, stored?.Version ?? "", made.GeneratedSecret, StatusCodes.Status201Created) with
        {
            Location = $"{BuiltIns.ApiPath}/clients/{Uri.EscapeDataString(made.Client.ClientId!)}",
        };
    }

    private async Task<ApiAnswer> ShowAsync(OwnedClient client, EditOutcome.Stored stored, CancellationToken cancellationToken) =>
        Show(stored.Client, (await clients.AgainAsync(client, cancellationToken))?.Version ?? "", stored.GeneratedSecret);

    // Whoever may write, but not make secrets, must not get the same by another name.
    private async Task<ApiAnswer?> RefusalAsync(ApiCaller caller, OwnedClient client, JsonElement whole, CancellationToken cancellationToken) =>
        !client.ChangesProof(whole) ? null
        : !caller.May(ManagementScopes.Secrets) ? ApiDoor.LacksScope(ManagementScopes.Secrets)
        : await BeyondAsync(caller, client, cancellationToken);

    // A kind, a name and where people come back to stand for all that follows from the kind.
    private static JsonElement? Expand(JsonElement wish, out IReadOnlyList<MetadataProblem> problems)
    {
        problems = ApiClient.Unknown(wish, [ApiClient.Kind]);
        if (problems.Count > 0)
        {
            return null;
        }

        if (!wish.TryGetProperty(ApiClient.Kind, out var named))
        {
            return wish;
        }

        if (named.ValueKind != JsonValueKind.String || ClientKinds.Find(named.GetString()) is not { } kind)
        {
            problems = [new(ApiClient.Kind, "is none that there is", $"Choose one of: {string.Join(", ", ClientKinds.All.Select(ClientKinds.NameOf))}.")];
            return null;
        }

        var members = JsonNode.Parse(ClientKinds.Describe(kind, "", []).ToJson().GetRawText())!.AsObject();
        foreach (var member in wish.EnumerateObject().Where(member => member.Name != ApiClient.Kind))
        {
            members[member.Name] = JsonNode.Parse(member.Value.GetRawText());
        }

        return Whole(members);
    }

    // RFC 7396, for members that are replaced as a whole; those of keys are never merged.
    private static JsonElement Merge(OwnedClient client, JsonElement patch)
    {
        var members = JsonNode.Parse(client.Metadata.ToJson().GetRawText())!.AsObject();
        members["client_id"] = client.ClientId;
        foreach (var member in patch.EnumerateObject())
        {
            members.Remove(member.Name);
            if (member.Value.ValueKind != JsonValueKind.Null)
            {
                members[member.Name] = JsonNode.Parse(member.Value.GetRawText());
            }
        }

        return Whole(members);
    }

    private static JsonElement Whole(JsonObject members) => JsonSerializer.SerializeToElement(members);

}
