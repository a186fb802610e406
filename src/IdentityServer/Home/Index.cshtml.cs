using IdentityServer.Home.TryIt;
using IdentityServer.Languages;
using IdentityServer.Sessions;
using IdentityServer.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Home;

/// <summary>Says what this is, and whether the browser is signed in. In Development it is where a first sign-in is tried.</summary>
internal sealed class IndexModel(SessionReader sessions, UserDirectory users, DevelopmentGuide guide) : PageModel
{
    [BindProperty(SupportsGet = true, Name = "state")]
    public string? State { get; set; }

    /// <summary>The address of whoever is signed in here.</summary>
    public string? Account { get; private set; }

    /// <summary>Whoever is signed in may have apps of their own: test users may not.</summary>
    public bool ManagesApps { get; private set; }

    /// <summary>Null outside Development.</summary>
    public Guidance? Guidance { get; private set; }

    /// <summary>The browser comes back from signing out of the try-out.</summary>
    public bool BackFromSignOut => Guidance is not null && Account is null && State == TryItAttempt.SignedOutState;

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        Guidance = await guide.FindAsync(cancellationToken);
        if (await sessions.CurrentAsync() is { } session && await users.FindAsync(session.UserId, cancellationToken) is { } user)
        {
            (Account, ManagesApps) = (user.Email, user.TestOfClientId is null);
            PageWords.Of(HttpContext).Prefer(AccountLocale.Of(user));
        }
    }
}
