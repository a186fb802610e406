using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using IdentityServer.Protocol.SigningKeys;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Maintenance;

/// <summary>Signing keys as <c>keys list</c> shows them: to a person, and to a script.</summary>
internal static class KeyTable
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    private static readonly string[] Heads = ["kid", "alg", "state", "created", "signs from", "until", "leaves the JWKS"];

    /// <summary>A table. Times are UTC.</summary>
    public static string Text(IReadOnlyList<(SigningKey Key, KeyState State)> keys)
    {
        var rows = keys.Select(line => Row(line.Key, line.State)).Prepend(Heads).ToList();
        var widths = Heads.Select((_, column) => rows.Max(row => row[column].Length)).ToList();
        return string.Join('\n', rows.Select(row => string.Join("  ", row.Select((cell, column) => cell.PadRight(widths[column]))).TrimEnd()))
            + "\n\nTimes are UTC.";
    }

    /// <summary>A JSON array. Times are RFC 3339.</summary>
    public static string Json(IReadOnlyList<(SigningKey Key, KeyState State)> keys) => JsonSerializer.Serialize(
        keys.Select(line => new Dictionary<string, string?>
        {
            ["kid"] = line.Key.Id,
            ["alg"] = line.Key.Algorithm,
            ["state"] = Name(line.State),
            ["created_at"] = Exact(line.Key.CreatedAt),
            ["signs_from"] = Exact(line.Key.ActivatesAt),
            ["signs_until"] = Exact(Earlier(line.Key.RetiresAt, line.Key.RevokedAt)),
            ["leaves_jwks_at"] = Exact(line.Key.RevokedAt ?? line.Key.ExpiresAt),
            ["revoked_at"] = line.Key.RevokedAt is { } revoked ? Exact(revoked) : null,
        }),
        Indented);

    /// <summary>A moment in UTC, to the minute.</summary>
    public static string Moment(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd HH:mm", CultureInfo.InvariantCulture);

    private static string[] Row(SigningKey key, KeyState state) =>
    [
        key.Id, key.Algorithm, Name(state), Moment(key.CreatedAt), Moment(key.ActivatesAt), Moment(Earlier(key.RetiresAt, key.RevokedAt)),
        Moment(key.RevokedAt ?? key.ExpiresAt),
    ];

    private static string Name(KeyState state) => state.ToString().ToLowerInvariant();

    private static string Exact(DateTimeOffset moment) => moment.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture);

    private static DateTimeOffset Earlier(DateTimeOffset one, DateTimeOffset? other) => other < one ? other.Value : one;
}
