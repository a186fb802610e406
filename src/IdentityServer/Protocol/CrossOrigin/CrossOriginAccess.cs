using System.Collections.Frozen;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using Microsoft.Net.Http.Headers;

namespace IdentityServer.Protocol.CrossOrigin;

/// <summary>
/// Lets pages of registered clients call, from the browser, the endpoints that a client without a server needs, and read what they answer
/// (the Fetch standard's CORS protocol). Never with cookies, never for every origin, and nowhere else: an authorization endpoint
/// or a page that scripts could read would hand them what was meant for the person (OAuth 2.0 for Browser-Based Applications; RFC 9700 §2.6).
/// </summary>
internal sealed class CrossOriginAccess(RequestDelegate next, RegisteredOrigins origins, BlockedOrigins blocked, ILogger<CrossOriginAccess> logger)
{
    // Longer than it takes to sign in and refresh, shorter than anybody waits after taking a client away. The answers themselves are
    // judged each time.
    private const string PreflightSeconds = "600";
    private const string RequestHeaders = "authorization, content-type";
    private const string ReadableHeaders = "WWW-Authenticate, Retry-After";

    private static readonly FrozenDictionary<string, string> _methods = new Dictionary<string, string>
    {
        ["/.well-known/openid-configuration"] = "GET",
        ["/.well-known/oauth-authorization-server"] = "GET",
        ["/.well-known/jwks"] = "GET",
        ["/connect/token"] = "POST",
        ["/connect/userinfo"] = "GET, POST",
        ["/connect/revoke"] = "POST",
    }.ToFrozenDictionary(StringComparer.OrdinalIgnoreCase);

    public Task InvokeAsync(HttpContext context) =>
        _methods.TryGetValue(context.Request.Path.Value ?? "", out var methods) ? AnswerAsync(context, methods) : next(context);

    private async Task AnswerAsync(HttpContext context, string methods)
    {
        var request = context.Request;
        var origin = request.Headers.Origin.ToString();
        var admitted = origin.Length > 0 && await IsAdmittedAsync(origin, context.RequestAborted);

        // When the answer starts, because refusals and failures are for the page to read as well, and some clear what was set before.
        context.Response.OnStarting(
            static state => Write(((HttpResponse, string?))state), (context.Response, admitted ? origin : null));
        if (origin.Length > 0 && !admitted)
        {
            logger.OriginNotRegistered(Name(origin), request.Path);
        }

        // The browser asks before it sends what no form could. It is content with any answer and goes by the headers.
        if (HttpMethods.IsOptions(request.Method) && origin.Length > 0 && request.Headers.ContainsKey(HeaderNames.AccessControlRequestMethod))
        {
            context.Response.StatusCode = StatusCodes.Status204NoContent;
            if (!admitted)
            {
                await blocked.NotePreflightAsync(context, origin);
            }
            else
            {
                context.Response.Headers.AccessControlAllowMethods = methods;
                context.Response.Headers.AccessControlAllowHeaders = RequestHeaders;
                context.Response.Headers.AccessControlMaxAge = PreflightSeconds;
            }

            return;
        }

        await next(context);
        if (origin.Length > 0 && !admitted)
        {
            await blocked.NoteAsync(context, origin);
        }
    }

    // Discovery and keys need no database, and must not fail for a page that asks while it is away: the page is not admitted, no more.
    private async Task<bool> IsAdmittedAsync(string origin, CancellationToken cancellationToken)
    {
        try
        {
            return await origins.ContainAsync(origin, cancellationToken);
        }
        catch (Exception failure) when (StorageFailure.IsPassing(failure))
        {
            return false;
        }
    }

    private static Task Write((HttpResponse Response, string? Origin) state)
    {
        var headers = state.Response.Headers;
        headers.Append(HeaderNames.Vary, HeaderNames.Origin); // whoever asks: a cache must not show one origin what another was answered
        if (state.Origin is { } origin)
        {
            headers.AccessControlAllowOrigin = origin;
            headers.AccessControlExposeHeaders = ReadableHeaders;
        }

        return Task.CompletedTask;
    }

    // What no browser sends could be anything, and does not belong in a log.
    private static string Name(string origin) => origin == "null" || WebOrigin.IsWellFormed(origin) ? origin : "(malformed)";
}
