using IdentityServer.SignIn;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Home.TryIt;

/// <summary>
/// Takes the authorization endpoint's answer, once: reloading or going back shows what it led to, and sends no code twice. This page is
/// seen only when something went wrong.
/// </summary>
internal sealed class CallbackModel(TryItClient client, TryItCookie cookie, TryItShelf shelf) : PageModel
{
    private static readonly TryItOutcome.Stopped NothingUnderWay = new(
        "No sign-in is under way in this browser. It may have begun in another browser, at another address, or more than an hour ago.", null);

    public TryItOutcome.Stopped Problem { get; private set; } = NothingUnderWay;

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken)
    {
        if (cookie.Find(HttpContext) is not { } attempt || !attempt.IsAnsweredBy(Request.Query["state"]))
        {
            return Show(NothingUnderWay);
        }

        var outcome = shelf.Find(attempt);
        if (outcome is null)
        {
            outcome = await client.FinishAsync(AuthorizationAnswer.Of(Request.Query), attempt, cancellationToken);
            shelf.Put(attempt, outcome);
        }

        return outcome is TryItOutcome.Stopped stopped ? Show(stopped) : new SeeOther(TryItAttempt.ResultPath);
    }

    private PageResult Show(TryItOutcome.Stopped problem)
    {
        Problem = problem;
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }
}
