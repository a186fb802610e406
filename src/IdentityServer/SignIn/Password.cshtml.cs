using System.Diagnostics;
using IdentityServer.Clients;
using IdentityServer.Domain.Users;
using IdentityServer.Languages;
using IdentityServer.Pages;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.SignIn;

/// <summary>The first of the two pages: address and password.</summary>
[AuthorizeChain]
internal sealed class PasswordModel(PasswordStep step, ClientNames clients, SignedInAs signedIn) : PageModel
{
    [BindProperty(SupportsGet = true, Name = "reason")]
    public string? Reason { get; set; }

    [BindProperty(SupportsGet = true, Name = "login_hint")]
    public string? LoginHint { get; set; }

    [BindProperty]
    public string? Email { get; set; }

    [BindProperty]
    public string? Password { get; set; }

    public ClientSettings? Client { get; private set; }

    public string? Notice { get; private set; }

    public string? Problem { get; private set; }

    public string ResetUrl => Target.ResetPage();

    public string SignUpUrl => Target.SignUpPage();

    private ReturnRequest Target => ReturnRequest.Of(HttpContext);

    private PageWords Words => PageWords.Of(HttpContext);

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        Email = LoginHint is { Length: <= 254 } hint && hint.Contains('@', StringComparison.Ordinal) ? hint
            : Target.Page is not null && await signedIn.UserAsync(cancellationToken) is { } user ? user.Email // asked once more
            : "";
        Notice = Reason switch
        {
            SignInReason.CodeVoid => Words["sign-in.code-void"],
            SignInReason.OtherAccount => Words["sign-in.other-account"],
            SignInReason.PasswordChanged => Words["sign-in.password-changed"],
            SignInReason.AccountMade => Words["sign-in.account-made"],
            SignInReason.Stale => Words["sign-in.stale"],
            SignInReason.AccountDeleted => Words["sign-in.account-deleted"],
            _ => null,
        };
        Client = await clients.FindAsync(Target.ClientId, cancellationToken);
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        Client = await clients.FindAsync(Target.ClientId, cancellationToken);
        if (string.IsNullOrWhiteSpace(Email) || string.IsNullOrEmpty(Password) || Email.Length > 254 || Password.Length > 2 * PasswordRules.MaxLength)
        {
            return Refuse(Words["sign-in.both-needed"]);
        }

        return await step.TryAsync(Email, Password, SignInOrigin.Of(HttpContext, Target), cancellationToken) switch
        {
            PasswordOutcome.Pending pending => GoOn(pending.Challenge),
            PasswordOutcome.Refused => Refuse(Words["sign-in.wrong"]),
            PasswordOutcome.ResetNeeded => Refuse(Words["sign-in.reset-needed"]),
            PasswordOutcome.TryLater later => Later(later),
            PasswordOutcome.MailLimit limit => Later(limit.Wait, StatusCodes.Status429TooManyRequests, "limits.mails"),
            var other => throw new UnreachableException($"Unmapped outcome {other}."),
        };
    }

    private SeeOther GoOn(IssuedChallenge challenge)
    {
        PendingSignIn.Remember(HttpContext, challenge.Handle);
        return new SeeOther(Target.CodePage(challenge.Row.Id));
    }

    private PageResult Refuse(string problem)
    {
        Problem = problem;
        return Page();
    }

    private PageResult Later(PasswordOutcome.TryLater later) => later.Overloaded
        ? Later(later.RetryAfter, StatusCodes.Status503ServiceUnavailable, "limits.overloaded")
        : Later(later.RetryAfter, StatusCodes.Status429TooManyRequests, "limits.attempts");

    private PageResult Later(TimeSpan wait, int status, string what)
    {
        WaitAnswer.Write(Response, status, wait);
        return Refuse(Words.Say(what, ("wait", Words.Words.Span(wait))));
    }
}
