using System.Text;

namespace IdentityServer.Domain.Diagnosis;

/// <summary>
/// What of a request may be kept for the client's owners. Anything may stand anywhere: a secret in <c>scope</c>, an address in a redirect
/// URI. So only what reads like a word of the protocol, or is registered, is quoted, and everything else stands as dots.
/// </summary>
public static class Quotable
{
    /// <summary>Stands for what is not quoted.</summary>
    public const string Hidden = "•••••";

    /// <summary>The longest text that is quoted.</summary>
    public const int MaxLength = 300;

    // "authorization_code" and "orders.read" are shorter; what is random and worth keeping secret is longer.
    private const int LongestWord = 22;

    /// <summary>A word of the protocol, or several with blanks between: a scope, a grant type, an algorithm.</summary>
    /// <param name="text">What came.</param>
    /// <param name="known">What is registered or served, and so may be said whatever it looks like.</param>
    public static string Word(string? text, IReadOnlyCollection<string>? known = null)
    {
        if (string.IsNullOrEmpty(text) || text.Length > MaxLength)
        {
            return text is null ? "" : text.Length == 0 ? "\"\"" : Hidden;
        }

        return string.Join(' ', text.Split(' ').Select(word => known?.Contains(word) == true || IsPlain(word) ? word : Hidden));
    }

    /// <summary>
    /// An address. Of queries, user names, fragments and of parts that look random only that is quoted which a registered address has
    /// in the same place.
    /// </summary>
    /// <param name="text">What came.</param>
    /// <param name="registered">The client's own addresses.</param>
    public static string Uri(string? text, IReadOnlyCollection<string> registered)
    {
        ArgumentNullException.ThrowIfNull(registered);
        if (string.IsNullOrEmpty(text))
        {
            return "";
        }

        // A difference in encoding, the commonest mistake, is to be seen; so pieces count as registered in either form.
        var known = registered.SelectMany(Pieces).Select(piece => piece.Text).ToHashSet(StringComparer.Ordinal);
        known.UnionWith(known.Select(System.Uri.EscapeDataString).ToList());
        var quoted = new StringBuilder();
        foreach (var piece in Pieces(text))
        {
            if (quoted.Length + piece.Text.Length > MaxLength)
            {
                quoted.Append(Hidden);
                break;
            }

            quoted.Append(piece.IsSeparator || known.Contains(piece.Text) || (!piece.IsPrivate && IsPlain(piece.Text, piece.IsHost)) ? piece.Text : Hidden);
        }

        return quoted.ToString();
    }

    // An address, an encoded character that may hide one, and what is long and of one piece are not plain.
    private static bool IsPlain(string word, bool isHost = false)
    {
        if (word.StartsWith("eyJ", StringComparison.Ordinal))
        {
            return false;
        }

        var run = 0;
        foreach (var c in word)
        {
            if (c is < ' ' or > '~' or '@' or '%' or '"' or '\'' or '<' or '>')
            {
                return false;
            }

            run = char.IsAsciiLetterOrDigit(c) || c == '_' || (c == '-' && !isHost) ? run + 1 : 0; // hosts are words with dashes
            if (run > LongestWord)
            {
                return false;
            }
        }

        return true;
    }

    private static IEnumerable<Piece> Pieces(string uri)
    {
        var (place, start) = (Place.Scheme, 0);
        for (var index = 0; index <= uri.Length; index++)
        {
            if (index < uri.Length && !IsSeparator(uri[index], place))
            {
                continue;
            }

            // "user:password@" comes before the host, and is known for what it is only by its end.
            var isUser = place == Place.Authority && uri.IndexOfAny(['/', '?', '#'], index) is var end
                && uri.IndexOf('@', index, (end < 0 ? uri.Length : end) - index) >= 0;
            if (index > start)
            {
                yield return new(uri[start..index], false, place == Place.Authority, isUser || place is Place.Value or Place.Fragment);
            }

            if (index < uri.Length)
            {
                yield return new(uri[index].ToString(), true, false, false);
                place = Next(place, uri, index);
            }

            start = index + 1;
        }
    }

    private static bool IsSeparator(char c, Place place) => place switch
    {
        Place.Scheme => c is ':' or '/' or '?' or '#',
        Place.Authority => c is ':' or '@' or '/' or '?' or '#' or '.' or '[' or ']',
        Place.Path => c is '/' or '?' or '#',
        Place.Name or Place.Value => c is '=' or '&' or '#' or ';',
        _ => false,
    };

    private static Place Next(Place place, string uri, int index) => (place, uri[index]) switch
    {
        (Place.Fragment, _) or (_, '#') => Place.Fragment,
        (Place.Name, '=') => Place.Value,
        (Place.Name or Place.Value, '&' or ';') => Place.Name,
        (Place.Value, _) => Place.Value,
        (_, '?') => Place.Name,
        (Place.Scheme, ':') when string.CompareOrdinal(uri, index, "://", 0, 3) == 0 => Place.Scheme,
        (Place.Scheme, ':') => Place.Path,
        (Place.Scheme, '/') when index > 0 && uri[index - 1] == '/' => Place.Authority,
        (Place.Authority, '/') => Place.Path,
        _ => place,
    };

    private enum Place
    {
        Scheme,
        Authority,
        Path,
        Name,
        Value,
        Fragment,
    }

    private readonly record struct Piece(string Text, bool IsSeparator, bool IsHost, bool IsPrivate);
}
