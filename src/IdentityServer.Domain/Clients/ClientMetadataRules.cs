using System.Collections.Frozen;
using System.Globalization;
using IdentityServer.Domain.Resources;
using static IdentityServer.Domain.Clients.MetadataChecks;

namespace IdentityServer.Domain.Clients;

/// <summary>What a client may register, and why not where it may not.</summary>
internal static class ClientMetadataRules
{
    private static readonly FrozenDictionary<string, string> RefusedGrants = new Dictionary<string, string>
    {
        ["implicit"] = "It puts tokens into URLs, which histories, logs and referrers keep (RFC 9700 §2.1.2). Use authorization_code with PKCE.",
        ["password"] = "It would have people give their password to the application and pass by the mailed code (RFC 9700 §2.4). Use authorization_code.",
        ["urn:ietf:params:oauth:grant-type:device_code"] =
            "A stranger's device can be approved by a person who was tricked. Use authorization_code, with application_type native on devices.",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    private static readonly FrozenDictionary<string, string> RefusedAlgorithms = new Dictionary<string, string>
    {
        ["none"] = "An unsigned token proves nothing.",
        ["HS256"] = "Whoever can check such a token can forge it.",
        ["HS384"] = "Whoever can check such a token can forge it.",
        ["HS512"] = "Whoever can check such a token can forge it.",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    // Members of the registry that a reader may well send, and that would be a false promise if they were kept and not honoured.
    private static readonly FrozenDictionary<string, string> NotOffered = new Dictionary<string, string>
    {
        ["id_token_encrypted_response_alg"] = "id_tokens are signed, not encrypted: leave it out.",
        ["id_token_encrypted_response_enc"] = "id_tokens are signed, not encrypted: leave it out.",
        ["userinfo_encrypted_response_alg"] = "Userinfo answers are signed if wished, not encrypted: leave it out.",
        ["userinfo_encrypted_response_enc"] = "Userinfo answers are signed if wished, not encrypted: leave it out.",
        ["request_object_encryption_alg"] = "Request objects are signed, not encrypted: leave it out.",
        ["request_object_encryption_enc"] = "Request objects are signed, not encrypted: leave it out.",
        ["software_statement"] = "Software statements are not read: write the members themselves.",
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Whether a member is known elsewhere and would be a false promise if it were dropped in silence.</summary>
    public static bool IsNotOffered(string name) => NotOffered.ContainsKey(name);

    /// <summary>The problem that an unknown member is.</summary>
    public static MetadataProblem Unknown(string name) =>
        NotOffered.TryGetValue(name, out var reason)
            ? new(name, "is not offered", reason)
            : new(name, "is unknown", "Correct its spelling, or leave it out.");

    /// <summary>Every rule that the metadata, with its defaults, breaks beyond what reading it already found.</summary>
    public static List<MetadataProblem> Broken(ClientMetadata metadata, IReadOnlyList<MetadataProblem> found)
    {
        var problems = new List<MetadataProblem>();
        CheckIdentity(metadata, problems);
        CheckChoices(metadata, problems);
        CheckGrants(metadata, problems);
        CheckSecret(metadata, problems);
        CheckScope(metadata, problems);
        CheckIntrospects(metadata, problems);
        CheckRedirects("redirect_uris", metadata.RedirectUris, metadata.ApplicationType, problems);
        CheckRedirects("post_logout_redirect_uris", metadata.PostLogoutRedirectUris, metadata.ApplicationType, problems);
        CheckLinks(metadata, problems);
        ClientKeyRules.Check(metadata, problems);
        ClientProtocolRules.Check(metadata, problems);

        // A member that could not be read has been told already; rules about its absence would only confuse.
        problems.RemoveAll(problem => found.Any(earlier => string.Equals(earlier.Field, problem.Field, StringComparison.Ordinal)));
        return problems;
    }

    private static void CheckIdentity(ClientMetadata metadata, List<MetadataProblem> problems)
    {
        if (metadata.ClientId is { } account && ClientIdentifier.ReadsAsAccount(account))
        {
            problems.Add(new(
                "client_id",
                "has the form of an account's identifier",
                "Use a name such as shop-web, or leave it out to have one made: tokens of a client that acts for itself must not read as a person's."));
        }
        else if (metadata.ClientId is { } id && !ClientIdentifier.IsWellFormed(id))
        {
            problems.Add(new(
                "client_id",
                $"is not 1 to {ClientIdentifier.MaxLength} visible ASCII characters",
                "Use letters, digits, dots and dashes, or leave it out to have one made."));
        }

        Text("client_name", metadata.ClientName, 100, problems);
        Text("software_id", metadata.SoftwareId, 100, problems);
        Text("software_version", metadata.SoftwareVersion, 100, problems);
        Count("contacts", metadata.Contacts, problems);
        for (var i = 0; i < metadata.Contacts.Count; i++)
        {
            Text($"contacts[{i}]", metadata.Contacts[i], 254, problems);
        }

        if (metadata.DefaultMaxAge is < 0)
        {
            problems.Add(new("default_max_age", "is negative", "Give it a number of seconds, 0 or more."));
        }
    }

    private static void CheckChoices(ClientMetadata metadata, List<MetadataProblem> problems)
    {
        Choice("application_type", metadata.ApplicationType, ClientApplicationTypes.All, null, problems);
        Choice("token_endpoint_auth_method", metadata.TokenEndpointAuthMethod, ClientAuthenticationMethods.All, null, problems);
        Choice("id_token_signed_response_alg", metadata.IdTokenSignedResponseAlg, IdTokenAlgorithms.All, RefusedAlgorithms, problems);
        Choice("userinfo_signed_response_alg", metadata.UserInfoSignedResponseAlg, IdTokenAlgorithms.All, RefusedAlgorithms, problems);
        Choice("request_object_signing_alg", metadata.RequestObjectSigningAlg, ClientSigningAlgorithms.All, RefusedAlgorithms, problems);
        Choice("token_endpoint_auth_signing_alg", metadata.TokenEndpointAuthSigningAlg, ClientSigningAlgorithms.All, RefusedAlgorithms, problems);
        Choice("subject_type", metadata.SubjectType, SubjectTypes.All, null, problems);
        for (var i = 0; i < metadata.GrantTypes!.Count; i++)
        {
            Choice($"grant_types[{i}]", metadata.GrantTypes[i], ClientGrantTypes.All, RefusedGrants, problems);
        }

        for (var i = 0; i < metadata.ResponseTypes!.Count; i++)
        {
            var type = metadata.ResponseTypes[i];
            if (type.Split(' ').Any(part => part is "token" or "id_token"))
            {
                problems.Add(new(
                    $"response_types[{i}]",
                    "hands out tokens at the authorization endpoint",
                    "It puts tokens into URLs, which histories, logs and referrers keep (RFC 9700 §2.1.2). Use code."));
            }
            else if (type != "code")
            {
                problems.Add(new($"response_types[{i}]", $"is \"{Shown(type)}\"", "Use code."));
            }
        }
    }

    private static void CheckGrants(ClientMetadata metadata, List<MetadataProblem> problems)
    {
        var grants = metadata.GrantTypes!;
        var code = grants.Contains(ClientGrantTypes.AuthorizationCode);
        if (grants.Count == 0 && metadata.Introspects.Count == 0)
        {
            problems.Add(new("grant_types", "is empty", "Leave it out for authorization_code."));
        }

        if (grants.Contains(ClientGrantTypes.RefreshToken) && !code)
        {
            problems.Add(new("grant_types", "has refresh_token without authorization_code", "Add authorization_code: refresh tokens come from it."));
        }

        if (grants.Contains(ClientGrantTypes.ClientCredentials) && metadata.IsPublic)
        {
            problems.Add(new(
                "grant_types",
                "has client_credentials for a client without credentials",
                "Use token_endpoint_auth_method client_secret_basic, client_secret_post or private_key_jwt."));
        }

        // An entry that is refused by itself makes the two lists differ; saying so as well would only confuse.
        var entriesFine = !problems.Exists(problem => problem.Field.Contains("_types[", StringComparison.Ordinal));
        if (entriesFine && code != metadata.ResponseTypes!.Contains("code"))
        {
            problems.Add(new("response_types", "does not fit grant_types", "Have code exactly when grant_types has authorization_code (RFC 7591 §2.1)."));
        }

        if (code && metadata.RedirectUris.Count == 0)
        {
            problems.Add(new("redirect_uris", "is missing", "Name at least one URI that authorization codes may be sent to."));
        }
    }

    private static void CheckSecret(ClientMetadata metadata, List<MetadataProblem> problems)
    {
        if (metadata.ClientSecret is not null && !metadata.HasSecret)
        {
            problems.Add(new(
                "client_secret",
                metadata.IsPublic ? "is given for a public client" : "is given for a client that signs with its own key",
                "Leave it out, or use token_endpoint_auth_method client_secret_basic or client_secret_post."));
        }

        if (metadata.IsPublic && !metadata.RequirePkce)
        {
            problems.Add(new("require_pkce", "is false for a public client", "Leave it out: PKCE is all that protects the codes of a public client."));
        }
    }

    private static void CheckScope(ClientMetadata metadata, List<MetadataProblem> problems)
    {
        foreach (var scope in metadata.Scopes)
        {
            if (!IsScopeName(scope))
            {
                problems.Add(new("scope", $"has the malformed name \"{Shown(scope)}\"", "Write scopes in visible ASCII, separated by single spaces."));
            }
        }

        if (metadata.Scopes.Count > MaxListed || metadata.Scopes.Distinct(StringComparer.Ordinal).Count() != metadata.Scopes.Count)
        {
            problems.Add(new("scope", $"names a scope twice or has more than {MaxListed}", "Name each scope once."));
        }

        if (metadata.Scopes.Contains(StandardScopes.OfflineAccess) && !metadata.GrantTypes!.Contains(ClientGrantTypes.RefreshToken))
        {
            problems.Add(new("scope", "has offline_access, but grant_types lacks refresh_token", "Add refresh_token, or leave out offline_access."));
        }
    }

    private static void CheckIntrospects(ClientMetadata metadata, List<MetadataProblem> problems)
    {
        Count("introspects", metadata.Introspects, problems);
        if (metadata.Introspects.Count > 0 && metadata.IsPublic)
        {
            problems.Add(new(
                "introspects",
                "is given for a client without credentials",
                "Anybody could ask in its name (RFC 7662 §2.1): use token_endpoint_auth_method client_secret_basic, client_secret_post or private_key_jwt."));
        }

        for (var i = 0; i < metadata.Introspects.Count; i++)
        {
            var field = string.Create(CultureInfo.InvariantCulture, $"introspects[{i}]");
            if (ResourceIndicator.FaultOf(metadata.Introspects[i]) is { } fault)
            {
                problems.Add(new(field, fault.Rule, fault.Mend));
            }
            else if (metadata.Introspects.Take(i).Contains(metadata.Introspects[i], StringComparer.Ordinal))
            {
                problems.Add(new(field, "appears twice", "Keep one of them."));
            }
        }
    }

    private static void CheckRedirects(string field, IReadOnlyList<string> uris, string applicationType, List<MetadataProblem> problems)
    {
        Count(field, uris, problems);
        for (var i = 0; i < uris.Count; i++)
        {
            if (!RedirectUri.TryParse(uris[i], applicationType, out _, out var fault))
            {
                problems.Add(new($"{field}[{i}]", fault.Rule, fault.Mend));
            }
            else if (uris.Take(i).Contains(uris[i], StringComparer.Ordinal))
            {
                problems.Add(new($"{field}[{i}]", "appears twice", "Keep one of them."));
            }
        }
    }

    private static void CheckLinks(ClientMetadata metadata, List<MetadataProblem> problems)
    {
        Link("initiate_login_uri", metadata.InitiateLoginUri, loopbackHttp: false, problems);
        Link("client_uri", metadata.ClientUri, loopbackHttp: true, problems);
        Link("logo_uri", metadata.LogoUri, loopbackHttp: true, problems);
        Link("policy_uri", metadata.PolicyUri, loopbackHttp: true, problems);
        Link("tos_uri", metadata.TosUri, loopbackHttp: true, problems);
    }
}
