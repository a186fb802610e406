using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace WebClient.Pages;

/// <summary>Puts into words what went wrong on the way to the provider or back.</summary>
[IgnoreAntiforgeryToken]
[ResponseCache(NoStore = true, Location = ResponseCacheLocation.None)]
internal sealed class ErrorModel(IConfiguration configuration) : PageModel
{
    private Exception? Problem => HttpContext.Features.Get<IExceptionHandlerFeature>()?.Error;

    /// <summary>Where people are sent to sign in.</summary>
    public string? Authority => configuration["Authority"];

    /// <summary>True when the provider could not be reached at all.</summary>
    public bool Unreachable => Chain(Problem).Any(problem => problem is HttpRequestException);

    /// <summary>What happened, for everything else.</summary>
    public string Reason => Problem is AuthenticationFailureException failure
        ? $"The sign-in did not complete. {(failure.InnerException ?? failure).Message}"
        : "Something went wrong here; the console says more.";

    private static IEnumerable<Exception> Chain(Exception? problem)
    {
        for (; problem is not null; problem = problem.InnerException)
        {
            yield return problem;
        }
    }
}
