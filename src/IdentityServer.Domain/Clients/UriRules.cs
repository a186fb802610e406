using System.Buffers;
using System.Globalization;

namespace IdentityServer.Domain.Clients;

/// <summary>
/// The rules for URIs that people are sent to. Written against the text itself and then checked against the framework's parser, so
/// that nothing is registered that two readers understand differently.
/// </summary>
internal static class UriRules
{
    private const string Unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";

    // RFC 3986 §2: what a URI is written in. A backslash, for one, is not there, and browsers take it for a slash.
    private static readonly SearchValues<char> Alphabet = SearchValues.Create(Unreserved + ":/?#[]@!$&'()*+,;=%");
    private static readonly SearchValues<char> SchemeTail = SearchValues.Create("abcdefghijklmnopqrstuvwxyz0123456789+-.");
    private static readonly SearchValues<char> HostAlphabet = SearchValues.Create(Unreserved.Replace("~", "", StringComparison.Ordinal));

    // Names that authorization responses use: a registered URI that brings its own could pass for a response (RFC 9207 §2.4).
    private static readonly string[] ResponseParameters =
        ["code", "state", "iss", "error", "error_description", "error_uri", "response", "id_token", "access_token", "session_state"];

    private static readonly UriFault BadHost =
        new("has a host that is not written in its plain form", "Write the host name in ASCII letters, or the IP address in its usual form.");

    /// <summary>The first rule that a redirect URI breaks, or null.</summary>
    public static UriFault? FirstBroken(string? value, bool native)
    {
        if (BrokenInText(value) is { } textFault)
        {
            return textFault;
        }

        var (scheme, rest) = Split(value!);
        return scheme switch
        {
            "" => new("is not an absolute URI", "Write it in full, such as https://app.example.com/callback."),
            "https" => BrokenInWeb(value!, rest),
            "http" => BrokenInWeb(value!, rest) ?? (IsLoopbackHttp(value!) ? null : HttpElsewhere),
            _ => BrokenInPrivateUse(value!, scheme, rest, native),
        };
    }

    /// <summary>The first rule that a link shown to people breaks, or null.</summary>
    /// <param name="value">The link.</param>
    /// <param name="loopbackHttp">Whether http is taken on a loopback address, for development.</param>
    public static UriFault? FirstBrokenLink(string value, bool loopbackHttp)
    {
        if (BrokenInText(value) is { } textFault)
        {
            return textFault;
        }

        var (scheme, rest) = Split(value);
        return scheme switch
        {
            "https" => BrokenInWeb(value, rest),
            "http" when loopbackHttp && IsLoopbackHttp(value) => BrokenInWeb(value, rest),
            _ => new("is not an https URI", "Write it in full, beginning with https://."),
        };
    }

    /// <summary>Whether this is http to localhost, 127.0.0.1 or [::1].</summary>
    public static bool IsLoopbackHttp(string value)
    {
        var (scheme, rest) = Split(value);
        if (scheme != "http" || !rest.StartsWith("//", StringComparison.Ordinal))
        {
            return false;
        }

        var host = HostOf(AuthorityOf(rest));
        return host is "127.0.0.1" or "[::1]" || host.Equals("localhost", StringComparison.OrdinalIgnoreCase);
    }

    /// <summary>1 to 65535, without leading zeros.</summary>
    public static bool IsPort(ReadOnlySpan<char> digits) =>
        digits.Length is >= 1 and <= 5
        && digits[0] != '0'
        && int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var port)
        && port <= ushort.MaxValue;

    private static UriFault HttpElsewhere { get; } =
        new("uses http", "Use https; http is only for localhost, 127.0.0.1 and [::1].");

    private static UriFault? BrokenInText(string? value)
    {
        if (string.IsNullOrEmpty(value))
        {
            return new("is empty", "Write it in full, such as https://app.example.com/callback.");
        }

        if (value.Length > RedirectUri.MaxLength)
        {
            return new($"is longer than {RedirectUri.MaxLength} characters", "Keep what varies in state, not in the URI.");
        }

        var strange = value.AsSpan().IndexOfAnyExcept(Alphabet);
        if (strange >= 0)
        {
            return new(
                string.Create(CultureInfo.InvariantCulture, $"holds the character U+{(int)value[strange]:X4}, which URIs are not written in"),
                "Percent-encode it; write international host names in their xn-- form.");
        }

        if (value.Contains('#', StringComparison.Ordinal))
        {
            return new("has a fragment (#)", "Leave out the # and what follows it (RFC 6749 §3.1.2).");
        }

        if (value.Contains('*', StringComparison.Ordinal))
        {
            return new("has a wildcard (*)", "Register every URI by itself, in full.");
        }

        return BrokenInEscapes(value);
    }

    private static UriFault? BrokenInEscapes(string value)
    {
        for (var i = value.IndexOf('%', StringComparison.Ordinal); i >= 0; i = value.IndexOf('%', i + 1))
        {
            if (i + 2 >= value.Length || !char.IsAsciiHexDigit(value[i + 1]) || !char.IsAsciiHexDigit(value[i + 2]))
            {
                return new("has a % that two hexadecimal digits do not follow", "Write a literal % as %25.");
            }

            var octet = byte.Parse(value.AsSpan(i + 1, 2), NumberStyles.HexNumber, CultureInfo.InvariantCulture);
            if (octet is < 0x20 or 0x7F)
            {
                return new("encodes a control character", "Leave it out.");
            }
        }

        return null;
    }

    private static UriFault? BrokenInWeb(string value, string rest)
    {
        if (!rest.StartsWith("//", StringComparison.Ordinal))
        {
            return new("has no host", "Write // and the host after the scheme.");
        }

        var authority = AuthorityOf(rest);
        if (authority.Contains('@'))
        {
            return new("has a user name in front of the host (@)", "Leave it out: it disguises where the URI leads.");
        }

        return BrokenInHost(authority)
            ?? BrokenInPath(rest[(2 + authority.Length)..])
            ?? BrokenInQuery(rest)
            ?? BrokenForParser(value, authority);
    }

    private static UriFault? BrokenInHost(ReadOnlySpan<char> authority)
    {
        var host = HostOf(authority);
        var port = authority[host.Length..];
        if (host.IsEmpty)
        {
            return new("has no host", "Write // and the host after the scheme.");
        }

        if (!port.IsEmpty && (port[0] != ':' || !IsPort(port[1..])))
        {
            return new("has a port that is not a number from 1 to 65535", "Correct the port, or leave out the colon.");
        }

        return host[0] == '[' || IsHostName(host) ? null : BadHost;
    }

    private static bool IsHostName(ReadOnlySpan<char> host)
    {
        if (host.Length > 253 || host.ContainsAnyExcept(HostAlphabet))
        {
            return false;
        }

        foreach (var label in host.Split('.'))
        {
            var text = host[label];
            if (text.Length is 0 or > 63 || text[0] == '-' || text[^1] == '-')
            {
                return false;
            }
        }

        return true;
    }

    // Browsers resolve /a/../b before they ask; a URI that moves under the reader's eyes is not exact.
    private static UriFault? BrokenInPath(string pathAndQuery)
    {
        var path = pathAndQuery.Split('?', 2)[0];
        var moves = path.Split('/').Any(segment => Uri.UnescapeDataString(segment) is "." or "..");
        return moves ? new("has a path with . or .. in it", "Write the path that it comes down to.") : null;
    }

    private static UriFault? BrokenInQuery(string rest)
    {
        var start = rest.IndexOf('?', StringComparison.Ordinal);
        if (start < 0)
        {
            return null;
        }

        var taken = rest[(start + 1)..].Split('&')
            .Select(pair => Uri.UnescapeDataString(pair.Split('=', 2)[0].Replace('+', ' ')))
            .FirstOrDefault(name => ResponseParameters.Contains(name, StringComparer.OrdinalIgnoreCase));
        return taken is null
            ? null
            : new($"has a query parameter named {taken}", "Rename it: authorization responses use that name (RFC 9207 §2.4).");
    }

    // The last word: if the framework's parser sees another host or port than we do, so will somebody else's.
    private static UriFault? BrokenForParser(string value, ReadOnlySpan<char> authority)
    {
        var host = HostOf(authority);
        var agrees = Uri.TryCreate(value, UriKind.Absolute, out var parsed)
            && host.Equals(parsed.Host, StringComparison.OrdinalIgnoreCase)
            && parsed.HostNameType is UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6
            && parsed.UserInfo.Length == 0
            && (authority.Length == host.Length
                ? parsed.IsDefaultPort
                : authority[(host.Length + 1)..].SequenceEqual(parsed.Port.ToString(CultureInfo.InvariantCulture)));
        return agrees ? null : BadHost;
    }

    private static UriFault? BrokenInPrivateUse(string value, string scheme, string rest, bool native)
    {
        // A scheme of one's own domain turned round has a dot; javascript, data, file and their like do not (RFC 8252 §7.1).
        if (!scheme.Contains('.', StringComparison.Ordinal) || scheme.Split('.').Any(label => label.Length == 0))
        {
            return new(
                $"uses the scheme {scheme}",
                "Use https, or for a native application a scheme made of your domain name turned round, such as com.example.app:/callback.");
        }

        if (!native)
        {
            return new($"uses the private-use scheme {scheme}", "Register the client with application_type native, or use https.");
        }

        if (!rest.StartsWith('/'))
        {
            return new("has no path", $"Write it as {scheme}:/callback (RFC 8252 §7.1).");
        }

        if (rest.StartsWith("//", StringComparison.Ordinal) && AuthorityOf(rest).Contains('@'))
        {
            return new("has a user name in front of the host (@)", "Leave it out.");
        }

        return BrokenInPath(rest) ?? BrokenInQuery(rest) ?? BrokenForParser(value);
    }

    // The same for private-use schemes, whose host, if any, is a name of the application's own making.
    private static UriFault? BrokenForParser(string value) =>
        Uri.TryCreate(value, UriKind.Absolute, out var parsed)
        && parsed.UserInfo.Length == 0
        && value.Contains(parsed.Host, StringComparison.OrdinalIgnoreCase)
            ? null
            : BadHost;

    // The scheme in lower case, and what follows its colon; an empty scheme when there is none.
    private static (string Scheme, string After) Split(string value)
    {
        var colon = value.IndexOf(':', StringComparison.Ordinal);
        if (colon <= 0)
        {
            return ("", value);
        }

#pragma warning disable CA1308 // Schemes are written in lower case (RFC 3986 §3.1).
        var scheme = value[..colon].ToLowerInvariant();
#pragma warning restore CA1308
        var legal = char.IsAsciiLetter(scheme[0]) && !scheme.AsSpan(1).ContainsAnyExcept(SchemeTail);
        return legal ? (scheme, value[(colon + 1)..]) : ("", value);
    }

    private static ReadOnlySpan<char> AuthorityOf(string rest)
    {
        var after = rest.AsSpan(2);
        return after.IndexOfAny('/', '?') is var end and >= 0 ? after[..end] : after;
    }

    private static ReadOnlySpan<char> HostOf(ReadOnlySpan<char> authority)
    {
        if (authority.StartsWith("["))
        {
            return authority.IndexOf(']') is var bracket and >= 0 ? authority[..(bracket + 1)] : authority;
        }

        return authority.IndexOf(':') is var colon and >= 0 ? authority[..colon] : authority;
    }
}
