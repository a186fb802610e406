using System.Diagnostics;
using System.Globalization;
using IdentityServer.Diagnostics;
using IdentityServer.Languages;
using IdentityServer.Pages;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Hosting;

/// <summary>What a person sees when something failed: no details, and a reference under which the log has them.</summary>
[IgnoreAntiforgeryToken] // it is rendered in place of posts, too
[ResponseCache(NoStore = true)]
internal sealed partial class ErrorModel(ILogger<ErrorModel> logger) : PageModel
{
    internal string Heading { get; private set; } = "";

    internal string Explanation { get; private set; } = "";

    internal string Reference { get; private set; } = "";

    /// <summary>Shown for every method: the failed request keeps its own.</summary>
    public override void OnPageHandlerExecuting(Microsoft.AspNetCore.Mvc.Filters.PageHandlerExecutingContext context)
    {
        var status = StatusToShow();
        Response.StatusCode = status;
        Reference = ClientTrail.Of(HttpContext).Reference;
        (Heading, Explanation) = HttpContext.Features.Get<ErrorExplanation>() is { } known ? (known.Heading, known.Text) : Say(status);
        Failures.AskToRetry(Response);
        LogShown(logger, status, Reference, Activity.Current?.TraceId.ToHexString());
    }

    // Asked for directly, the page does not exist.
    private int StatusToShow() =>
        HttpContext.Features.Get<IExceptionHandlerPathFeature>() is not null ? Response.StatusCode // what Failures made of it
        : HttpContext.Features.Get<IStatusCodeReExecuteFeature>() is { } failed ? failed.OriginalStatusCode
        : StatusCodes.Status404NotFound;

    private (string Heading, string Explanation) Say(int status)
    {
        var words = PageWords.Of(HttpContext);
        var key = status switch
        {
            400 or 403 or 404 or 413 or 429 or 503 => string.Create(CultureInfo.InvariantCulture, $"error.{status}"),
            >= 500 => "error.500",
            _ => "error.other",
        };
        return (words[key], words[$"{key}-help"]);
    }

    [LoggerMessage(Level = LogLevel.Warning, Message = "Showed the error page for status {Status} under reference {Reference}, in the trace {TraceId}.")]
    private static partial void LogShown(ILogger logger, int status, string reference, string? traceId);
}
