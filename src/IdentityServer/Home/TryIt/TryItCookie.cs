using System.Security.Cryptography;
using System.Text.Json;
using IdentityServer.Sessions;
using Microsoft.AspNetCore.DataProtection;

namespace IdentityServer.Home.TryIt;

/// <summary>Keeps an attempt in the browser that began it, encrypted: nobody else's answer can be slipped in, and the page reads nothing.</summary>
internal sealed class TryItCookie(IDataProtectionProvider protection)
{
    private const string Name = "idsrv.try-it";

    // As long as the server keeps the authorization request itself.
    private static readonly TimeSpan Lifetime = TimeSpan.FromHours(1);

    private readonly ITimeLimitedDataProtector _protector = protection.CreateProtector("IdentityServer.Home.TryIt.v1").ToTimeLimitedDataProtector();

    public void Remember(HttpContext context, TryItAttempt attempt) => context.Response.Cookies.Append(
        HandleCookie.NameOf(context, Name),
        _protector.Protect(JsonSerializer.Serialize(attempt), Lifetime),
        HandleCookie.Options(context, Lifetime));

    /// <summary>The attempt of this browser; null when there is none, it is too old, or it was not written here.</summary>
    public TryItAttempt? Find(HttpContext context)
    {
        if (context.Request.Cookies[HandleCookie.NameOf(context, Name)] is not { Length: > 0 and < 4096 } value)
        {
            return null;
        }

        try
        {
            return JsonSerializer.Deserialize<TryItAttempt>(_protector.Unprotect(value));
        }
        catch (CryptographicException)
        {
            return null;
        }
    }
}
