using System.Globalization;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;

namespace IdentityServer.Domain.Users;

/// <summary>The rule of each standard claim (OpenID Connect Core §5.1 and §5.1.1).</summary>
internal static partial class ClaimRules
{
    private const int NameLength = 256;
    private const int AddressLength = 1024;
    private const int UrlLength = 2048;
    private const long LastSecond = 253_402_300_799; // 9999-12-31T23:59:59Z

    private static readonly string[] AddressMembers = ["formatted", "street_address", "locality", "region", "postal_code", "country"];

    /// <summary>What is wrong with a value; empty when nothing is.</summary>
    public static IReadOnlyList<ClaimProblem> Check(string name, JsonElement value) => name switch
    {
        "name" or "given_name" or "family_name" or "middle_name" or "nickname" or "preferred_username" or "gender"
            => Text(name, value, NameLength),
        "profile" or "picture" or "website" => Text(name, value, UrlLength, IsWebAddress, "write an absolute https:// or http:// URL"),
        "birthdate" => Text(name, value, 10, IsBirthdate, "write YYYY-MM-DD, 0000-MM-DD when the year is unknown, or YYYY alone"),
        "zoneinfo" => Text(name, value, 64, ZoneName().IsMatch, "write a time zone's name such as Europe/Paris"),
        "locale" => Text(name, value, 35, LanguageTag().IsMatch, "write a language tag such as en or en-US (BCP 47)"),
        "phone_number" => Text(name, value, 40, IsPhoneNumber, "write it with plus and country code, such as +1 425 555 1212 (E.164)"),
        "phone_number_verified" when value.ValueKind is not (JsonValueKind.True or JsonValueKind.False)
            => [new(name, "is not a boolean", "write true or false, without quotes")],
        "phone_number_verified" => [],
        "updated_at" when !(value.ValueKind == JsonValueKind.Number && value.TryGetInt64(out var seconds) && seconds is >= 0 and <= LastSecond)
            => [new(name, "is not a count of seconds", "write whole seconds since 1970-01-01 UTC as a number, such as 1767225600")],
        "updated_at" => [],
        "address" => Address(value),
        "sub" => [new(name, "cannot be given", "leave it out: every account gets its own subject")],
        _ => [new(Shorten(name), "is not a member that is known here",
            "leave it out, or use a standard claim's own name (OpenID Connect Core, section 5.1)")],
    };

    private static List<ClaimProblem> Address(JsonElement value)
    {
        if (value.ValueKind != JsonValueKind.Object)
        {
            return [new("address", "is not an object", $"write {{\"formatted\": \"...\"}}; members are {string.Join(", ", AddressMembers)}")];
        }

        var problems = new List<ClaimProblem>();
        var seen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var member in value.EnumerateObject())
        {
            var field = $"address.{Shorten(member.Name)}";
            if (!AddressMembers.Contains(member.Name, StringComparer.Ordinal))
            {
                problems.Add(new(field, "is not a member of an address", $"members are {string.Join(", ", AddressMembers)}"));
            }
            else if (!seen.Add(member.Name))
            {
                problems.Add(new(field, "is there twice", "keep one of them"));
            }
            else
            {
                // The formatted address and the street may have lines (OpenID Connect Core §5.1.1).
                problems.AddRange(Text(field, member.Value, AddressLength, lines: member.Name is "formatted" or "street_address"));
            }
        }

        return seen.Count == 0 && problems.Count == 0 ? [new("address", "is empty", "leave it out, or add a member")] : problems;
    }

    private static IReadOnlyList<ClaimProblem> Text(
        string field, JsonElement value, int longest, Func<string, bool>? form = null, string mend = "", bool lines = false)
    {
        if (value.ValueKind != JsonValueKind.String)
        {
            return [new(field, "is not a string", value.ValueKind == JsonValueKind.Null ? "leave it out" : "put it in quotes")];
        }

        if (!TryRead(value, out var text))
        {
            return [new(field, "is not well-formed Unicode", "write each surrogate with its other half", ClaimProblemKind.HiddenCharacter)];
        }

        if (string.IsNullOrWhiteSpace(text))
        {
            return [new(field, "is empty", "leave it out")];
        }

        if (text.Length > longest)
        {
            return [new(field, $"has {text.Length} characters", $"write at most {longest}", ClaimProblemKind.TooLong)];
        }

        if (text.EnumerateRunes().Any(rune => Rune.IsControl(rune) && !(lines && rune.Value is '\n' or '\r')))
        {
            return [new(field, "has a control character", "leave it out", ClaimProblemKind.HiddenCharacter)];
        }

        if (text.EnumerateRunes().Any(IsHidden) || !text.EnumerateRunes().Any(IsSeen))
        {
            return [new(field, "has characters that nobody sees", "leave them out", ClaimProblemKind.HiddenCharacter)];
        }

        return form is null || form(text) ? [] : [new(field, "does not have its form", mend, ClaimProblemKind.Form)];
    }

    // With direction overrides and invisible letters a name can be made to read as another, wherever it is shown. Joiners and the marks
    // that say how the next letter is to be read are part of ordinary Persian, Arabic, Hebrew and emoji.
    private static bool IsHidden(Rune rune) =>
        Rune.GetUnicodeCategory(rune) is UnicodeCategory.LineSeparator or UnicodeCategory.ParagraphSeparator
        || (Rune.GetUnicodeCategory(rune) == UnicodeCategory.Format && rune.Value is not (0x200C or 0x200D or 0x200E or 0x200F or 0x061C));

    private static bool IsSeen(Rune rune) => !Rune.IsWhiteSpace(rune) && Rune.GetUnicodeCategory(rune) is not UnicodeCategory.Format;

    // A JSON string may escape half of a surrogate pair; such a value has no text.
    private static bool TryRead(JsonElement value, out string text)
    {
        try
        {
            text = value.GetString()!;
            return true;
        }
        catch (InvalidOperationException)
        {
            text = "";
            return false;
        }
    }

    // Only web addresses: a javascript: or data: link would be followed by relying parties that show it.
    private static bool IsWebAddress(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var uri)
        && (uri.Scheme == Uri.UriSchemeHttps || uri.Scheme == Uri.UriSchemeHttp)
        && text.StartsWith(uri.Scheme + "://", StringComparison.OrdinalIgnoreCase)
        && uri.UserInfo.Length == 0
        && !text.Any(char.IsWhiteSpace);

    private static bool IsBirthdate(string text)
    {
        var culture = CultureInfo.InvariantCulture;
        if (text.StartsWith("0000-", StringComparison.Ordinal))
        {
            // 2000 was a leap year, so 29 February of an unknown year is a date.
            text = "2000" + text[4..];
        }

        return DateOnly.TryParseExact(text, "yyyy-MM-dd", culture, DateTimeStyles.None, out _)
            || DateOnly.TryParseExact(text, "yyyy", culture, DateTimeStyles.None, out _);
    }

    private static bool IsPhoneNumber(string text) =>
        PhoneNumber().IsMatch(text) && text.Split(";ext=")[0].Count(char.IsAsciiDigit) is >= 7 and <= 15;

    private static string Shorten(string name) =>
        string.Concat(name.Where(c => !char.IsControl(c) && !char.IsSurrogate(c)).Take(40));

    [GeneratedRegex(@"^[A-Za-z][A-Za-z0-9_+\-]*(/[A-Za-z0-9_+\-]+){0,3}\z", RegexOptions.CultureInvariant)]
    private static partial Regex ZoneName();

    [GeneratedRegex(@"^[A-Za-z]{2,8}(-[A-Za-z0-9]{1,8})*\z", RegexOptions.CultureInvariant)]
    private static partial Regex LanguageTag();

    [GeneratedRegex(@"^\+[0-9 ().\-]+(;ext=[0-9]{1,15})?\z", RegexOptions.CultureInvariant)]
    private static partial Regex PhoneNumber();
}
