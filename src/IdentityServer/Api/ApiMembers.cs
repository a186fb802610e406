using System.Globalization;
using System.Text.Json;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Api;

/// <summary>The members of a small body, each read as what it must be; what does not fit is refused by name, all of it at once.</summary>
internal sealed class ApiMembers
{
    private readonly JsonElement _body;
    private readonly List<MetadataProblem> _problems;

    /// <param name="body">A JSON object.</param>
    /// <param name="known">The members that mean something.</param>
    public ApiMembers(JsonElement body, IReadOnlyCollection<string> known)
    {
        _body = body;
        _problems = [.. body.EnumerateObject().GroupBy(member => member.Name, StringComparer.Ordinal)
            .Where(member => !known.Contains(member.Key, StringComparer.Ordinal) || member.Count() > 1)
            .Select(member => new MetadataProblem(
                ApiClient.Shown(member.Key), member.Count() > 1 ? "is there twice" : "means nothing here", $"Send some of: {string.Join(", ", known)}."))];
    }

    /// <summary>What does not fit; null when everything did.</summary>
    public ApiAnswer? Refusal => _problems.Count > 0 ? ApiProblem.Of(_problems) : null;

    public string? Text(string name) => Find(name, JsonValueKind.String, "a text") is { } value ? value.GetString() : null;

    public bool? Flag(string name)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind is JsonValueKind.True or JsonValueKind.False)
        {
            return value.GetBoolean();
        }

        Mistyped(name, "true or false");
        return null;
    }

    public DateTimeOffset? Moment(string name)
    {
        if (Text(name) is not { } text)
        {
            return null;
        }

        if (DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal | DateTimeStyles.AdjustToUniversal, out var moment))
        {
            return moment;
        }

        Mistyped(name, "a moment in ISO 8601, such as 2026-03-02T09:00:00Z");
        return null;
    }

    public JsonElement? Object(string name) => Find(name, JsonValueKind.Object, "an object");

    private JsonElement? Find(string name) =>
        _body.TryGetProperty(name, out var value) && value.ValueKind != JsonValueKind.Null ? value : null;

    private JsonElement? Find(string name, JsonValueKind kind, string expected)
    {
        if (Find(name) is not { } value)
        {
            return null;
        }

        if (value.ValueKind == kind)
        {
            return value;
        }

        Mistyped(name, expected);
        return null;
    }

    private void Mistyped(string name, string expected) => _problems.Add(new(name, $"is not {expected}", $"Send {expected}."));
}
