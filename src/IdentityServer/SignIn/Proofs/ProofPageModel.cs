using System.Globalization;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Languages;
using IdentityServer.Sessions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.SignIn.Proofs;

/// <summary>A page that takes a mailed code to prove a mailbox, and opens no session with it.</summary>
internal abstract class ProofPageModel(CodePageReader reader, TimeProvider clock, string purpose) : PageModel
{
    [BindProperty(SupportsGet = true, Name = "challenge")]
    public string? ChallengeId { get; set; }

    [BindProperty]
    public string? Digits { get; set; }

    /// <summary>The challenge, once it is loaded.</summary>
    public CodePageView? View { get; private set; }

    public string? Notice { get; private set; }

    public string? Problem { get; private set; }

    public string Validity => CodeWords.Validity(Words.Words, View!.Challenge, clock.GetUtcNow());

    /// <summary>Where to begin anew.</summary>
    public string StartOverUrl => AskUrl(null);

    // Named in the form: after a resend the page stands at the address of the resend, and a code must not be sent there.
    public string AnswerUrl => PageUrl(View!.Challenge.Id);

    public string ResendUrl => PageUrl(View!.Challenge.Id) + "&handler=Resend";

    protected PageWords Words => PageWords.Of(HttpContext);

    protected ReturnRequest Target => ReturnRequest.Of(HttpContext);

    /// <summary>The browser's handle, if it holds one of the challenge that the address names.</summary>
    protected HandleCookie? Pending => Guid.TryParseExact(ChallengeId, "N", out var id) ? PendingSignIn.Find(HttpContext, id) : null;

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken) =>
        await LoadAsync(cancellationToken) ? Page() : StartAgain();

    public async Task<IActionResult> OnPostResendAsync(CancellationToken cancellationToken)
    {
        if (!await LoadAsync(cancellationToken))
        {
            return StartAgain();
        }

        switch (await ResendAsync(cancellationToken))
        {
            case ResendOutcome.Sent:
                Notice = Words["code.resent"];
                return await LoadAsync(cancellationToken) ? Page() : StartAgain();
            case ResendOutcome.Wait wait:
                return await LaterAsync("code.resend-wait", wait.Remaining, cancellationToken);
            default:
                return await RefuseAsync(Words["code.resend-spent"], cancellationToken);
        }
    }

    /// <summary>Where the whole thing begins.</summary>
    protected abstract string AskUrl(string? reason);

    /// <summary>This page, for a challenge.</summary>
    protected abstract string PageUrl(Guid challengeId);

    /// <summary>Mails the code of the loaded challenge once more.</summary>
    protected abstract Task<ResendOutcome> ResendAsync(CancellationToken cancellationToken);

    /// <summary>Reads what the page shows beside the challenge.</summary>
    protected virtual Task LoadMoreAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>What to answer to a verdict that is not acceptance.</summary>
    protected async Task<IActionResult> AnswerAsync(OtpVerdict verdict, CancellationToken cancellationToken) => verdict switch
    {
        OtpVerdict.Wrong wrong => await RefuseAsync(Words.Say("code.wrong", (Text.Count, wrong.AttemptsLeft)), cancellationToken),
        OtpVerdict.SlowDown slow => await LaterAsync("limits.attempts", slow.RetryAfter, cancellationToken),
        OtpVerdict.BudgetExhausted => await RefuseAsync(Words["limits.proofs"], StatusCodes.Status429TooManyRequests, cancellationToken),
        _ => StartAgain(),
    };

    /// <summary>Shows the page again with what is wrong.</summary>
    protected Task<IActionResult> RefuseAsync(string problem, CancellationToken cancellationToken) =>
        RefuseAsync(problem, StatusCodes.Status200OK, cancellationToken);

    private async Task<IActionResult> RefuseAsync(string problem, int status, CancellationToken cancellationToken)
    {
        Response.StatusCode = status;
        Problem = problem;
        return await LoadAsync(cancellationToken) ? Page() : StartAgain();
    }

    // One answer for every code that cannot be judged any more (I4).
    protected SeeOther StartAgain() => new SeeOther(AskUrl(PasswordModel.CodeVoid));

    private Task<IActionResult> LaterAsync(string text, TimeSpan wait, CancellationToken cancellationToken)
    {
        Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return RefuseAsync(Words.Say(text, ("wait", Words.Words.Span(wait))), StatusCodes.Status429TooManyRequests, cancellationToken);
    }

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        View = await reader.FindAsync(Pending, purpose);
        if (View is null)
        {
            return false;
        }

        await LoadMoreAsync(cancellationToken);
        return true;
    }
}
