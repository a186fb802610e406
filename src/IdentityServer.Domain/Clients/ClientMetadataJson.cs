using System.Collections.Frozen;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IdentityServer.Domain.Clients;

/// <summary>Metadata as JSON, by hand: every unknown, doubled or mistyped member is told by name.</summary>
internal static class ClientMetadataJson
{
    private static readonly FrozenDictionary<string, MetadataKind> Kinds = new Dictionary<string, MetadataKind>
    {
        ["client_id"] = MetadataKind.Text,
        ["client_secret"] = MetadataKind.Text,
        ["client_name"] = MetadataKind.Text,
        ["application_type"] = MetadataKind.Text,
        ["redirect_uris"] = MetadataKind.TextList,
        ["post_logout_redirect_uris"] = MetadataKind.TextList,
        ["token_endpoint_auth_method"] = MetadataKind.Text,
        ["token_endpoint_auth_signing_alg"] = MetadataKind.Text,
        ["jwks"] = MetadataKind.Json,
        ["jwks_uri"] = MetadataKind.Text,
        ["grant_types"] = MetadataKind.TextList,
        ["response_types"] = MetadataKind.TextList,
        ["scope"] = MetadataKind.Text,
        ["id_token_signed_response_alg"] = MetadataKind.Text,
        ["userinfo_signed_response_alg"] = MetadataKind.Text,
        ["request_object_signing_alg"] = MetadataKind.Text,
        ["request_uris"] = MetadataKind.TextList,
        ["require_signed_request_object"] = MetadataKind.Flag,
        ["subject_type"] = MetadataKind.Text,
        ["sector_identifier_uri"] = MetadataKind.Text,
        ["require_pushed_authorization_requests"] = MetadataKind.Flag,
        ["require_pkce"] = MetadataKind.Flag,
        ["default_max_age"] = MetadataKind.Number,
        ["require_auth_time"] = MetadataKind.Flag,
        ["default_acr_values"] = MetadataKind.TextList,
        ["backchannel_logout_uri"] = MetadataKind.Text,
        ["backchannel_logout_session_required"] = MetadataKind.Flag,
        ["frontchannel_logout_uri"] = MetadataKind.Text,
        ["frontchannel_logout_session_required"] = MetadataKind.Flag,
        ["access_token_lifetime"] = MetadataKind.Number,
        ["refresh_token_lifetime"] = MetadataKind.Number,
        ["refresh_token_idle_lifetime"] = MetadataKind.Number,
        ["initiate_login_uri"] = MetadataKind.Text,
        ["client_uri"] = MetadataKind.Text,
        ["logo_uri"] = MetadataKind.Text,
        ["policy_uri"] = MetadataKind.Text,
        ["tos_uri"] = MetadataKind.Text,
        ["contacts"] = MetadataKind.TextList,
        ["software_id"] = MetadataKind.Text,
        ["software_version"] = MetadataKind.Text,
        ["first_party"] = MetadataKind.Flag,
        ["verified"] = MetadataKind.Flag,
        ["introspects"] = MetadataKind.TextList,
    }.ToFrozenDictionary(StringComparer.Ordinal);

    /// <summary>Every member that clients may have, and its kind.</summary>
    public static IReadOnlyDictionary<string, MetadataKind> Members => Kinds;

    /// <param name="json">What was sent or stored.</param>
    /// <param name="problems">Takes what is wrong with it.</param>
    /// <param name="ignoreUnknown">Whether members that mean nothing here are passed over (RFC 7591 §2); never those whose loss would deceive.</param>
    public static ClientMetadata Read(JsonElement json, List<MetadataProblem> problems, bool ignoreUnknown = false)
    {
        if (json.ValueKind != JsonValueKind.Object)
        {
            problems.Add(new("client", "is not a JSON object", "Write one object for each client, such as {\"client_name\": \"Shop\"}."));
            return new ClientMetadata();
        }

        var members = new Dictionary<string, JsonElement>(StringComparer.Ordinal);
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in json.EnumerateObject())
        {
            if (!seen.Add(member.Name))
            {
                problems.Add(new(Name(member.Name), "appears twice", "Keep one of them."));
            }
            else if (!Kinds.TryGetValue(member.Name, out var kind))
            {
                if (!ignoreUnknown || ClientMetadataRules.IsNotOffered(member.Name))
                {
                    problems.Add(ClientMetadataRules.Unknown(Name(member.Name)));
                }
            }
            else if (member.Value.ValueKind != JsonValueKind.Null && CheckKind(member.Name, kind, member.Value, problems))
            {
                members[member.Name] = member.Value;
            }
        }

        return Build(members, problems);
    }

    public static JsonElement Write(ClientMetadata metadata)
    {
        using var buffer = new MemoryStream();
        using (var writer = new Utf8JsonWriter(buffer, new JsonWriterOptions { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping }))
        {
            WriteTo(writer, metadata);
        }

        using var document = JsonDocument.Parse(buffer.ToArray());
        return document.RootElement.Clone();
    }

    private static ClientMetadata Build(Dictionary<string, JsonElement> members, List<MetadataProblem> problems)
    {
        var plain = new ClientMetadata();
        return new ClientMetadata
        {
            ClientId = Text("client_id"),
            ClientSecret = Secret(Text("client_secret"), problems),
            ClientName = Text("client_name"),
            ApplicationType = Text("application_type") ?? plain.ApplicationType,
            RedirectUris = List("redirect_uris") ?? plain.RedirectUris,
            PostLogoutRedirectUris = List("post_logout_redirect_uris") ?? plain.PostLogoutRedirectUris,
            TokenEndpointAuthMethod = Text("token_endpoint_auth_method") ?? plain.TokenEndpointAuthMethod,
            TokenEndpointAuthSigningAlg = Text("token_endpoint_auth_signing_alg"),
            Jwks = members.TryGetValue("jwks", out var keys) ? keys.Clone() : null,
            JwksUri = Text("jwks_uri"),
            GrantTypes = List("grant_types"),
            ResponseTypes = List("response_types"),
            Scope = Text("scope"),
            IdTokenSignedResponseAlg = Text("id_token_signed_response_alg") ?? plain.IdTokenSignedResponseAlg,
            UserInfoSignedResponseAlg = Text("userinfo_signed_response_alg"),
            RequestObjectSigningAlg = Text("request_object_signing_alg"),
            RequestUris = List("request_uris") ?? plain.RequestUris,
            RequireSignedRequestObject = Flag("require_signed_request_object") ?? plain.RequireSignedRequestObject,
            SubjectType = Text("subject_type") ?? plain.SubjectType,
            SectorIdentifierUri = Text("sector_identifier_uri"),
            RequirePushedAuthorizationRequests = Flag("require_pushed_authorization_requests") ?? plain.RequirePushedAuthorizationRequests,
            RequirePkce = Flag("require_pkce") ?? plain.RequirePkce,
            DefaultMaxAge = Number("default_max_age"),
            RequireAuthTime = Flag("require_auth_time") ?? plain.RequireAuthTime,
            DefaultAcrValues = List("default_acr_values") ?? plain.DefaultAcrValues,
            BackchannelLogoutUri = Text("backchannel_logout_uri"),
            BackchannelLogoutSessionRequired = Flag("backchannel_logout_session_required") ?? plain.BackchannelLogoutSessionRequired,
            FrontchannelLogoutUri = Text("frontchannel_logout_uri"),
            FrontchannelLogoutSessionRequired = Flag("frontchannel_logout_session_required") ?? plain.FrontchannelLogoutSessionRequired,
            AccessTokenLifetime = Number("access_token_lifetime"),
            RefreshTokenLifetime = Number("refresh_token_lifetime"),
            RefreshTokenIdleLifetime = Number("refresh_token_idle_lifetime"),
            InitiateLoginUri = Text("initiate_login_uri"),
            ClientUri = Text("client_uri"),
            LogoUri = Text("logo_uri"),
            PolicyUri = Text("policy_uri"),
            TosUri = Text("tos_uri"),
            Contacts = List("contacts") ?? plain.Contacts,
            SoftwareId = Text("software_id"),
            SoftwareVersion = Text("software_version"),
            FirstParty = Flag("first_party") ?? plain.FirstParty,
            Verified = Flag("verified") ?? plain.Verified,
            Introspects = List("introspects") ?? plain.Introspects,
        };

        string? Text(string name) => members.TryGetValue(name, out var value) ? value.GetString() : null;
        int? Number(string name) => members.TryGetValue(name, out var value) ? value.GetInt32() : null;
        bool? Flag(string name) => members.TryGetValue(name, out var value) ? value.GetBoolean() : null;
        IReadOnlyList<string>? List(string name) =>
            members.TryGetValue(name, out var value) ? [.. value.EnumerateArray().Select(item => item.GetString()!)] : null;
    }

    private static ClientSecret? Secret(string? text, List<MetadataProblem> problems)
    {
        if (text is null)
        {
            return null;
        }

        if (ClientSecret.TryParse(text, out var secret))
        {
            return secret;
        }

        problems.Add(new(
            "client_secret",
            $"is not 1 to {ClientSecret.MaxLength} printable ASCII characters",
            "Leave it out to have a random one made, which is best."));
        return null;
    }

    private static bool CheckKind(string name, MetadataKind kind, JsonElement value, List<MetadataProblem> problems)
    {
        var (fits, needed) = kind switch
        {
            MetadataKind.Text => (value.ValueKind == JsonValueKind.String, "a string"),
            MetadataKind.TextList => (IsTextList(value), "a list of strings"),
            MetadataKind.Flag => (value.ValueKind is JsonValueKind.True or JsonValueKind.False, "true or false"),
            MetadataKind.Json => (value.ValueKind == JsonValueKind.Object, "a JSON object"),
            _ => (value.ValueKind == JsonValueKind.Number && value.TryGetInt32(out _), "a whole number"),
        };
        if (!fits)
        {
            problems.Add(new(name, $"is not {needed}", $"Give it {needed}."));
        }

        return fits;
    }

    private static bool IsTextList(JsonElement value) =>
        value.ValueKind == JsonValueKind.Array && value.EnumerateArray().All(item => item.ValueKind == JsonValueKind.String);

    // Names come from outside and go into messages and logs.
    private static string Name(string name)
    {
        var shown = string.Concat(name.Take(64).Select(c => c is > ' ' and <= '~' ? c : '?'));
        return shown.Length == 0 ? "(empty name)" : shown;
    }

    private static void WriteTo(Utf8JsonWriter writer, ClientMetadata metadata)
    {
        writer.WriteStartObject();
        Text("client_id", metadata.ClientId);
        Text("client_name", metadata.ClientName);
        Text("application_type", metadata.ApplicationType);
        List("redirect_uris", metadata.RedirectUris);
        List("post_logout_redirect_uris", metadata.PostLogoutRedirectUris);
        Text("token_endpoint_auth_method", metadata.TokenEndpointAuthMethod);
        Text("token_endpoint_auth_signing_alg", metadata.TokenEndpointAuthSigningAlg);
        if (metadata.Jwks is { } keys)
        {
            writer.WritePropertyName("jwks");
            keys.WriteTo(writer);
        }

        Text("jwks_uri", metadata.JwksUri);
        List("grant_types", metadata.GrantTypes);
        List("response_types", metadata.ResponseTypes);
        Text("scope", metadata.Scope);
        Text("id_token_signed_response_alg", metadata.IdTokenSignedResponseAlg);
        Text("userinfo_signed_response_alg", metadata.UserInfoSignedResponseAlg);
        Text("request_object_signing_alg", metadata.RequestObjectSigningAlg);
        List("request_uris", metadata.RequestUris);
        writer.WriteBoolean("require_signed_request_object", metadata.RequireSignedRequestObject);
        Text("subject_type", metadata.SubjectType);
        Text("sector_identifier_uri", metadata.SectorIdentifierUri);
        writer.WriteBoolean("require_pushed_authorization_requests", metadata.RequirePushedAuthorizationRequests);
        writer.WriteBoolean("require_pkce", metadata.RequirePkce);
        Number("default_max_age", metadata.DefaultMaxAge);
        writer.WriteBoolean("require_auth_time", metadata.RequireAuthTime);
        List("default_acr_values", metadata.DefaultAcrValues);
        Text("backchannel_logout_uri", metadata.BackchannelLogoutUri);
        writer.WriteBoolean("backchannel_logout_session_required", metadata.BackchannelLogoutSessionRequired);
        Text("frontchannel_logout_uri", metadata.FrontchannelLogoutUri);
        writer.WriteBoolean("frontchannel_logout_session_required", metadata.FrontchannelLogoutSessionRequired);
        Number("access_token_lifetime", metadata.AccessTokenLifetime);
        Number("refresh_token_lifetime", metadata.RefreshTokenLifetime);
        Number("refresh_token_idle_lifetime", metadata.RefreshTokenIdleLifetime);
        Text("initiate_login_uri", metadata.InitiateLoginUri);
        Text("client_uri", metadata.ClientUri);
        Text("logo_uri", metadata.LogoUri);
        Text("policy_uri", metadata.PolicyUri);
        Text("tos_uri", metadata.TosUri);
        List("contacts", metadata.Contacts);
        Text("software_id", metadata.SoftwareId);
        Text("software_version", metadata.SoftwareVersion);
        writer.WriteBoolean("first_party", metadata.FirstParty);
        writer.WriteBoolean("verified", metadata.Verified);
        List("introspects", metadata.Introspects);
        writer.WriteEndObject();

        void Text(string name, string? value)
        {
            if (value is not null)
            {
                writer.WriteString(name, value);
            }
        }

        void Number(string name, int? value)
        {
            if (value is { } number)
            {
                writer.WriteNumber(name, number);
            }
        }

        void List(string name, IReadOnlyList<string>? values)
        {
            if (values is null)
            {
                return;
            }

            writer.WriteStartArray(name);
            foreach (var value in values)
            {
                writer.WriteStringValue(value);
            }

            writer.WriteEndArray();
        }
    }
}
