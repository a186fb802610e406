using System.Diagnostics.CodeAnalysis;

namespace IdentityServer.Domain.Clients;

/// <summary>Why a URI cannot be registered.</summary>
/// <param name="Rule">The rule that is broken.</param>
/// <param name="Mend">What to do about it.</param>
public sealed record UriFault(string Rule, string Mend);

/// <summary>
/// Where a client may have people and authorization codes sent. Only what is registered here, character by character, is ever
/// redirected to (RFC 9700 §2.1); the rules keep out whatever browsers and servers read differently.
/// </summary>
public sealed class RedirectUri
{
    /// <summary>The longest URI that is taken, in characters.</summary>
    public const int MaxLength = 2000;

    private readonly string? _loopbackOrigin;

    private RedirectUri(string value, string? loopbackOrigin)
    {
        Value = value;
        _loopbackOrigin = loopbackOrigin;
    }

    /// <summary>The URI exactly as registered.</summary>
    public string Value { get; }

    /// <summary>Judges a URI for registration.</summary>
    /// <param name="value">What is to be registered.</param>
    /// <param name="applicationType">One of <see cref="ClientApplicationTypes"/>; only native applications may use private-use schemes.</param>
    /// <param name="uri">The URI, when it keeps every rule.</param>
    /// <param name="fault">The first rule that it breaks otherwise.</param>
    public static bool TryParse(
        string? value,
        string applicationType,
        [NotNullWhen(true)] out RedirectUri? uri,
        [NotNullWhen(false)] out UriFault? fault)
    {
        fault = UriRules.FirstBroken(value, string.Equals(applicationType, ClientApplicationTypes.Native, StringComparison.Ordinal));
        uri = fault is null ? Restore(value!, applicationType) : null;
        return uri is not null;
    }

    /// <summary>Whether a text has the length and the characters of a registered URI: what has not need not be looked for.</summary>
    public static bool CouldBe(string? presented) => presented is { Length: > 0 and <= MaxLength } && presented.All(c => c is > ' ' and <= '~');

    /// <summary>Takes a URI that was judged when it was registered.</summary>
    public static RedirectUri Restore(string value, string applicationType)
    {
        ArgumentNullException.ThrowIfNull(value);
        var native = string.Equals(applicationType, ClientApplicationTypes.Native, StringComparison.Ordinal);
        return new(value, native && UriRules.IsLoopbackHttp(value) ? OriginWithoutPort(value) : null);
    }

    /// <summary>
    /// Whether a request may use this registration: the same text; for a native application on a loopback address any port, because
    /// it takes whichever the system gives it (RFC 8252 §7.3, RFC 9700 §2.1).
    /// </summary>
    public bool Matches(string? presented)
    {
        if (presented is null || presented.Length > MaxLength)
        {
            return false;
        }

        if (string.Equals(Value, presented, StringComparison.Ordinal))
        {
            return true;
        }

        return _loopbackOrigin is not null
            && presented.StartsWith(_loopbackOrigin, StringComparison.Ordinal)
            && TrySkipPort(presented.AsSpan(_loopbackOrigin.Length), out var rest)
            && TrySkipPort(Value.AsSpan(_loopbackOrigin.Length), out var registeredRest)
            && rest.SequenceEqual(registeredRest);
    }

    /// <inheritdoc />
    public override string ToString() => Value;

    // "http://127.0.0.1:4711/cb" to "http://127.0.0.1", "http://[::1]/cb" to "http://[::1]".
    private static string OriginWithoutPort(string value)
    {
        var hostStart = value.IndexOf("//", StringComparison.Ordinal) + 2;
        var hostEnd = value[hostStart] == '['
            ? value.IndexOf(']', hostStart) + 1
            : value.AsSpan(hostStart).IndexOfAny(":/?") is var length and >= 0 ? hostStart + length : value.Length;
        return value[..hostEnd];
    }

    // What follows the host must be a port, a path, a query or the end, or "127.0.0.1.example" would pass for 127.0.0.1.
    private static bool TrySkipPort(ReadOnlySpan<char> afterHost, out ReadOnlySpan<char> rest)
    {
        rest = afterHost;
        if (afterHost.IsEmpty || afterHost[0] is '/' or '?')
        {
            return true;
        }

        var digits = afterHost[1..].IndexOfAnyExceptInRange('0', '9') is var length and >= 0 ? length : afterHost.Length - 1;
        if (afterHost[0] != ':' || !UriRules.IsPort(afterHost.Slice(1, digits)))
        {
            return false;
        }

        rest = afterHost[(1 + digits)..];
        return rest.IsEmpty || rest[0] is '/' or '?';
    }
}
