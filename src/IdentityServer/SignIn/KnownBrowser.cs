using System.Security.Cryptography;
using System.Text;
using IdentityServer.Sessions;
using Microsoft.AspNetCore.DataProtection;

namespace IdentityServer.SignIn;

/// <summary>
/// Remembers, in a signed cookie, that this browser once completed both steps for an account. All it ever gives are limits of its own, for
/// passwords and for the codes of a reset, so that what strangers do does not hold the owner up; and a sign-in in it is not told as that
/// of a new browser. It never skips the code.
/// </summary>
internal sealed class KnownBrowser(IDataProtectionProvider protection, IHttpContextAccessor http)
{
    private const string CookieName = "idsrv.browser";
    private static readonly TimeSpan _lifetime = TimeSpan.FromDays(180);
    private readonly ITimeLimitedDataProtector _protector =
        protection.CreateProtector("IdentityServer.SignIn.KnownBrowser.v2").ToTimeLimitedDataProtector();

    private string[]? _known;

    /// <summary>True when this browser completed a sign-in of that account before.</summary>
    public bool Knows(Guid userId) => Known().Contains(userId.ToString("N"), StringComparer.Ordinal);

    /// <summary>
    /// What the limits of this browser count by for an account that it knows: its own, so that no other browser can use them up.
    /// </summary>
    public Guid LaneOf(Guid userId) => new(SHA256.HashData(Encoding.ASCII.GetBytes($"{userId:N} {Known().FirstOrDefault()}")).AsSpan(0, 16));

    /// <summary>Remembers the account beside up to three others.</summary>
    public void Remember(Guid userId)
    {
        if (http.HttpContext is not { } context || Knows(userId))
        {
            return;
        }

        var known = Known();
        var browser = known.FirstOrDefault() ?? Guid.NewGuid().ToString("N");
        context.Response.Cookies.Append(
            HandleCookie.NameOf(context, CookieName),
            _protector.Protect(string.Join(' ', known.Skip(1).Take(3).Prepend(userId.ToString("N")).Prepend(browser)), _lifetime),
            HandleCookie.Options(context, _lifetime));
    }

    // The browser's own identifier, which is random, and then the accounts; nothing for a cookie that is forged, expired, or of a ring
    // that is gone: an unknown browser.
    private string[] Known() => _known ??= Read(); // opened once for a request, whoever it is of

    private string[] Read()
    {
        try
        {
            return http.HttpContext is { } context && context.Request.Cookies[HandleCookie.NameOf(context, CookieName)] is { Length: > 0 and < 2048 } value
                ? _protector.Unprotect(value).Split(' ')
                : [];
        }
        catch (CryptographicException)
        {
            return [];
        }
    }
}
