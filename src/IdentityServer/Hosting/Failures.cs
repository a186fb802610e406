using System.Globalization;
using IdentityServer.Api;
using IdentityServer.Storage;

namespace IdentityServer.Hosting;

/// <summary>
/// What is answered when something failed on the way. A database that is away is no fault of the request: whoever asked is told to come
/// back, by a status that balancers and clients understand, instead of being given up on.
/// </summary>
internal static class Failures
{
    private static readonly TimeSpan RetryAfter = TimeSpan.FromSeconds(5);

    /// <summary>A page for people; the status alone for programs, whose libraries read no HTML.</summary>
    public static void UseFailureAnswers(this IApplicationBuilder app, Func<HttpContext, bool> meantForPeople)
    {
        app.UseExceptionHandler(new ExceptionHandlerOptions { ExceptionHandlingPath = "/error", StatusCodeSelector = StatusOf });
        app.UseWhen(context => !meantForPeople(context), programs => programs.UseExceptionHandler(new ExceptionHandlerOptions
        {
            ExceptionHandler = static context =>
            {
                AskToRetry(context.Response);
                return ApiRoom.IsFor(context) ? ApiStatusPages.WriteAsync(context) : Task.CompletedTask;
            },
            StatusCodeSelector = StatusOf,
        }));
    }

    /// <summary>Says when to come back, where coming back helps.</summary>
    public static void AskToRetry(HttpResponse response)
    {
        if (response.StatusCode == StatusCodes.Status503ServiceUnavailable)
        {
            response.Headers.RetryAfter = RetryAfter.TotalSeconds.ToString(CultureInfo.InvariantCulture);
        }
    }

    private static int StatusOf(Exception failure) => StorageFailure.IsPassing(failure)
        ? StatusCodes.Status503ServiceUnavailable
        : StatusCodes.Status500InternalServerError;
}
