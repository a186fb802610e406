using System.Text.Json;

namespace IdentityServer.Domain.Clients;

/// <summary>
/// Judges what a client asks to be registered with, by itself (RFC 7591 §3.1) or in place of what it has (RFC 7592 §2.2). The rules are
/// those of every other way in; beside them stands what only the operator decides, and what the initial access token allows.
/// </summary>
public static class RegistrationRequest
{
    private static readonly string[] Answered =
        ["registration_access_token", "registration_client_uri", "client_secret_expires_at", "client_id_issued_at"];

    /// <summary>Judges a new client.</summary>
    public static ClientMetadataVerdict Judge(JsonElement json, RegistrationPolicy policy)
    {
        ArgumentNullException.ThrowIfNull(policy);
        var problems = new List<MetadataProblem>();
        var metadata = ClientMetadataJson.Read(json, problems, ignoreUnknown: true);
        if (metadata.ClientId is not null)
        {
            problems.Add(new("client_id", "is made here", "Leave it out: the answer tells it."));
        }

        if (metadata.ClientSecret is not null)
        {
            problems.Add(new("client_secret", "is made here", "Leave it out: the answer tells it, once."));
        }

        return Judge(metadata, json, policy, new ClientMetadata(), problems);
    }

    /// <summary>Judges what is to stand in place of a client's metadata. A secret that it names remains in the verdict: it must be the current one.</summary>
    /// <param name="json">What was sent. Members that it leaves out fall back to their defaults.</param>
    /// <param name="policy">The policy of the initial access token that the client was registered with.</param>
    /// <param name="registered">What is registered.</param>
    public static ClientMetadataVerdict JudgeChange(JsonElement json, RegistrationPolicy policy, ClientMetadata registered)
    {
        ArgumentNullException.ThrowIfNull(policy);
        ArgumentNullException.ThrowIfNull(registered);
        var problems = new List<MetadataProblem>();
        var metadata = ClientMetadataJson.Read(json, problems, ignoreUnknown: true);
        if (!string.Equals(metadata.ClientId, registered.ClientId, StringComparison.Ordinal))
        {
            problems.Add(new(
                "client_id",
                metadata.ClientId is null ? "is missing" : "is not that of the client whose registration this is",
                "Send the client_id as it was given (RFC 7592 §2.2); nobody can change it."));
        }

        problems.AddRange(Answered.Where(name => IsSaid(json, name)).Select(name =>
            new MetadataProblem(name, "is no member of a change", "Leave it out: only answers have it (RFC 7592 §2.2).")));
        var verdict = Judge(metadata, json, policy, registered, problems);

        // Tokens that it holds for people would tell it their subjects in the other sector.
        return verdict is ClientMetadataVerdict.Accepted { Metadata.Sector: var sector } && !string.Equals(sector, registered.Sector, StringComparison.Ordinal)
            ? new ClientMetadataVerdict.Refused([new(
                "subject_type",
                "would give the client other subjects than it has seen, by itself or with sector_identifier_uri and redirect_uris",
                "Keep the type and the sector, or register another client.")])
            : verdict;
    }

    private static ClientMetadataVerdict Judge(
        ClientMetadata metadata, JsonElement json, RegistrationPolicy policy, ClientMetadata registered, List<MetadataProblem> problems)
    {
        KeepOperators("first_party", metadata.FirstParty == registered.FirstParty, json, problems);
        KeepOperators("verified", metadata.Verified == registered.Verified, json, problems);

        // Or anybody who registers could ask about everybody's tokens for an API.
        KeepOperators("introspects", metadata.Introspects.ToHashSet(StringComparer.Ordinal).SetEquals(registered.Introspects), json, problems);
        metadata = metadata with { Introspects = registered.Introspects };
        var complete = ApplyScopes(metadata, policy, problems);
        complete = ApplyPkce(complete, IsSaid(json, "require_pkce"), policy.Pkce, problems);
        var vouched = SameToPeople(complete, registered, policy.TrialCallback);
        complete = complete with
        {
            ClientId = registered.ClientId,
            FirstParty = registered.FirstParty && vouched,
            Verified = registered.Verified && vouched,
        };
        problems.AddRange(ClientMetadataRules.Broken(complete, problems));
        return problems.Count == 0 ? new ClientMetadataVerdict.Accepted(complete) : new ClientMetadataVerdict.Refused(problems);
    }

    // Refused rather than ignored: whoever asks for it would otherwise believe that people are not asked, or are not warned. What is so
    // already may be said again, since a change names every member (RFC 7592 §2.2).
    private static void KeepOperators(string name, bool asRegistered, JsonElement json, List<MetadataProblem> problems)
    {
        if (IsSaid(json, name) && !asRegistered)
        {
            problems.Add(new(name, "is for the operator to decide", "Leave it out, and ask the operator of this server."));
        }
    }

    // The operator vouched for a name and for where it leads. Under another name or towards another place it would vouch for a stranger.
    // Our own trial callback is no such place: it takes only what a run brings back that an owner began in the same browser, shows it to that
    // owner, and sends nobody on. With it or without it people end up where they did before.
    private static bool SameToPeople(ClientMetadata wanted, ClientMetadata registered, string? trialCallback) =>
        string.Equals(wanted.ClientName, registered.ClientName, StringComparison.Ordinal)
        && string.Equals(wanted.ClientUri, registered.ClientUri, StringComparison.Ordinal)
        && string.Equals(wanted.PolicyUri, registered.PolicyUri, StringComparison.Ordinal)
        && string.Equals(wanted.TosUri, registered.TosUri, StringComparison.Ordinal)
        && string.Equals(wanted.InitiateLoginUri, registered.InitiateLoginUri, StringComparison.Ordinal)
        && string.Equals(wanted.FrontchannelLogoutUri, registered.FrontchannelLogoutUri, StringComparison.Ordinal)
        && wanted.PostLogoutRedirectUris.ToHashSet(StringComparer.Ordinal).SetEquals(registered.PostLogoutRedirectUris)
        && PlacesOf(wanted, trialCallback).SetEquals(PlacesOf(registered, trialCallback));

    private static HashSet<string> PlacesOf(ClientMetadata metadata, string? trialCallback) =>
        metadata.RedirectUris.Where(uri => !string.Equals(uri, trialCallback, StringComparison.Ordinal)).ToHashSet(StringComparer.Ordinal);

    private static ClientMetadata ApplyScopes(ClientMetadata metadata, RegistrationPolicy policy, List<MetadataProblem> problems)
    {
        var complete = metadata.WithDefaults();
        if (metadata.Scope is null)
        {
            return complete with { Scope = string.Join(' ', complete.Scopes.Where(policy.Scopes.Contains)) };
        }

        foreach (var scope in complete.Scopes.Except(policy.Scopes, StringComparer.Ordinal).Take(MetadataChecks.MaxListed))
        {
            problems.Add(new(
                "scope",
                $"names \"{MetadataChecks.Shown(scope)}\", which this registration may not have",
                $"Use some of: {string.Join(' ', policy.Scopes)}. For more, ask the operator for an initial access token that allows it."));
        }

        return complete;
    }

    private static ClientMetadata ApplyPkce(ClientMetadata metadata, bool said, PkcePolicy policy, List<MetadataProblem> problems)
    {
        if (!metadata.RequirePkce && policy == PkcePolicy.Required)
        {
            problems.Add(new(
                "require_pkce",
                "is false, which this registration may not have",
                "Leave it out and send a code_challenge (RFC 7636), or ask the operator for an initial access token that makes PKCE optional."));
        }

        return said || metadata.IsPublic || policy != PkcePolicy.OffByDefault ? metadata : metadata with { RequirePkce = false };
    }

    // RFC 7591 §2 and RFC 7592 §2.2: null means left out.
    private static bool IsSaid(JsonElement json, string name) =>
        json.ValueKind == JsonValueKind.Object && json.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null;
}
