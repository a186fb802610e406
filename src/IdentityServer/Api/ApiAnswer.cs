using Microsoft.Net.Http.Headers;

namespace IdentityServer.Api;

/// <summary>What the API answers: whole before its first byte is sent, so that it can be kept and given again.</summary>
/// <param name="Status">The HTTP status.</param>
/// <param name="Body">UTF-8; empty for none.</param>
/// <param name="ContentType">What it is; null for no body.</param>
internal sealed record ApiAnswer(int Status, byte[] Body, string? ContentType) : IResult
{
    /// <summary>Where what was made can be found; null for nothing made.</summary>
    public string? Location { get; init; }

    /// <summary>The entity tag with its quotes; null for none.</summary>
    public string? ETag { get; init; }

    /// <summary>The header <c>Retry-After</c>; null for none.</summary>
    public string? RetryAfter { get; init; }

    /// <summary>The header <c>WWW-Authenticate</c>; null for none.</summary>
    public string? Challenge { get; init; }

    /// <summary>Whether what was asked for was done.</summary>
    public bool Succeeded => Status is >= 200 and < 300;

    public static ApiAnswer Of<T>(T value, int status = StatusCodes.Status200OK) => new(status, ApiJson.Write(value), ApiJson.MediaType);

    /// <summary>Done, and there is nothing to say.</summary>
    public static ApiAnswer Nothing { get; } = new(StatusCodes.Status204NoContent, [], null);

    /// <summary>The reader has it already (RFC 9110 §15.4.5).</summary>
    public static ApiAnswer NotModified(string etag) => new(StatusCodes.Status304NotModified, [], null) { ETag = etag };

    public async Task ExecuteAsync(HttpContext httpContext)
    {
        ArgumentNullException.ThrowIfNull(httpContext);
        var response = httpContext.Response;
        response.StatusCode = Status;
        response.Headers.CacheControl = "no-store";
        Set(HeaderNames.Location, Location);
        Set(HeaderNames.ETag, ETag);
        Set(HeaderNames.RetryAfter, RetryAfter);
        Set(HeaderNames.WWWAuthenticate, Challenge);
        if (ContentType is not null)
        {
            response.ContentType = ContentType;
            response.ContentLength = Body.Length;
            await response.Body.WriteAsync(Body, httpContext.RequestAborted);
        }

        void Set(string name, string? value)
        {
            if (value is not null)
            {
                response.Headers[name] = value;
            }
        }
    }

    /// <summary>The status only: there may be a secret in the rest.</summary>
    public override string ToString() => $"{Status}";
}
