using System.Diagnostics.CodeAnalysis;

namespace IdentityServer.Egress;

/// <summary>One entry of <c>Egress:AllowedHosts</c>.</summary>
internal sealed class AllowedHost
{
    private readonly string _host;
    private readonly int? _port;

    private AllowedHost(string host, int? port) => (_host, _port) = (host, port);

    /// <summary>Takes a host, an IP address (IPv6 in brackets), or one of them and a port; without a port it is the scheme's own.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out AllowedHost? allowed)
    {
        allowed = null;
        if (string.IsNullOrEmpty(text) || !Uri.TryCreate($"other://{text}", UriKind.Absolute, out var parsed) || !parsed.Host.All(char.IsAscii))
        {
            return false;
        }

        // Read back letter by letter: what the parser takes for something else than what was written was a mistake.
        var port = parsed.Port >= 0 ? parsed.Port : (int?)null;
        var written = port is null ? parsed.Host : FormattableString.Invariant($"{parsed.Host}:{port}");
        if (!written.Equals(text, StringComparison.OrdinalIgnoreCase) || port == 0
            || !Uri.TryCreate($"https://{text}", UriKind.Absolute, out var web) || !web.Host.Equals(parsed.Host, StringComparison.OrdinalIgnoreCase)
            || web.HostNameType is not (UriHostNameType.Dns or UriHostNameType.IPv4 or UriHostNameType.IPv6))
        {
            return false;
        }

        allowed = new(web.IdnHost, port);
        return true;
    }

    /// <summary>Whether an address is at this host and port.</summary>
    public bool Covers(Uri address) =>
        address.IdnHost.Equals(_host, StringComparison.OrdinalIgnoreCase) && (_port is null ? address.IsDefaultPort : address.Port == _port);

    /// <summary>Whether the operator named this very port.</summary>
    public bool NamesPort => _port is not null;
}
