namespace IdentityServer.Account;

/// <summary>How a field is typed.</summary>
internal enum FieldKind
{
    /// <summary>One line.</summary>
    Line,

    /// <summary>Several lines.</summary>
    Lines,

    /// <summary>A time zone, with a list to choose from.</summary>
    Zone,

    /// <summary>One of the languages that there are.</summary>
    Language,
}

/// <summary>A field of the profile: one standard claim (OpenID Connect Core §5.1), or one member of the address.</summary>
/// <param name="Name">The claim; a member of the address as <c>address.region</c>.</param>
/// <param name="Label">The key of its label.</param>
/// <param name="Autocomplete">What browsers may fill in (HTML §4.10.18.7).</param>
internal sealed record ProfileField(string Name, string Label, string Autocomplete)
{
    public FieldKind Kind { get; init; }

    /// <summary>The key of what helps to fill it in.</summary>
    public string? Hint { get; init; }

    public string Type { get; init; } = "text";

    public int MaxLength { get; init; } = 256;

    /// <summary>Left to right for what is no prose; by its content otherwise.</summary>
    public string Direction { get; init; } = "auto";
}

/// <summary>Fields that belong together.</summary>
internal sealed record ProfileGroup(string Title, IReadOnlyList<ProfileField> Fields);

/// <summary>A field with what stands in it.</summary>
internal sealed record ShownField(ProfileField Field, string? Value, string? Problem, IReadOnlyList<(string Tag, string Name)> Languages);

/// <summary>What the profile has, in the order in which people read it. <c>phone_number_verified</c> and <c>updated_at</c> are not theirs to say.</summary>
internal static class ProfileFields
{
    /// <summary>The prefix of what belongs to the address.</summary>
    public const string Address = "address.";

    public static IReadOnlyList<ProfileGroup> Groups { get; } =
    [
        new("profile.group-name",
        [
            new("name", "profile.name", "name"),
            new("given_name", "profile.given-name", "given-name"),
            new("middle_name", "profile.middle-name", "additional-name"),
            new("family_name", "profile.family-name", "family-name"),
            new("nickname", "profile.nickname", "nickname"),
            new("preferred_username", "profile.preferred-username", "off") { Hint = "profile.preferred-username-hint" },
        ]),
        new("profile.group-person",
        [
            new("birthdate", "profile.birthdate", "bday") { Hint = "profile.birthdate-hint", MaxLength = 10, Direction = "ltr" },
            new("gender", "profile.gender", "sex"),
            new("locale", "profile.locale", "language") { Kind = FieldKind.Language, Hint = "profile.locale-hint" },
            new("zoneinfo", "profile.zoneinfo", "off") { Kind = FieldKind.Zone, Hint = "profile.zoneinfo-hint", MaxLength = 64, Direction = "ltr" },
        ]),
        new("profile.group-web",
        [
            new("website", "profile.website", "url") { Type = "url", Hint = "profile.url-hint", MaxLength = 2048, Direction = "ltr" },
            new("profile", "profile.profile", "off") { Type = "url", Hint = "profile.url-hint", MaxLength = 2048, Direction = "ltr" },
            new("picture", "profile.picture", "photo") { Type = "url", Hint = "profile.url-hint", MaxLength = 2048, Direction = "ltr" },
        ]),
        new("profile.group-contact",
        [
            new("phone_number", "profile.phone", "tel") { Type = "tel", Hint = "profile.phone-hint", MaxLength = 40, Direction = "ltr" },
            new("address.street_address", "profile.street", "street-address") { Kind = FieldKind.Lines },
            new("address.postal_code", "profile.postal-code", "postal-code") { MaxLength = 64 },
            new("address.locality", "profile.locality", "address-level2"),
            new("address.region", "profile.region", "address-level1"),
            new("address.country", "profile.country", "country-name"),
            new("address.formatted", "profile.formatted", "off") { Kind = FieldKind.Lines, Hint = "profile.formatted-hint" },
        ]),
    ];

    public static IReadOnlyList<ProfileField> All { get; } = [.. Groups.SelectMany(group => group.Fields)];
}
