using System.Diagnostics;
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
    private const int ReferenceLength = 12;

    internal string Heading { get; private set; } = "";

    internal string Explanation { get; private set; } = "";

    internal string Reference { get; private set; } = "";

    /// <summary>Shown for every method: the failed request keeps its own.</summary>
    public override void OnPageHandlerExecuting(Microsoft.AspNetCore.Mvc.Filters.PageHandlerExecutingContext context)
    {
        var status = StatusToShow();
        Response.StatusCode = status;
        Reference = (Activity.Current?.TraceId.ToHexString() ?? Guid.NewGuid().ToString("N"))[..ReferenceLength];
        (Heading, Explanation) = HttpContext.Features.Get<ErrorExplanation>() is { } known ? (known.Heading, known.Text) : Words(status);
        Failures.AskToRetry(Response);
        LogShown(logger, status, Reference);
    }

    // Asked for directly, the page does not exist.
    private int StatusToShow() =>
        HttpContext.Features.Get<IExceptionHandlerPathFeature>() is not null ? Response.StatusCode // what Failures made of it
        : HttpContext.Features.Get<IStatusCodeReExecuteFeature>() is { } failed ? failed.OriginalStatusCode
        : StatusCodes.Status404NotFound;

    private static (string Heading, string Explanation) Words(int status) => status switch
    {
        StatusCodes.Status400BadRequest => ("This request could not be read", "Go back to where you came from and try again. If you had left the page open for long, that alone may be the reason."),
        StatusCodes.Status403Forbidden => ("You may not do this", "You are signed in, but not allowed to do this."),
        StatusCodes.Status404NotFound => ("There is no such page", "The address may be mistyped, or the page has gone."),
        StatusCodes.Status413PayloadTooLarge => ("That was too much at once", "This server takes small forms only. Go back and send less."),
        StatusCodes.Status429TooManyRequests => ("Too many attempts", "Wait a while, then try again."),
        StatusCodes.Status503ServiceUnavailable => ("Too busy just now", "Wait a few seconds, then try again."),
        >= 500 => ("Something went wrong on our side", "Nothing you typed is the cause. Try again in a moment; if it keeps failing, tell the reference below to whoever runs this server."),
        _ => ("This did not work", "Go back to where you came from and try again."),
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "Showed the error page for status {Status} under reference {Reference}.")]
    private static partial void LogShown(ILogger logger, int status, string reference);
}
