namespace IdentityServer.Diagnostics;

/// <summary>
/// Hands a request's trail over right before its answer begins, so that whoever has the answer finds what is recorded of it, and takes the
/// time of the token endpoint. It stands around the error pages: a failure's reference is the one that was shown.
/// </summary>
internal sealed class FollowRequests(RequestDelegate next, ClientInsight insight, TimeProvider clock)
{
    private const string TokenEndpoint = "/connect/token";

    public async Task InvokeAsync(HttpContext context)
    {
        var request = new FollowedRequest(
            context, insight, clock, context.Request.Path.Equals(TokenEndpoint, StringComparison.Ordinal) ? clock.GetTimestamp() : null);
        context.Response.OnStarting(static state => HandOver((FollowedRequest)state), request);
        try
        {
            await next(context);
        }
        finally
        {
            request.HandOver(); // of a request that nothing was answered to
        }
    }

    private static Task HandOver(FollowedRequest request)
    {
        request.HandOver();
        return Task.CompletedTask;
    }

    private sealed class FollowedRequest(HttpContext context, ClientInsight insight, TimeProvider clock, long? start)
    {
        private bool _done;

        public void HandOver()
        {
            if (!_done && context.Features.Get<ClientTrail>() is { } trail)
            {
                _done = true;
                insight.Take(trail, start is { } began ? clock.GetElapsedTime(began) : null);
            }
        }
    }
}
