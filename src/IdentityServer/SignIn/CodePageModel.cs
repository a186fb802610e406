using System.Diagnostics;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Languages;
using IdentityServer.Pages;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.SignIn;

/// <summary>A page that takes a mailed code: what all of them do alike, whatever the code is for.</summary>
internal abstract class CodePageModel(CodePageReader reader, TimeProvider clock, string purpose) : PageModel
{
    // Long enough to find the mail and type five digits (WCAG 2.2.1 asks for a warning and a way to get more time: starting over).
    private static readonly TimeSpan _soon = TimeSpan.FromMinutes(5);

    [BindProperty(SupportsGet = true, Name = "challenge")]
    public string? ChallengeId { get; set; }

    [BindProperty]
    public string? Digits { get; set; }

    /// <summary>The challenge, once it is loaded.</summary>
    public CodePageView? View { get; private set; }

    public string? Notice { get; private set; }

    public string? Problem { get; private set; }

    /// <summary>What describes the code's field, for those who cannot see how things stand together.</summary>
    public string Description => Problem is null ? "validity" : "problem validity";

    public string DeliveryText => CodeWords.Delivery(Words.Words, View!.Delivery);

    public string Validity => CodeWords.Validity(Words.Words, View!.Challenge, clock.GetUtcNow());

    /// <summary>The warning that the code ends soon; null while there is time.</summary>
    public string? Ending => Left < _soon ? Words.Say("code.ending", ("span", Words.Words.Span(Left))) : null;

    /// <summary>How long the code is valid, for the script that warns before it ends.</summary>
    public long MillisecondsLeft => (long)Left.TotalMilliseconds;

    /// <summary>Where the script asks how the mail gets on; null where that is not told.</summary>
    public string? StateUrl => TellsDelivery ? PageUrl(View!.Challenge.Id) + "&handler=State" : null;

    /// <summary>When the mail can be sent again, if not now; null when it can.</summary>
    public string? ResendHint => ResendPolicy.Judge(View!.Challenge.Sends, View.Challenge.LastSentAt, clock.GetUtcNow()) switch
    {
        ResendVerdict.Wait wait => Words.Say("code.resend-wait", ("wait", Words.Words.Span(wait.Remaining))),
        ResendVerdict.Spent => Words["code.resend-spent"],
        _ => null,
    };

    /// <summary>Where to begin anew.</summary>
    public string StartOverUrl => AskUrl(null);

    // Named in the form: after a resend the page stands at the address of the resend, and a code must not be sent there.
    public string AnswerUrl => PageUrl(View!.Challenge.Id);

    public string ResendUrl => PageUrl(View!.Challenge.Id) + "&handler=Resend";

    private TimeSpan Left => View!.Challenge.ExpiresAt - clock.GetUtcNow();

    protected PageWords Words => PageWords.Of(HttpContext);

    protected ReturnRequest Target => ReturnRequest.Of(HttpContext);

    /// <summary>
    /// Whether the page tells where the mail is. Only where somebody has shown a password: to strangers it would tell which addresses have
    /// accounts, since nothing is mailed to the others.
    /// </summary>
    protected virtual bool TellsDelivery => false;

    /// <summary>The browser's handle, if it holds one of the challenge that the address names.</summary>
    protected HandleCookie? Pending => Guid.TryParseExact(ChallengeId, "N", out var id) ? PendingSignIn.Find(HttpContext, id) : null;

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken) =>
        await LoadAsync(cancellationToken) ? Page() : StartAgain();

    /// <summary>How the mail gets on, for the script that keeps the page up to date.</summary>
    public async Task<IActionResult> OnGetStateAsync(CancellationToken cancellationToken) => TellsDelivery && await LoadAsync(cancellationToken)
        ? new JsonResult(new
        {
            state = View!.Delivery.ToString().ToLowerInvariant(),
            text = DeliveryText,
            final = View.Delivery is not (DeliveryState.Queued or DeliveryState.Deferred),
        })
        : NotFound();

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

    /// <summary>What the script says so many minutes before the end.</summary>
    public string EndingIn(int minutes) => Words.Say("code.ending", ("span", Words.Words.Span(TimeSpan.FromMinutes(minutes))));

    /// <summary>Where the whole thing begins.</summary>
    protected abstract string AskUrl(string? reason);

    /// <summary>This page, for a challenge.</summary>
    protected abstract string PageUrl(Guid challengeId);

    /// <summary>Mails the code of the loaded challenge once more.</summary>
    protected abstract Task<ResendOutcome> ResendAsync(CancellationToken cancellationToken);

    /// <summary>Reads what the page shows beside the challenge.</summary>
    /// <returns>False when there is nothing to show after all.</returns>
    protected virtual Task<bool> LoadMoreAsync(CancellationToken cancellationToken) => Task.FromResult(true);

    /// <summary>What to answer when no more guesses are allowed.</summary>
    protected virtual Task<IActionResult> ExhaustedAsync(CancellationToken cancellationToken) =>
        RefuseAsync(Words["limits.proofs"], StatusCodes.Status429TooManyRequests, cancellationToken);

    /// <summary>Takes the code that was typed: what is no code costs nothing, what is right leads on.</summary>
    /// <param name="judge">Judges it, for the challenge that this browser holds a handle of.</param>
    /// <param name="next">Where acceptance leads.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    protected async Task<IActionResult> TakeAsync(
        Func<HandleCookie, OneTimeCode, Task<OtpVerdict>> judge, Func<OtpVerdict.Accepted, string> next, CancellationToken cancellationToken)
    {
        if (Pending is not { } pending)
        {
            return StartAgain();
        }

        if (!OneTimeCode.TryParse(Digits, out var code))
        {
            return await RefuseAsync(Words["code.malformed"], cancellationToken);
        }

        var verdict = await judge(pending, code);
        if (verdict is not OtpVerdict.Accepted accepted)
        {
            return await AnswerAsync(verdict, cancellationToken);
        }

        PendingSignIn.Forget(HttpContext, pending.Id);
        return new SeeOther(next(accepted));
    }

    /// <summary>What to answer to a verdict that is not acceptance.</summary>
    protected async Task<IActionResult> AnswerAsync(OtpVerdict verdict, CancellationToken cancellationToken) => verdict switch
    {
        OtpVerdict.Wrong wrong => await RefuseAsync(Words.Say("code.wrong", (Text.Count, wrong.AttemptsLeft)), cancellationToken),
        OtpVerdict.SlowDown slow => await LaterAsync("limits.attempts", slow.RetryAfter, cancellationToken),
        OtpVerdict.BudgetExhausted => await ExhaustedAsync(cancellationToken),
        OtpVerdict.Void => StartAgain(),
        var other => throw new UnreachableException($"Unmapped verdict {other}."),
    };

    /// <summary>Shows the page again with what is wrong.</summary>
    protected Task<IActionResult> RefuseAsync(string problem, CancellationToken cancellationToken) =>
        RefuseAsync(problem, StatusCodes.Status200OK, cancellationToken);

    /// <summary>Shows the page again without a challenge, with what is wrong.</summary>
    protected PageResult Stop(string problem)
    {
        Problem = problem;
        return Page();
    }

    private async Task<IActionResult> RefuseAsync(string problem, int status, CancellationToken cancellationToken)
    {
        Response.StatusCode = status;
        Problem = problem;
        return await LoadAsync(cancellationToken) ? Page() : StartAgain();
    }

    // One answer for every code that cannot be judged any more (I4); the flow it belongs to goes on after a new start.
    protected SeeOther StartAgain() => new SeeOther(AskUrl(SignInReason.CodeVoid));

    private Task<IActionResult> LaterAsync(string text, TimeSpan wait, CancellationToken cancellationToken)
    {
        WaitAnswer.Write(Response, StatusCodes.Status429TooManyRequests, wait);
        return RefuseAsync(Words.Say(text, ("wait", Words.Words.Span(wait))), StatusCodes.Status429TooManyRequests, cancellationToken);
    }

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        View = await reader.FindAsync(Pending, purpose);
        return View is not null && await LoadMoreAsync(cancellationToken);
    }
}
