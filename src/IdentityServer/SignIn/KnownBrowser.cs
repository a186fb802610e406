using System.Security.Cryptography;
using IdentityServer.Sessions;
using Microsoft.AspNetCore.DataProtection;

namespace IdentityServer.SignIn;

/// <summary>
/// Remembers, in a signed cookie, that this browser once completed both steps for an account. All it ever gives is a lane of its own at
/// the password step, so that a stranger's failures don't slow the owner down. It never skips the code.
/// </summary>
internal sealed class KnownBrowser(IDataProtectionProvider protection, IHttpContextAccessor http)
{
    private const string CookieName = "idsrv.browser";
    private static readonly TimeSpan _lifetime = TimeSpan.FromDays(180);
    private readonly ITimeLimitedDataProtector _protector =
        protection.CreateProtector("IdentityServer.SignIn.KnownBrowser.v1").ToTimeLimitedDataProtector();

    /// <summary>True when this browser completed a sign-in of that account before.</summary>
    public bool Knows(Guid userId)
    {
        if (http.HttpContext is not { } context
            || context.Request.Cookies[HandleCookie.NameOf(context, CookieName)] is not { Length: < 2048 } value)
        {
            return false;
        }

        try
        {
            return _protector.Unprotect(value).Split(' ').Contains(userId.ToString("N"), StringComparer.Ordinal);
        }
        catch (CryptographicException)
        {
            // Forged, expired, or of a ring that is gone: an unknown browser.
            return false;
        }
    }

    /// <summary>Remembers the account beside up to three others.</summary>
    public void Remember(Guid userId)
    {
        if (http.HttpContext is not { } context || Knows(userId))
        {
            return;
        }

        var others = Known(context).Where(id => id != userId.ToString("N")).Take(3);
        context.Response.Cookies.Append(
            HandleCookie.NameOf(context, CookieName),
            _protector.Protect(string.Join(' ', others.Prepend(userId.ToString("N"))), _lifetime),
            HandleCookie.Options(context, _lifetime));
    }

    private string[] Known(HttpContext context)
    {
        try
        {
            return context.Request.Cookies[HandleCookie.NameOf(context, CookieName)] is { Length: > 0 and < 2048 } value
                ? _protector.Unprotect(value).Split(' ')
                : [];
        }
        catch (CryptographicException)
        {
            return [];
        }
    }
}
