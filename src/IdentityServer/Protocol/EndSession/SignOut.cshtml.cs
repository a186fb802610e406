using IdentityServer.Languages;
using IdentityServer.Sessions;
using IdentityServer.Users;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Protocol.EndSession;

/// <summary>Asks before it signs out: a link elsewhere must not end a session.</summary>
internal sealed class SignOutModel(SessionReader sessions, SessionEnder ender, UserDirectory users, FrontChannel frontChannel) : PageModel
{
    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        if (await sessions.CurrentAsync() is { } session && await users.FindAsync(session.UserId, cancellationToken) is { } user)
        {
            PageWords.Of(HttpContext).Prefer(AccountLocale.Of(user));
        }
    }

    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        ender.Forget();
        if (await sessions.CurrentAsync() is { } session)
        {
            var took = await ender.EndAsync(session, cancellationToken);
            await ender.CommitAsync(cancellationToken);
            if (await frontChannel.FramesAsync(took, cancellationToken) is { Count: > 0 } frames)
            {
                return await frontChannel.PageAsync(HttpContext, session, frames, "/signed-out", cancellationToken);
            }
        }

        Response.Headers.Location = "/signed-out";
        return StatusCode(StatusCodes.Status303SeeOther);
    }
}
