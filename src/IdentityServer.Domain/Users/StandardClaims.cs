using System.Diagnostics.CodeAnalysis;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Unicode;

namespace IdentityServer.Domain.Users;

/// <summary>What is wrong with a claim, and what to write instead.</summary>
/// <param name="Field">The member's name; a member of <c>address</c> as <c>address.region</c>.</param>
/// <param name="Rule">What the value breaks, to be read after the name.</param>
/// <param name="Mend">What to do.</param>
/// <param name="Kind">Which rule it is, for whoever says it in other words.</param>
public sealed record ClaimProblem(string Field, string Rule, string Mend, ClaimProblemKind Kind = ClaimProblemKind.Structure)
{
    /// <summary>One sentence for a person.</summary>
    public override string ToString() => $"{Field} {Rule}; {Mend}";
}

/// <summary>Which rule a claim breaks.</summary>
public enum ClaimProblemKind
{
    /// <summary>The wrong type of value, or a member that does not belong: nothing that a form can send.</summary>
    Structure,

    /// <summary>Not the form that this claim has.</summary>
    Form,

    /// <summary>Too many characters.</summary>
    TooLong,

    /// <summary>A control character, one that turns the writing direction, or what is no Unicode text.</summary>
    HiddenCharacter,

    /// <summary>Too much, all claims together.</summary>
    TooMuch,
}

/// <summary>
/// The standard claims of an account (OpenID Connect Core §5.1), checked and in one canonical order. <c>sub</c>, <c>email</c> and
/// <c>email_verified</c> are not among them: the account itself holds those.
/// </summary>
public sealed class StandardClaims
{
    /// <summary>Octets that an account's claims may have as JSON.</summary>
    public const int MaxLength = 16 * 1024;

    private static readonly JsonWriterOptions Plain = new() { Encoder = JavaScriptEncoder.Create(UnicodeRanges.All) };

    private readonly SortedDictionary<string, JsonElement> _members;

    private StandardClaims(SortedDictionary<string, JsonElement> members) => _members = members;

    /// <summary>What the scope <c>profile</c> gives (OpenID Connect Core §5.4).</summary>
    public static IReadOnlyList<string> OfProfile { get; } =
    [
        "name", "family_name", "given_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website", "gender",
        "birthdate", "zoneinfo", "locale", "updated_at",
    ];

    /// <summary>What the scope <c>phone</c> gives.</summary>
    public static IReadOnlyList<string> OfPhone { get; } = ["phone_number", "phone_number_verified"];

    /// <summary>What the scope <c>address</c> gives: an object.</summary>
    public static IReadOnlyList<string> OfAddress { get; } = ["address"];

    /// <summary>All names.</summary>
    public static IReadOnlyList<string> Names { get; } = [.. OfProfile, .. OfPhone, .. OfAddress];

    /// <summary>No claims.</summary>
    public static StandardClaims None { get; } = new([]);

    /// <summary>The claims that are there, by name.</summary>
    public IReadOnlyDictionary<string, JsonElement> Members => _members;

    /// <summary>The claims of an account of which nothing is known but its language (<c>locale</c>).</summary>
    /// <param name="tag">A language tag (BCP 47), or null for no claims.</param>
    /// <exception cref="ArgumentException">It is no language tag.</exception>
    public static StandardClaims OfLanguage(string? tag)
    {
        if (tag is null)
        {
            return None;
        }

        return TryParse([new("locale", JsonSerializer.SerializeToElement(tag))], out var claims, out _)
            ? claims
            : throw new ArgumentException("Not a language tag.", nameof(tag));
    }

    /// <summary>Checks members and keeps them.</summary>
    /// <param name="members">Names and values, such as those of a JSON object.</param>
    /// <param name="claims">The claims, when every member obeys its rule.</param>
    /// <param name="problems">Every problem found, not only the first; empty when there is none.</param>
    public static bool TryParse(
        IEnumerable<KeyValuePair<string, JsonElement>> members,
        [NotNullWhen(true)] out StandardClaims? claims,
        out IReadOnlyList<ClaimProblem> problems)
    {
        ArgumentNullException.ThrowIfNull(members);
        var found = new List<ClaimProblem>();
        var kept = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var (name, value) in members)
        {
            if (!kept.TryAdd(name, value.Clone()))
            {
                found.Add(new(name, "is there twice", "keep one of them"));
            }
            else if (ClaimRules.Check(name, value) is { Count: > 0 } broken)
            {
                found.AddRange(broken);
            }
        }

        if (kept.ContainsKey("phone_number_verified") && !kept.ContainsKey("phone_number"))
        {
            found.Add(new("phone_number_verified", "says something of a number that is not there", "add phone_number, or leave it out"));
        }

        var parsed = new StandardClaims(kept);
        if (found.Count == 0 && parsed.ToUtf8Json().Length > MaxLength)
        {
            found.Add(new("claims", $"have more than {MaxLength} bytes together", "shorten the longest", ClaimProblemKind.TooMuch));
        }

        problems = found;
        claims = found.Count == 0 ? parsed : null;
        return claims is not null;
    }

    /// <summary>Reads what <see cref="ToJson"/> wrote; values are not checked again.</summary>
    /// <exception cref="JsonException">The text is not a JSON object.</exception>
    public static StandardClaims FromJson(string json)
    {
        using var document = JsonDocument.Parse(json);
        if (document.RootElement.ValueKind != JsonValueKind.Object)
        {
            throw new JsonException("Claims are a JSON object.");
        }

        var members = new SortedDictionary<string, JsonElement>(StringComparer.Ordinal);
        foreach (var member in document.RootElement.EnumerateObject())
        {
            members[member.Name] = member.Value.Clone();
        }

        return new(members);
    }

    /// <summary>A JSON object with the members in order of name, so that equal claims are equal texts.</summary>
    public string ToJson() => System.Text.Encoding.UTF8.GetString(ToUtf8Json());

    /// <summary>Hidden: claims are personal data.</summary>
    public override string ToString() => $"{_members.Count} claims";

    private byte[] ToUtf8Json()
    {
        using var text = new MemoryStream();
        using (var writer = new Utf8JsonWriter(text, Plain))
        {
            writer.WriteStartObject();
            foreach (var (name, value) in _members)
            {
                writer.WritePropertyName(name);
                Write(writer, value);
            }

            writer.WriteEndObject();
        }

        return text.ToArray();
    }

    private static void Write(Utf8JsonWriter writer, JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            value.WriteTo(writer);
            return;
        }

        writer.WriteStartObject();
        foreach (var member in value.EnumerateObject().OrderBy(member => member.Name, StringComparer.Ordinal))
        {
            writer.WritePropertyName(member.Name);
            Write(writer, member.Value);
        }

        writer.WriteEndObject();
    }
}
