using System.Diagnostics;
using System.Globalization;
using IdentityServer.Pages;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.SignIn;

/// <summary>The first of the two pages: address and password.</summary>
[AuthorizeChain]
internal sealed class PasswordModel(PasswordStep step, ClientNames clients) : PageModel
{
    /// <summary>The reason in the query that says a code was void.</summary>
    internal const string CodeVoid = "code-void";

    /// <summary>The reason in the query that says that the app expects another account than the one that is signed in.</summary>
    internal const string OtherAccount = "other-account";

    [BindProperty(SupportsGet = true, Name = "client_id")]
    public string? ClientId { get; set; }

    [BindProperty(SupportsGet = true, Name = "request_uri")]
    public string? RequestUri { get; set; }

    [BindProperty(SupportsGet = true, Name = "reason")]
    public string? Reason { get; set; }

    [BindProperty(SupportsGet = true, Name = "login_hint")]
    public string? LoginHint { get; set; }

    [BindProperty]
    public string? Email { get; set; }

    [BindProperty]
    public string? Password { get; set; }

    public string? ClientName { get; private set; }

    public string? Notice { get; private set; }

    public string? Problem { get; private set; }

    private ReturnRequest Target => ReturnRequest.Of(ClientId, RequestUri);

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        Email = LoginHint is { Length: <= 254 } hint && hint.Contains('@', StringComparison.Ordinal) ? hint : "";
        Notice = Reason switch
        {
            CodeVoid => SignInText.CodeVoid,
            OtherAccount => SignInText.OtherAccount,
            _ => null,
        };
        ClientName = await clients.NameAsync(Target.ClientId, cancellationToken);
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        ClientName = await clients.NameAsync(Target.ClientId, cancellationToken);
        if (string.IsNullOrWhiteSpace(Email) || string.IsNullOrEmpty(Password) || Email.Length > 254 || Password.Length > 256)
        {
            return Refuse(SignInText.BothNeeded);
        }

        return await step.TryAsync(Email, Password, SignInOrigin.Of(HttpContext, Target), cancellationToken) switch
        {
            PasswordOutcome.Pending pending => GoOn(pending.Challenge),
            PasswordOutcome.Refused => Refuse(SignInText.WrongPassword),
            PasswordOutcome.ResetNeeded => Refuse(SignInText.ResetNeeded),
            PasswordOutcome.TryLater later => Later(later),
            PasswordOutcome.MailLimit limit => Later(limit.Wait, StatusCodes.Status429TooManyRequests, SignInText.TooManyMails),
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
        ? Later(later.RetryAfter, StatusCodes.Status503ServiceUnavailable, SignInText.Overloaded)
        : Later(later.RetryAfter, StatusCodes.Status429TooManyRequests, SignInText.TooManyAttempts);

    private PageResult Later(TimeSpan wait, int status, string what)
    {
        Response.StatusCode = status;
        Response.Headers.RetryAfter = Math.Ceiling(wait.TotalSeconds).ToString(CultureInfo.InvariantCulture);
        return Refuse(SignInText.TryAgainIn(what, wait));
    }
}
