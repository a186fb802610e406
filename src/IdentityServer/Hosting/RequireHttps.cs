using IdentityServer.Settings;

namespace IdentityServer.Hosting;

/// <summary>
/// Outside Development nothing is answered over plain http, health checks apart. No redirect: behind a proxy that is not known it
/// would go round in circles, and what was sent in the clear is already out.
/// </summary>
internal sealed class RequireHttps(RequestDelegate next, Installation installation)
{
    public Task InvokeAsync(HttpContext context)
    {
        // A trusted proxy may pass on what a stranger wrote: redirects and the issuer must not take their scheme from there.
        if (context.Request.Scheme is not ("http" or "https"))
        {
            context.Response.StatusCode = StatusCodes.Status400BadRequest;
            return Task.CompletedTask;
        }

        if (installation.IsDevelopment || context.Request.IsHttps || context.Request.Path.StartsWithSegments(Health.Root, StringComparison.Ordinal))
        {
            return next(context);
        }

        context.Response.StatusCode = StatusCodes.Status400BadRequest;
        context.Response.ContentType = "text/plain; charset=utf-8";
        return context.Response.WriteAsync(
            "This server answers over https only. If a proxy ends TLS for it, the proxy must be named in Proxy:KnownAddresses or Proxy:KnownNetworks and send X-Forwarded-Proto.\n",
            context.RequestAborted);
    }
}
