using Microsoft.AspNetCore.Diagnostics;

namespace IdentityServer.Api;

/// <summary>Writes a problem where something before the API's operations refused, or failed, with a bare status.</summary>
internal static class ApiStatusPages
{
    public static Task WriteAsync(StatusCodeContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return WriteAsync(context.HttpContext);
    }

    /// <summary>The problem of the status that was set; headers that were set stay.</summary>
    public static Task WriteAsync(HttpContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        return Of(context.Response.StatusCode, context.TraceIdentifier).ExecuteAsync(context);
    }

    private static ApiAnswer Of(int status, string reference) => status switch
    {
        StatusCodes.Status404NotFound => ApiProblem.Of(ApiProblemType.NotFound, "There is no such operation. GET /api/v1/openapi.json lists those that there are."),
        StatusCodes.Status405MethodNotAllowed => ApiProblem.Of(ApiProblemType.MethodNotAllowed, "The header Allow tells the methods that mean something here."),
        StatusCodes.Status413PayloadTooLarge => ApiProblem.Of(ApiProblemType.TooLarge, "At most 64 KB are read."),
        StatusCodes.Status503ServiceUnavailable => ApiProblem.Of(ApiProblemType.Unavailable, "Wait as long as Retry-After tells, and try again."),
        >= 500 => ApiProblem.OfFailure("Try again; should it happen again, tell the operator of this server the reference.", reference),
        _ => ApiProblem.Of(
            ApiProblemType.InvalidRequest with { Status = status }, "The request cannot be read, or has characters that mean nothing here."),
    };
}
