using System.Net;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;

namespace IdentityServer.Settings;

/// <summary>What is true of this installation as a whole, for every room to read.</summary>
/// <param name="product">What it is called.</param>
/// <param name="configuredIssuer">The issuer, where configured; always, outside Development.</param>
/// <param name="development">Whether the environment is Development.</param>
/// <param name="server">Tells the bound addresses, of which the first is the issuer in Development.</param>
internal sealed class Installation(ProductOptions product, Uri? configuredIssuer, bool development, IServer server)
{
    /// <summary>The path of <see cref="TrialCallback"/>.</summary>
    public const string TrialCallbackPath = "/portal/trial/callback";

    /// <summary>What people see this installation called; at most 40 characters on one line.</summary>
    public string ProductName => product.Name;

    /// <summary>True in the environment Development only. Every other environment is held to production's rules.</summary>
    public bool IsDevelopment => development;

    /// <summary>The issuer, or null while it is not known: in Development, when none is configured and nothing is bound yet.</summary>
    public Uri? KnownIssuer => configuredIssuer ?? (development ? ListeningAddress : null);

    /// <summary>Where this very process can be called from this machine, past any proxy; null while nothing is bound.</summary>
    public Uri? ListeningAddress => FirstBoundAddress();

    /// <summary>The issuer: scheme, host and port. Never taken from a request, so that no Host header ends up in a mail or a token.</summary>
    /// <exception cref="InvalidOperationException">Nothing is bound yet: ask once the server listens.</exception>
    public Uri Issuer => KnownIssuer ?? throw new InvalidOperationException("The issuer is known once the server listens.");

    /// <summary>Our own redirect URI, where sign-ins come back that owners of clients try: a page of the portal.</summary>
    /// <exception cref="InvalidOperationException">Nothing is bound yet: ask once the server listens.</exception>
    public string TrialCallback => new Uri(Issuer, TrialCallbackPath).AbsoluteUri;

    /// <summary>
    /// The name a cookie has here. Over https it is bound to this very host by the prefix that browsers enforce (RFC 6265bis §4.1.3);
    /// such a cookie needs <c>Secure</c>, the path <c>/</c> and no domain.
    /// </summary>
    public string CookieName(string name) => HttpsOnly ? $"__Host-{name}" : $"identityserver-{name}";

    /// <summary>Cookies are <c>Secure</c> wherever the issuer is https.</summary>
    public CookieSecurePolicy CookieSecurity => HttpsOnly ? CookieSecurePolicy.Always : CookieSecurePolicy.SameAsRequest;

    private bool HttpsOnly => configuredIssuer?.Scheme == "https";

    private Uri? FirstBoundAddress()
    {
        var address = server.Features.Get<IServerAddressesFeature>()?.Addresses.FirstOrDefault();
        if (address is null)
        {
            return null;
        }

        var binding = BindingAddress.Parse(address);
        var port = binding.Port;
        if (binding.IsUnixPipe || binding.IsNamedPipe || port == 0)
        {
            return null;
        }

        var anyHost = binding.Host is "*" or "+" || (IPAddress.TryParse(binding.Host.Trim('[', ']'), out var ip) && (ip.Equals(IPAddress.Any) || ip.Equals(IPAddress.IPv6Any)));
        return new UriBuilder(binding.Scheme, anyHost ? "localhost" : binding.Host, port).Uri;
    }
}
