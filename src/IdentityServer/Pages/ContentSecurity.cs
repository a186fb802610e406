using System.Globalization;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Pages;

/// <summary>
/// This response's Content-Security-Policy. It starts from nothing; a page opens exactly what it needs, before it writes.
/// </summary>
internal sealed class ContentSecurity
{
    private const int NonceBytes = 16;

    private string? _formTargets = "'self'";
    private string? _frames;
    private string? _nonce;
    private bool _sandbox;
    private bool _requests;

    /// <summary>The policy of the response under way.</summary>
    public static ContentSecurity Of(HttpContext context)
    {
        if (context.Features.Get<ContentSecurity>() is { } security)
        {
            return security;
        }

        security = new ContentSecurity();
        context.Features.Set(security);
        return security;
    }

    /// <summary>Lets the one script run that carries this value in its <c>nonce</c> attribute. Made when first asked for.</summary>
    public string Nonce => _nonce ??= Convert.ToBase64String(RandomNumberGenerator.GetBytes(NonceBytes));

    /// <summary>Whether the page may be the popup of another site, whose hold on the window must last.</summary>
    public bool KeepsOpener { get; private set; }

    /// <summary>Lets the page's forms post to the origin of one address, and nowhere else.</summary>
    /// <param name="target">A validated absolute address.</param>
    public void LimitFormsTo(Uri target) => _formTargets = OriginOf(target);

    /// <summary>
    /// Says nothing about form targets. Browsers hold <c>form-action</c> against the whole redirect chain after a post, and the chain of
    /// a sign-in ends at the client's redirect URI.
    /// </summary>
    public void AllowAnyFormTarget() => _formTargets = null;

    /// <summary>Lets the page show frames of these addresses' origins, and of no other.</summary>
    /// <param name="targets">Validated absolute addresses.</param>
    public void LimitFramesTo(IEnumerable<Uri> targets) => _frames = string.Join(' ', targets.Select(OriginOf).Distinct(StringComparer.Ordinal));

    /// <summary>Lets the page's script ask this server, and no other.</summary>
    public void AllowOwnRequests() => _requests = true;

    /// <summary>Leaves the window to the site that opened it.</summary>
    public void KeepOpener() => KeepsOpener = true;

    /// <summary>
    /// Shows a document that is not ours, such as a mail: it has no origin, runs nothing, loads nothing, posts nothing. Only the styles
    /// written into it apply.
    /// </summary>
    public void Sandbox() => _sandbox = true;

    /// <summary>The header's value.</summary>
    public string Policy()
    {
        if (_sandbox)
        {
            return "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
        }

        var policy = new StringBuilder("default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'");
        if (_nonce is not null)
        {
            policy.Append("; script-src 'nonce-").Append(_nonce).Append('\'');
        }

        if (_requests)
        {
            policy.Append("; connect-src 'self'");
        }

        if (_frames is not null)
        {
            policy.Append("; frame-src ").Append(_frames);
        }

        if (_formTargets is not null)
        {
            policy.Append("; form-action ").Append(_formTargets);
        }

        return policy.ToString();
    }

    // A policy names hosts by name or IPv4 address only (CSP 3 §2.3.1): what else there is counts by its scheme.
    private static string OriginOf(Uri target)
    {
        if (target.Scheme is not ("https" or "http") || target.HostNameType == UriHostNameType.IPv6)
        {
            return $"{target.Scheme}:";
        }

        return target.IsDefaultPort
            ? $"{target.Scheme}://{target.IdnHost}"
            : string.Create(CultureInfo.InvariantCulture, $"{target.Scheme}://{target.IdnHost}:{target.Port}");
    }
}

/// <summary>
/// Marks a page or endpoint of the chain that starts and ends at the authorization endpoint. Its forms may end at any client, and it
/// may be the popup of another site, whose hold on the window must last.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class AuthorizeChainAttribute : Attribute;
