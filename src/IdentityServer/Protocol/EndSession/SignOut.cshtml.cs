using IdentityServer.Sessions;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.RazorPages;

namespace IdentityServer.Protocol.EndSession;

/// <summary>Asks before it signs out: a link elsewhere must not end a session.</summary>
internal sealed class SignOutModel(SessionReader sessions, SessionEnder ender) : PageModel
{
    public async Task<IActionResult> OnPostAsync(CancellationToken cancellationToken)
    {
        if (await sessions.CurrentAsync() is { } session)
        {
            await ender.EndAsync(session, cancellationToken);
            await ender.CommitAsync(cancellationToken);
        }

        ender.Forget();
        Response.Headers.Location = "/signed-out";
        return StatusCode(StatusCodes.Status303SeeOther);
    }
}
