using System.Diagnostics;
using System.Globalization;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Pages;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.SignIn;

/// <summary>The second of the two pages: the mailed code.</summary>
[AuthorizeChain]
internal sealed class CodeModel(CodeStep step, CodePageReader reader, ChallengeIssuer issuer, UserDirectory users, TimeProvider clock) : PageModel
{
    [BindProperty(SupportsGet = true, Name = "challenge")]
    public string? ChallengeId { get; set; }

    [BindProperty(SupportsGet = true, Name = "client_id")]
    public string? ClientId { get; set; }

    [BindProperty(SupportsGet = true, Name = "request_uri")]
    public string? RequestUri { get; set; }

    [BindProperty]
    public string? Digits { get; set; }

    public CodePageView? View { get; private set; }

    public string MaskedAddress { get; private set; } = "";

    public string? Notice { get; private set; }

    public string? Problem { get; private set; }

    public string StartOverUrl => Target.SignInPage();

    // Named in the form: after a resend the page stands at the address of the resend, and a code must not be sent there.
    public string AnswerUrl => Target.CodePage(View!.Challenge.Id);

    public string ResendUrl => Target.CodePage(View!.Challenge.Id) + "&handler=Resend";

    public string ExpiresAt => View!.Challenge.ExpiresAt.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture);

    public string MinutesLeft => SignInText.Span(View!.Challenge.ExpiresAt - clock.GetUtcNow());

    public string TriesLeft => View!.Challenge.AttemptsLeft == 1
        ? "One try left."
        : string.Create(CultureInfo.InvariantCulture, $"{View!.Challenge.AttemptsLeft} tries left.");

    public string DeliveryText => View!.Delivery switch
    {
        DeliveryState.Queued => "The mail is waiting to be sent. Reload to see how it gets on.",
        DeliveryState.HandedOver => "The mail has been handed over to the mail server.",
        DeliveryState.Deferred => "The mail server did not take the mail yet. We keep trying; reload to see how it gets on.",
        DeliveryState.Refused => "The mail server refused the mail for your address. The operator of this service has been told.",
        DeliveryState.Abandoned => "The mail could not be sent. Start over for a new code.",
        var other => throw new UnreachableException($"Unmapped state {other}."),
    };

    private ReturnRequest Target => ReturnRequest.Of(ClientId, RequestUri);

    public async Task<IActionResult> OnGetAsync(CancellationToken cancellationToken) =>
        await LoadAsync(cancellationToken) ? Page() : StartAgain();

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (Pending() is not { } pending)
        {
            return StartAgain();
        }

        if (!OneTimeCode.TryParse(Digits, out var code))
        {
            return await RefuseAsync(SignInText.CodeMalformed, cancellationToken);
        }

        return await step.AnswerAsync(pending, code, SignInOrigin.Of(HttpContext, Target).Network, cancellationToken) switch
        {
            OtpVerdict.Accepted accepted => Accept(pending, accepted),
            OtpVerdict.Wrong wrong => await RefuseAsync(SignInText.CodeWrong(wrong.AttemptsLeft), cancellationToken),
            OtpVerdict.Void => StartAgain(),
            OtpVerdict.BudgetExhausted => ResetNeeded(),
            OtpVerdict.SlowDown slow => await LaterAsync(SignInText.TooManyAttempts, slow.RetryAfter, cancellationToken),
            var other => throw new UnreachableException($"Unmapped verdict {other}."),
        };
    }

    public async Task<IActionResult> OnPostResendAsync(CancellationToken cancellationToken)
    {
        if (!await LoadAsync(cancellationToken))
        {
            return StartAgain();
        }

        switch (await issuer.ResendAsync(View!.Challenge, cancellationToken))
        {
            case ResendOutcome.Sent:
                Notice = SignInText.Resent;
                return await LoadAsync(cancellationToken) ? Page() : StartAgain();
            case ResendOutcome.Wait wait:
                return await LaterAsync(SignInText.TooManyMails, wait.Remaining, cancellationToken);
            default:
                return await RefuseAsync(SignInText.ResendSpent, cancellationToken);
        }
    }

    private HandleCookie? Pending() => Guid.TryParseExact(ChallengeId, "N", out var id) ? PendingSignIn.Find(HttpContext, id) : null;

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        View = await reader.FindAsync(Pending());
        if (View is null || await users.FindAsync(View.Challenge.UserId, cancellationToken) is not { } user)
        {
            return false;
        }

        MaskedAddress = AddressMask.Of(user.Email);
        return true;
    }

    // To where the challenge says, not the address of this page: the one was written when the password was given.
    private SeeOther Accept(HandleCookie pending, OtpVerdict.Accepted accepted)
    {
        PendingSignIn.Forget(HttpContext, pending.Id);
        return new SeeOther(ReturnRequest.Of(accepted.ClientId, accepted.RequestUri).Destination);
    }

    // One answer for every code that cannot be judged any more (I4); the flow it belongs to goes on after a new sign-in.
    private SeeOther StartAgain() => new SeeOther(Target.SignInPage(PasswordModel.CodeVoid));

    private async Task<IActionResult> RefuseAsync(string problem, CancellationToken cancellationToken)
    {
        Problem = problem;
        return await LoadAsync(cancellationToken) ? Page() : StartAgain();
    }

    private PageResult ResetNeeded()
    {
        Problem = SignInText.ResetNeeded;
        return Page();
    }

    private Task<IActionResult> LaterAsync(string what, TimeSpan wait, CancellationToken cancellationToken)
    {
        Response.StatusCode = StatusCodes.Status429TooManyRequests;
        Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return RefuseAsync(SignInText.TryAgainIn(what, wait), cancellationToken);
    }
}
