using IdentityServer.Sessions;
using IdentityServer.SignIn;
using IdentityServer.Trials;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Portal.TryIt;

/// <summary>
/// Our redirect URI. It asks for no sign-in of the owner, whose session another account's may have taken the place of on the way: the browser's
/// own cookie and <c>state</c> say which run the answer is of, and the run is shown elsewhere, to its owner.
/// </summary>
[ReachedWithoutSignIn]
[IgnoreAntiforgeryToken] // the answer's state is what a token of ours would be, and the answer is the protocol's
internal sealed class CallbackModel(TrialReturn back, SessionReader sessions) : PageModel
{
    /// <summary>The run that came back; null when none did.</summary>
    public Trial? Trial { get; private set; }

    /// <summary>Where somebody signs in to see a run.</summary>
    public static string SignInAddress(Trial trial) => ReturnRequest.Of(null, null, page: TrialUrls.Run(trial)).SignInPage();

    public Task<IActionResult> OnGetAsync(CancellationToken cancellationToken) =>
        TakeAsync(new TrialAnswer(HttpMethods.Get, Request.Query), cancellationToken);

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken) => Request.HasFormContentType
        ? await TakeAsync(new TrialAnswer(HttpMethods.Post, await Request.ReadFormAsync(cancellationToken)), cancellationToken)
        : Nothing();

    private async Task<IActionResult> TakeAsync(TrialAnswer answer, CancellationToken cancellationToken)
    {
        if (TrialCookie.Find(HttpContext) is not { } browser || await back.TakeAsync(browser, answer, cancellationToken) is not { } trial)
        {
            return Nothing();
        }

        TrialCookie.Forget(HttpContext);
        if (await sessions.CurrentAsync() is { } session && session.UserId == trial.UserId)
        {
            return new SeeOther(TrialUrls.Run(trial));
        }

        // Somebody else is signed in here now. What came of the run is the owner's to see.
        Trial = trial;
        return Page();
    }

    private PageResult Nothing()
    {
        Response.StatusCode = StatusCodes.Status400BadRequest;
        return Page();
    }
}
