using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IdentityServer.Home.TryIt;

/// <summary>A claim as the result page shows it.</summary>
/// <param name="Name">Its name on the wire.</param>
/// <param name="Value">Its value; a time is written out.</param>
/// <param name="Meaning">What it says, in plain words; empty for a claim that nobody has explained yet.</param>
internal sealed record ClaimLine(string Name, string Value, string Meaning)
{
    private const string OwnPrefix = "oi_";
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // In the order in which a reader meets them: who and how first, then for whom and how long, then what ties it to other things.
    private static readonly OrderedDictionary<string, string> Meanings = new(StringComparer.Ordinal)
    {
        ["sub"] = "The person, by an identifier that never changes and tells nothing.",
        ["name"] = "The full name, as the person writes it.",
        ["given_name"] = "The first name.",
        ["middle_name"] = "The middle name.",
        ["family_name"] = "The last name.",
        ["nickname"] = "What friends say.",
        ["preferred_username"] = "What the person likes to be called. Not an identifier: it may change.",
        ["email"] = "The e-mail address. Not an identifier: it may change.",
        ["email_verified"] = "Whether the address was proved to be the person's.",
        ["phone_number"] = "The phone number.",
        ["phone_number_verified"] = "Whether the number was proved to be the person's.",
        ["address"] = "The postal address.",
        ["profile"] = "A page about the person.",
        ["picture"] = "A picture of the person.",
        ["website"] = "The person's web site.",
        ["gender"] = "The gender, in the person's words.",
        ["birthdate"] = "The date of birth.",
        ["zoneinfo"] = "The time zone.",
        ["locale"] = "The language.",
        ["updated_at"] = "When any of this last changed.",
        ["auth_time"] = "When the mailed code was accepted.",
        ["amr"] = "How the person signed in: a password and a one-time code.",
        ["acr"] = "This server's name for that way of signing in.",
        ["sid"] = "The session that the sign-in opened here. It ends when the person signs out.",
        ["iss"] = "Who says all this: this server.",
        ["aud"] = "Whom it is meant for. Anybody else must refuse it.",
        ["azp"] = "Which application asked for it.",
        ["client_id"] = "Which application asked for it.",
        ["scope"] = "What the application may do with it.",
        ["iat"] = "When it was issued.",
        ["nbf"] = "Not to be accepted before this time.",
        ["exp"] = "Not to be accepted after this time.",
        ["nonce"] = "What the application sent along, unchanged: the token answers this very request.",
        ["at_hash"] = "Ties the token to the access token beside it.",
        ["jti"] = "The token's own identifier.",
    };

    /// <summary>Reads the members of an object of claims; what has no explanation comes last.</summary>
    public static IReadOnlyList<ClaimLine> Read(JsonElement claims) =>
        [.. claims.EnumerateObject()
            .OrderBy(claim => (uint)Meanings.IndexOf(claim.Name))
            .Select(claim => new ClaimLine(claim.Name, ValueOf(claim), MeaningOf(claim.Name)))];

    private static string MeaningOf(string name) =>
        Meanings.TryGetValue(name, out var meaning) ? meaning
        : name.StartsWith(OwnPrefix, StringComparison.Ordinal) ? "A note of this server to itself. Nobody else needs it."
        : "";

    private static string ValueOf(JsonProperty claim) => claim switch
    {
        { Name: "exp" or "iat" or "nbf" or "auth_time" or "updated_at", Value: { ValueKind: JsonValueKind.Number } seconds } =>
            string.Create(CultureInfo.InvariantCulture, $"{seconds} ({DateTimeOffset.FromUnixTimeSeconds(seconds.GetInt64()):yyyy-MM-dd HH:mm:ss} UTC)"),
        { Value.ValueKind: JsonValueKind.String } => claim.Value.GetString()!,
        _ => JsonSerializer.Serialize(claim.Value, Readable), // the view encodes
    };
}
