using IdentityServer.Domain.Clients;

namespace IdentityServer.Portal.Editing;

/// <summary>A member of a client's metadata as a field. Its words stand under <c>portal.field.MEMBER</c> and <c>portal.hint.MEMBER</c>.</summary>
/// <param name="Member">The member.</param>
/// <param name="Shape">How it is typed.</param>
internal sealed record SettingsField(string Member, FieldShape Shape)
{
    /// <summary>The values to choose from; none where they depend on the client.</summary>
    public IReadOnlyList<string> Choices { get; init; } = [];

    /// <summary>One may choose nothing.</summary>
    public bool Optional { get; init; }
}

/// <summary>Fields that belong together. Its words stand under <c>portal.group.NAME</c>.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Open">It is shown without being asked for.</param>
/// <param name="Fields">Its fields.</param>
internal sealed record SettingsGroup(string Name, bool Open, IReadOnlyList<SettingsField> Fields);

/// <summary>Every member that an owner may set, grouped so that most people need the first group only.</summary>
internal static class SettingsFields
{
    /// <summary>Members that no owner sets: identifiers and secrets are made here, and some things only the operator says.</summary>
    public static IReadOnlyList<string> NotTheOwners { get; } = ["client_id", "client_secret", "first_party", "verified", "introspects"];

    /// <summary>Members that follow from others: code is answered exactly to those who use authorization codes.</summary>
    public static IReadOnlyList<string> Derived { get; } = ["response_types"];

    public static IReadOnlyList<SettingsGroup> Groups { get; } =
    [
        new("basics", Open: true,
        [
            new("client_name", FieldShape.Line),
            new("redirect_uris", FieldShape.Lines),
            new("post_logout_redirect_uris", FieldShape.Lines),
            new("client_uri", FieldShape.Line),
        ]),
        new("sign-in", Open: false,
        [
            new("scope", FieldShape.Choices),
            new("grant_types", FieldShape.Choices) { Choices = ClientGrantTypes.All },
            new("application_type", FieldShape.Choice) { Choices = ClientApplicationTypes.All },
            new("default_max_age", FieldShape.Number),
            new("require_auth_time", FieldShape.Flag),
            new("default_acr_values", FieldShape.Lines),
            new("require_pkce", FieldShape.Flag),
            new("require_pushed_authorization_requests", FieldShape.Flag),
            new("subject_type", FieldShape.Choice) { Choices = SubjectTypes.All },
            new("sector_identifier_uri", FieldShape.Line),
        ]),
        new("tokens", Open: false,
        [
            new("access_token_lifetime", FieldShape.Number),
            new("refresh_token_lifetime", FieldShape.Number),
            new("refresh_token_idle_lifetime", FieldShape.Number),
            new("id_token_signed_response_alg", FieldShape.Choice) { Choices = IdTokenAlgorithms.All },
            new("userinfo_signed_response_alg", FieldShape.Choice) { Choices = IdTokenAlgorithms.All, Optional = true },
        ]),
        new("keys", Open: false,
        [
            new("token_endpoint_auth_method", FieldShape.Choice) { Choices = ClientAuthenticationMethods.All },
            new("token_endpoint_auth_signing_alg", FieldShape.Choice) { Choices = ClientSigningAlgorithms.All, Optional = true },
            new("jwks", FieldShape.Json),
            new("jwks_uri", FieldShape.Line),
            new("request_uris", FieldShape.Lines),
            new("require_signed_request_object", FieldShape.Flag),
            new("request_object_signing_alg", FieldShape.Choice) { Choices = ClientSigningAlgorithms.All, Optional = true },
        ]),
        new("logout", Open: false,
        [
            new("backchannel_logout_uri", FieldShape.Line),
            new("backchannel_logout_session_required", FieldShape.Flag),
            new("frontchannel_logout_uri", FieldShape.Line),
            new("frontchannel_logout_session_required", FieldShape.Flag),
        ]),
        new("about", Open: false,
        [
            new("logo_uri", FieldShape.Line),
            new("policy_uri", FieldShape.Line),
            new("tos_uri", FieldShape.Line),
            new("initiate_login_uri", FieldShape.Line),
            new("contacts", FieldShape.Lines),
            new("software_id", FieldShape.Line),
            new("software_version", FieldShape.Line),
        ]),
    ];

    /// <summary>All of them.</summary>
    public static IEnumerable<SettingsField> All => Groups.SelectMany(group => group.Fields);
}
