using IdentityServer.SignIn;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Home.TryIt;

/// <summary>Begins a try-out: the client sends the browser to the authorization endpoint.</summary>
internal sealed class StartModel(TryItClient client, TryItCookie cookie) : PageModel
{
    [BindProperty(SupportsGet = true, Name = "prompt")]
    public string? Prompt { get; set; }

    public IActionResult OnGet() => Begin();

    public IActionResult OnPost() => Begin();

    private SeeOther Begin()
    {
        var attempt = TryItAttempt.Begin();
        cookie.Remember(HttpContext, attempt);
        return new SeeOther(attempt.AuthorizationRequest(client.RedirectUri, askAgain: Prompt == "login"));
    }
}
