using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;

namespace IdentityServer.Trials;

/// <summary>A claim as a page shows it.</summary>
/// <param name="Name">Its name on the wire.</param>
/// <param name="Value">Its value; a time is written out.</param>
/// <param name="MeaningKey">The key of the text that says what it means; null for a claim that nobody has explained yet.</param>
internal sealed record ClaimLine(string Name, string Value, string? MeaningKey)
{
    /// <summary>What the keys of meanings begin with.</summary>
    public const string Family = "trial.claim.";

    private const string OwnPrefix = "oi_";
    private const string OwnKey = Family + "own";
    private static readonly JsonSerializerOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>
    /// The claims that have a meaning here, in the order in which a reader meets them: who and how first, then for whom and how long, then what
    /// ties it to other things; those of a token's header last.
    /// </summary>
    internal static IReadOnlyList<string> Explained { get; } =
    [
        "sub", "name", "given_name", "middle_name", "family_name", "nickname", "preferred_username", "email", "email_verified", "phone_number",
        "phone_number_verified", "address", "profile", "picture", "website", "gender", "birthdate", "zoneinfo", "locale", "updated_at",
        "auth_time", "amr", "acr", "sid",
        "iss", "aud", "azp", "client_id", "scope", "iat", "nbf", "exp",
        "nonce", "at_hash", "jti", "active", "token_type", "username", "alg", "kid", "typ",
    ];

    /// <summary>Reads the members of an object of claims; what has no explanation comes last.</summary>
    public static IReadOnlyList<ClaimLine> Read(JsonElement claims) =>
        [.. claims.EnumerateObject()
            .OrderBy(claim => (uint)IndexOf(claim.Name))
            .Select(claim => new ClaimLine(claim.Name, ValueOf(claim), KeyOf(claim.Name)))];

    private static int IndexOf(string name)
    {
        for (var index = 0; index < Explained.Count; index++)
        {
            if (string.Equals(Explained[index], name, StringComparison.Ordinal))
            {
                return index;
            }
        }

        return -1;
    }

    private static string? KeyOf(string name) =>
        IndexOf(name) >= 0 ? Family + name
        : name.StartsWith(OwnPrefix, StringComparison.Ordinal) ? OwnKey
        : null;

    private static string ValueOf(JsonProperty claim) => claim switch
    {
        { Name: "exp" or "iat" or "nbf" or "auth_time" or "updated_at", Value: { ValueKind: JsonValueKind.Number } seconds } =>
            string.Create(CultureInfo.InvariantCulture, $"{seconds} ({DateTimeOffset.FromUnixTimeSeconds(seconds.GetInt64()):yyyy-MM-dd HH:mm:ss} UTC)"),
        { Value.ValueKind: JsonValueKind.String } => claim.Value.GetString()!,
        _ => JsonSerializer.Serialize(claim.Value, Readable), // the view encodes
    };
}
