using System.Globalization;
using IdentityServer.Settings;
using IdentityServer.SignIn;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Home.TryIt;

/// <summary>Shows what the client got.</summary>
internal sealed class ResultModel(TryItCookie cookie, TryItShelf shelf, Installation installation) : PageModel
{
    public TryItOutcome.Complete Outcome { get; private set; } = null!;

    public string ExpiresAt => Outcome.ExpiresAt.UtcDateTime.ToString("HH:mm", CultureInfo.InvariantCulture);

    /// <summary>Where the end session endpoint sends the browser afterwards; registered for the client.</summary>
    public string AfterSignOut => installation.Issuer.AbsoluteUri;

    public IActionResult OnGet()
    {
        if (cookie.Find(HttpContext) is not { } attempt || shelf.Find(attempt) is not TryItOutcome.Complete complete)
        {
            return new SeeOther(TryItAttempt.CallbackPath); // which says that nothing is under way
        }

        Outcome = complete;
        return Page();
    }
}
