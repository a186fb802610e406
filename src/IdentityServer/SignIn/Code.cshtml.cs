using System.Diagnostics;
using System.Globalization;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Languages;
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

    public string ResetUrl => Target.ResetPage();

    // Named in the form: after a resend the page stands at the address of the resend, and a code must not be sent there.
    public string AnswerUrl => Target.CodePage(View!.Challenge.Id);

    public string ResendUrl => Target.CodePage(View!.Challenge.Id) + "&handler=Resend";

    public string Validity => CodeWords.Validity(Words.Words, View!.Challenge, clock.GetUtcNow());

    public string DeliveryText => CodeWords.Delivery(Words.Words, View!.Delivery);

    private ReturnRequest Target => ReturnRequest.Of(ClientId, RequestUri, Words.Wished?.Tag);

    private PageWords Words => PageWords.Of(HttpContext);

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
            return await RefuseAsync(Words["code.malformed"], cancellationToken);
        }

        return await step.AnswerAsync(pending, code, SignInOrigin.Of(HttpContext, Target).Network, cancellationToken) switch
        {
            OtpVerdict.Accepted accepted => Accept(pending, accepted),
            OtpVerdict.Wrong wrong => await RefuseAsync(Words.Say("code.wrong", (Text.Count, wrong.AttemptsLeft)), cancellationToken),
            OtpVerdict.Void => StartAgain(),
            OtpVerdict.BudgetExhausted => ResetNeeded(),
            OtpVerdict.SlowDown slow => await LaterAsync("limits.attempts", slow.RetryAfter, cancellationToken),
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
                Notice = Words["code.resent"];
                return await LoadAsync(cancellationToken) ? Page() : StartAgain();
            case ResendOutcome.Wait wait:
                return await LaterAsync("limits.mails", wait.Remaining, cancellationToken);
            default:
                return await RefuseAsync(Words["code.resend-spent"], cancellationToken);
        }
    }

    private HandleCookie? Pending() => Guid.TryParseExact(ChallengeId, "N", out var id) ? PendingSignIn.Find(HttpContext, id) : null;

    private async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        View = await reader.FindAsync(Pending(), OtpPurpose.SignIn);
        if (View is null || await users.FindAsync(View.Challenge.UserId, cancellationToken) is not { } user)
        {
            return false;
        }

        MaskedAddress = AddressMask.Of(user.Email);
        Words.Prefer(View.Challenge.Language);
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
        Problem = Words["sign-in.reset-needed"];
        return Page();
    }

    private Task<IActionResult> LaterAsync(string what, TimeSpan wait, CancellationToken cancellationToken)
    {
        Response.StatusCode = StatusCodes.Status429TooManyRequests;
        Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return RefuseAsync(Words.Say(what, ("wait", Words.Words.Span(wait))), cancellationToken);
    }
}
