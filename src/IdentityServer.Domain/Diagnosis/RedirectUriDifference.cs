namespace IdentityServer.Domain.Diagnosis;

/// <summary>What kind of difference there is between an address that came and one that is registered. In rows: stable names.</summary>
public static class RedirectUriDifferenceKinds
{
    /// <summary>Blanks or line ends.</summary>
    public const string Whitespace = "whitespace";

    /// <summary>It came encoded once too often, or not as it is registered.</summary>
    public const string PercentEncoding = "percent_encoding";

    /// <summary>It is no absolute URI.</summary>
    public const string NotAbsolute = "not_absolute";

    /// <summary>An asterisk in either, which stands for nothing but itself.</summary>
    public const string Wildcard = "wildcard";

    /// <summary>It has a fragment, which no redirect URI may have (RFC 6749 §3.1.2).</summary>
    public const string Fragment = "fragment";

    /// <summary>The scheme.</summary>
    public const string Scheme = "scheme";

    /// <summary>Letter case in scheme or host, which browsers don't mind and we do.</summary>
    public const string HostCase = "host_case";

    /// <summary>localhost, 127.0.0.1 and [::1] for one another.</summary>
    public const string Loopback = "loopback";

    /// <summary>The port.</summary>
    public const string Port = "port";

    /// <summary>The host.</summary>
    public const string Host = "host";

    /// <summary>A slash at the end.</summary>
    public const string TrailingSlash = "trailing_slash";

    /// <summary>Letter case in path or query.</summary>
    public const string PathCase = "path_case";

    /// <summary>The query.</summary>
    public const string Query = "query";

    /// <summary>The path.</summary>
    public const string Path = "path";

    /// <summary>More than one of these.</summary>
    public const string Other = "other";

    /// <summary>Every kind.</summary>
    public static IReadOnlyList<string> All { get; } =
        [Whitespace, PercentEncoding, NotAbsolute, Wildcard, Fragment, Scheme, HostCase, Loopback, Port, Host, TrailingSlash, PathCase, Query, Path, Other];
}

/// <summary>
/// How an address that came differs from the nearest that is registered. Both are compared as texts, as they are when it counts (RFC 9700
/// §2.1); what they mean as URIs only names the difference.
/// </summary>
/// <param name="Registered">The nearest; null when none is registered.</param>
/// <param name="Kind">One of <see cref="RedirectUriDifferenceKinds"/>.</param>
public sealed record RedirectUriDifference(string? Registered, string Kind)
{
    private static readonly string[] LoopbackHosts = ["localhost", "127.0.0.1", "[::1]"];

    /// <summary>Finds the nearest and names the difference.</summary>
    /// <param name="received">What came; it matches none.</param>
    /// <param name="registered">What is registered.</param>
    public static RedirectUriDifference Of(string received, IReadOnlyList<string> registered)
    {
        ArgumentNullException.ThrowIfNull(received);
        ArgumentNullException.ThrowIfNull(registered);
        if (registered.Count == 0)
        {
            return new(null, IsAbsolute(received) ? RedirectUriDifferenceKinds.Other : RedirectUriDifferenceKinds.NotAbsolute);
        }

        // One that differs in one way only is nearer than any that merely has more characters in common.
        var kinds = registered.Select(uri => (Uri: uri, Kind: KindOf(received, uri))).ToList();
        var nearest = kinds.OrderBy(pair => pair.Kind == RedirectUriDifferenceKinds.Other).ThenByDescending(pair => Alike(received, pair.Uri)).First();
        return new(nearest.Uri, nearest.Kind);
    }

    private static string KindOf(string received, string registered)
    {
        if (received.Contains('*', StringComparison.Ordinal) || registered.Contains('*', StringComparison.Ordinal))
        {
            return RedirectUriDifferenceKinds.Wildcard;
        }

        if (Bare(received) == registered)
        {
            return RedirectUriDifferenceKinds.Whitespace;
        }

        if (Decoded(received) == Decoded(registered))
        {
            return RedirectUriDifferenceKinds.PercentEncoding;
        }

        if (!IsAbsolute(received))
        {
            return RedirectUriDifferenceKinds.NotAbsolute;
        }

        return received.Contains('#', StringComparison.Ordinal) ? RedirectUriDifferenceKinds.Fragment : KindOf(UriParts.Of(received), UriParts.Of(registered));
    }

    private static string KindOf(UriParts came, UriParts known)
    {
        if (came.Path == known.Path && came.Query == known.Query)
        {
            return KindOfOrigin(came, known);
        }

        if (came.Origin != known.Origin)
        {
            return RedirectUriDifferenceKinds.Other;
        }

        return came.Path == known.Path ? RedirectUriDifferenceKinds.Query
            : came.Query == known.Query && came.Path.TrimEnd('/') == known.Path.TrimEnd('/') ? RedirectUriDifferenceKinds.TrailingSlash
            : IsSame(came.Path + came.Query, known.Path + known.Query) ? RedirectUriDifferenceKinds.PathCase
            : came.Query == known.Query ? RedirectUriDifferenceKinds.Path
            : RedirectUriDifferenceKinds.Other;
    }

    private static string KindOfOrigin(UriParts came, UriParts known) =>
        IsSame(came.Origin, known.Origin) ? RedirectUriDifferenceKinds.HostCase
        : came.Scheme != known.Scheme && came.Host == known.Host && came.Port == known.Port ? RedirectUriDifferenceKinds.Scheme
        : came.Scheme == known.Scheme && came.Host == known.Host ? RedirectUriDifferenceKinds.Port
        : came.Scheme == known.Scheme && LoopbackHosts.Contains(came.Host) && LoopbackHosts.Contains(known.Host) ? RedirectUriDifferenceKinds.Loopback
        : came.Scheme == known.Scheme && came.Port == known.Port ? RedirectUriDifferenceKinds.Host
        : RedirectUriDifferenceKinds.Other;

    // Linear, since strangers choose one of the texts and clients may register many others.
    private static double Alike(string received, string registered)
    {
        var (came, known) = (received.ToUpperInvariant(), registered.ToUpperInvariant());
        var start = TextDifference.CommonStart(came, known);
        var end = TextDifference.CommonEnd(came.AsSpan(start), known.AsSpan(start));
        return (start + end) / (double)Math.Max(came.Length, known.Length);
    }

    private static bool IsSame(string one, string other) => string.Equals(one, other, StringComparison.OrdinalIgnoreCase);

    private static bool IsAbsolute(string text) => text.IndexOf(':', StringComparison.Ordinal) > 0 && Uri.TryCreate(text, UriKind.Absolute, out _);

    private static string Bare(string text) => string.Concat(text.Where(c => !char.IsWhiteSpace(c)));

    private static string Decoded(string text) => Uri.UnescapeDataString(Uri.UnescapeDataString(text));

    /// <summary>A URI cut where RFC 3986 cuts it, and otherwise left as it is written.</summary>
    private readonly record struct UriParts(string Scheme, string Host, string Port, string Path, string Query)
    {
        public string Origin => $"{Scheme}//{Host}{Port}";

        public static UriParts Of(string text)
        {
            var (before, query) = Cut(text, text.IndexOf('?', StringComparison.Ordinal));
            var (scheme, rest) = Cut(before, before.IndexOf(':', StringComparison.Ordinal));
            if (!rest.StartsWith("://", StringComparison.Ordinal))
            {
                return new(scheme, "", "", rest, query);
            }

            rest = rest[3..];
            var (authority, path) = Cut(rest, rest.IndexOf('/', StringComparison.Ordinal));
            var (host, port) = Cut(authority, authority.IndexOf(':', authority.LastIndexOf(']') + 1));
            return new(scheme, host, port, path, query);
        }

        private static (string Before, string After) Cut(string text, int at) => at < 0 ? (text, "") : (text[..at], text[at..]);
    }
}
