using IdentityServer.Pages;
using IdentityServer.Settings;
using Microsoft.Net.Http.Headers;

namespace IdentityServer.Hosting;

/// <summary>
/// The headers that every response carries, whatever made it: they are set when the response starts, since an error handler clears
/// what was set before.
/// </summary>
internal sealed class SecurityHeaders(RequestDelegate next, Installation installation)
{
    private const string BarePolicy = "default-src 'none'; frame-ancestors 'none'";
    private const string NoFeatures =
        "accelerometer=(), autoplay=(), camera=(), clipboard-read=(), display-capture=(), encrypted-media=(), fullscreen=(), geolocation=(), "
        + "gyroscope=(), hid=(), idle-detection=(), magnetometer=(), microphone=(), midi=(), payment=(), screen-wake-lock=(), serial=(), "
        + "usb=(), xr-spatial-tracking=()";

    // A year. Subdomains are not ours to decide for.
    private const string Strict = "max-age=31536000";

    public Task InvokeAsync(HttpContext context)
    {
        context.Response.OnStarting(static state => Write(((HttpContext, bool))state), (context, !installation.IsDevelopment));
        return next(context);
    }

    private static Task Write((HttpContext Context, bool Production) state)
    {
        var (context, production) = state;
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "same-origin";
        headers["Permissions-Policy"] = NoFeatures;
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        if (production && context.Request.IsHttps)
        {
            headers.StrictTransportSecurity = Strict;
        }

        var page = context.Response.ContentType?.StartsWith("text/html", StringComparison.OrdinalIgnoreCase) == true;
        if (page)
        {
            WritePage(context);
        }
        else
        {
            headers.ContentSecurityPolicy = BarePolicy;
        }

        // What says nothing about caching is not kept: pages hold tokens against forgery, answers hold tokens of users.
        if (page || !headers.ContainsKey(HeaderNames.CacheControl))
        {
            headers.CacheControl = "no-store";
        }

        return Task.CompletedTask;
    }

    private static void WritePage(HttpContext context)
    {
        var headers = context.Response.Headers;
        var security = ContentSecurity.Of(context);
        if (context.GetEndpoint()?.Metadata.GetMetadata<AuthorizeChainAttribute>() is not null)
        {
            security.AllowAnyFormTarget();
            security.KeepOpener();
        }

        if (!security.KeepsOpener)
        {
            headers["Cross-Origin-Opener-Policy"] = "same-origin";
        }

        headers.ContentSecurityPolicy = security.Policy();
        headers.XFrameOptions = "DENY"; // for browsers that do not know frame-ancestors
    }
}
