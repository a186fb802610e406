using IdentityServer.Languages;
using IdentityServer.Pages;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Account;

/// <summary>A page of somebody's own account: what all of them do alike.</summary>
internal abstract class AccountPageModel : PageModel
{
    /// <summary>What the page has just done, by name: set by its own redirect.</summary>
    [BindProperty(SupportsGet = true, Name = "done")]
    public string? Done { get; set; }

    /// <summary>What to say of it; null when there is nothing to say.</summary>
    public string? Notice => Done is not null && Notices.TryGetValue(Done, out var key) ? Words[key] : null;

    /// <summary>What is wrong with what was sent.</summary>
    public string? Problem { get; protected set; }

    /// <summary>Whose account it is, and the session that asks.</summary>
    protected SignedIn SignedIn => SignedIn.Of(HttpContext);

    protected PageWords Words => PageWords.Of(HttpContext);

    /// <summary>What the page says of what it has done: the name in its address, and the key of the text.</summary>
    protected virtual IReadOnlyDictionary<string, string> Notices { get; } = new Dictionary<string, string>();

    /// <summary>Shows the page again with what is wrong.</summary>
    protected PageResult Refuse(string problem)
    {
        Problem = problem;
        return Page();
    }

    /// <summary>The same when it is to be tried again later.</summary>
    protected PageResult Later(string text, TimeSpan wait, int status = StatusCodes.Status429TooManyRequests)
    {
        WaitAnswer.Write(Response, status, wait);
        return Refuse(Words.Say(text, ("wait", Words.Words.Span(wait))));
    }

    /// <summary>What to say of a password that was asked for once more and is not right.</summary>
    protected PageResult Refuse(PasswordChecked verdict) => verdict switch
    {
        PasswordChecked.TryLater(var wait, true) => Later("limits.overloaded", wait, StatusCodes.Status503ServiceUnavailable),
        PasswordChecked.TryLater(var wait, _) => Later("limits.attempts", wait),
        _ => Refuse(Words["account.password-wrong"]),
    };
}
