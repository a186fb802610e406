namespace IdentityServer.Diagnostics;

/// <summary>
/// Hands a request's trail over when the request has ended, whatever became of it, and takes the time of the token endpoint. It stands around
/// the error pages, so that a failure's reference is the one that was shown.
/// </summary>
internal sealed class FollowRequests(RequestDelegate next, ClientInsight insight, TimeProvider clock)
{
    private const string TokenEndpoint = "/connect/token";

    public async Task InvokeAsync(HttpContext context)
    {
        var timed = context.Request.Path.Equals(TokenEndpoint, StringComparison.Ordinal);
        var start = clock.GetTimestamp();
        try
        {
            await next(context);
        }
        finally
        {
            if (context.Features.Get<ClientTrail>() is { } trail)
            {
                insight.Take(trail, timed ? clock.GetElapsedTime(start) : null);
            }
        }
    }
}
