using System.Globalization;

namespace IdentityServer.Pages;

/// <summary>Asks whoever sent a request to come back later.</summary>
internal static class WaitAnswer
{
    /// <summary>A wait as the header <c>Retry-After</c> has it (RFC 9110 §10.2.3): whole seconds, at least one.</summary>
    public static string Seconds(TimeSpan wait) => Math.Max(1, Math.Ceiling(wait.TotalSeconds)).ToString(CultureInfo.InvariantCulture);

    /// <summary>Sets status and header.</summary>
    /// <param name="response">Not begun yet.</param>
    /// <param name="status">429 or 503.</param>
    /// <param name="wait">How long.</param>
    public static void Write(HttpResponse response, int status, TimeSpan wait)
    {
        response.StatusCode = status;
        response.Headers.RetryAfter = Seconds(wait);
    }
}
