using System.Globalization;
using IdentityServer.Diagnostics;
using Microsoft.AspNetCore.Http.Extensions;

namespace IdentityServer.Portal;

/// <summary>The addresses of what is told of a client's failures.</summary>
internal static class FailureLinks
{
    /// <summary>The list of a client.</summary>
    public const string List = "failures";

    /// <summary>One entry.</summary>
    public static string Of(string clientId, string reference, string? done = null) =>
        PortalUrls.Client(clientId, $"{List}/{reference}", done);

    /// <summary>What a code means.</summary>
    public static string Explanation(string code) => $"{PortalUrls.Home}/errors/{Uri.EscapeDataString(code)}";

    /// <summary>A page of the list.</summary>
    public static string Page(string clientId, string? code, FailureCursor? after) => PortalUrls.Client(clientId, List) + new QueryBuilder(Pairs(
        ("code", code), ("after", after is { } cursor ? string.Create(CultureInfo.InvariantCulture, $"{cursor.At.UtcTicks}-{cursor.Id}") : null)));

    /// <summary>Where a page ended, as its address says; null for what no page of ours says.</summary>
    public static FailureCursor? Read(string? after) =>
        after?.Split('-') is [var ticks, { Length: > 0 and <= 32 } id]
        && long.TryParse(ticks, NumberStyles.None, CultureInfo.InvariantCulture, out var moment) && moment <= DateTimeOffset.MaxValue.UtcTicks
            ? new(new DateTimeOffset(moment, TimeSpan.Zero), id)
            : null;

    private static IEnumerable<KeyValuePair<string, string>> Pairs(params (string Name, string? Value)[] pairs) =>
        pairs.Where(pair => !string.IsNullOrEmpty(pair.Value)).Select(pair => KeyValuePair.Create(pair.Name, pair.Value!));
}
