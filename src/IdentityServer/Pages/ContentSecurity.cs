using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Pages;

/// <summary>
/// This response's Content-Security-Policy. It starts from nothing; a page opens exactly what it needs, before it writes.
/// </summary>
internal sealed class ContentSecurity
{
    private const int NonceBytes = 16;

    private readonly List<string> _formTargets = [];
    private string? _nonce;
    private bool _anyFormTarget;
    private bool _sandbox;

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

    /// <summary>Lets a form of this page post to another origin as well.</summary>
    /// <param name="target">A validated absolute address; its origin is what counts. One of a custom scheme counts by its scheme.</param>
    public void AllowFormTarget(Uri target) =>
        _formTargets.Add(target.Scheme is "https" or "http" ? target.GetLeftPart(UriPartial.Authority) : $"{target.Scheme}:");

    /// <summary>
    /// Says nothing about form targets. Browsers hold <c>form-action</c> against the whole redirect chain after a post, and the chain of
    /// a sign-in ends at the client's redirect URI.
    /// </summary>
    public void AllowAnyFormTarget() => _anyFormTarget = true;

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

        if (!_anyFormTarget)
        {
            policy.Append("; form-action 'self'");
            _formTargets.ForEach(target => policy.Append(' ').Append(target));
        }

        return policy.ToString();
    }
}

/// <summary>
/// Marks a page or endpoint of the chain that starts and ends at the authorization endpoint. Its forms may end at any client, and it
/// may be the popup of another site, whose hold on the window must last.
/// </summary>
[AttributeUsage(AttributeTargets.Class | AttributeTargets.Method)]
internal sealed class AuthorizeChainAttribute : Attribute;
