using System.Buffers.Text;
using System.Globalization;
using System.Text;
using Microsoft.Extensions.Primitives;
using Microsoft.Net.Http.Headers;

namespace IdentityServer.Api;

/// <summary>What stands in a request beside its body, read or refused by name.</summary>
internal static class ApiRequestParts
{
    /// <summary>The most that a page holds, and what it holds when nobody says.</summary>
    public const int LongestPage = 50;

    private const int LongestCursor = 200;

    /// <summary>The number of a query parameter within bounds; the default when it is not there.</summary>
    public static bool TryNumber(HttpRequest request, string name, int fallback, int most, out int number, out ApiAnswer? refusal)
    {
        (number, refusal) = (fallback, null);
        if (request.Query[name] is not { Count: > 0 } given)
        {
            return true;
        }

        if (given is [{ } text] && int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out number) && number >= 1 && number <= most)
        {
            return true;
        }

        refusal = Refuse(name, string.Create(CultureInfo.InvariantCulture, $"a number from 1 to {most}"));
        return false;
    }

    /// <summary>How many a page is to hold.</summary>
    public static bool TryLimit(HttpRequest request, out int limit, out ApiAnswer? refusal) =>
        TryNumber(request, "limit", LongestPage, LongestPage, out limit, out refusal);

    /// <summary>Where a page begins: what an earlier one called <c>next</c>; null for the first.</summary>
    public static bool TryCursor(HttpRequest request, out string? position, out ApiAnswer? refusal)
    {
        (position, refusal) = (null, null);
        if (request.Query["cursor"] is not { Count: > 0 } given)
        {
            return true;
        }

        if (given is [{ Length: > 0 and <= LongestCursor } text] && Base64Url.IsValid(text)
            && Encoding.UTF8.GetString(Base64Url.DecodeFromChars(text)) is var read && !read.Contains('\0', StringComparison.Ordinal) && !read.Contains('\uFFFD', StringComparison.Ordinal))
        {
            position = read;
            return true;
        }

        refusal = Refuse("cursor", "what an earlier page had in its member next");
        return false;
    }

    /// <summary>A position as a cursor: nobody need know what is in it.</summary>
    public static string Cursor(string position) => Base64Url.EncodeToString(Encoding.UTF8.GetBytes(position));

    /// <summary>A moment of a query parameter; null when it is not there.</summary>
    public static bool TryMoment(HttpRequest request, string name, out DateTimeOffset? moment, out ApiAnswer? refusal)
    {
        (moment, refusal) = (null, null);
        if (request.Query[name] is not { Count: > 0 } given)
        {
            return true;
        }

        if (given is [{ } text] && DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out var read))
        {
            moment = read;
            return true;
        }

        refusal = Refuse(name, "a moment in ISO 8601, such as 2026-03-02T09:00:00Z");
        return false;
    }

    /// <summary>Whether a query parameter says yes.</summary>
    public static bool IsTrue(HttpRequest request, string name) => request.Query[name] is ["true"];

    /// <summary>The refusal of a query parameter.</summary>
    public static ApiAnswer Refuse(string name, string expected) =>
        ApiProblem.Of(ApiProblemType.InvalidRequest, $"The query parameter {name} takes {expected}.");

    /// <summary>A version as an entity tag.</summary>
    public static string ETag(string version) => $"\"{version}\"";

    /// <summary>Whether what is there meets <c>If-Match</c> (RFC 9110 §13.1.1): by the strong comparison.</summary>
    /// <returns>Null when the header is not there.</returns>
    public static bool? Matches(HttpRequest request, string version) => Matches(request.Headers[HeaderNames.IfMatch], version, strong: true);

    /// <summary>Whether the reader has this version already (RFC 9110 §13.1.2).</summary>
    public static bool IsKnown(HttpRequest request, string version) => Matches(request.Headers[HeaderNames.IfNoneMatch], version, strong: false) == true;

    private static bool? Matches(StringValues header, string version, bool strong)
    {
        if (header.Count == 0)
        {
            return null;
        }

        // What cannot be read names no version that anybody has.
        return EntityTagHeaderValue.TryParseList([.. header.OfType<string>()], out var tags)
            && tags.Any(tag => tag.Equals(EntityTagHeaderValue.Any) || tag.Compare(new EntityTagHeaderValue(ETag(version)), strong));
    }
}

/// <summary>A page of a list.</summary>
/// <param name="Items">What is on it.</param>
/// <param name="Next">What to give as <c>cursor</c> for the next page; null when this was the last.</param>
internal sealed record ApiPage<T>(IReadOnlyList<T> Items, string? Next);
