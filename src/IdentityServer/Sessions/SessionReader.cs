using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Sessions;

/// <summary>Finds the open session of the browser that asks. The cookie points; the row decides.</summary>
internal sealed class SessionReader(CeremonyReads reads, IHttpContextAccessor http, TimeProvider clock)
{
    internal const string CookieName = "idsrv.session";

    private AuthenticationSession? _current;
    private bool _read;

    /// <summary>The session, or null when there is none, it has ended, or the browser's time is over.</summary>
    public async Task<AuthenticationSession?> CurrentAsync()
    {
        if (_read)
        {
            return _current;
        }

        _read = true;
        if (http.HttpContext is not { } context
            || !HandleCookie.TryParse(context.Request.Cookies[HandleCookie.NameOf(context, CookieName)], out var handle))
        {
            return null;
        }

        var session = await reads.SessionAsync(handle.Id, CancellationToken.None);
        if (session is not null && handle.Matches(session.HandleHash) && session.EndedAt is null
            && clock.GetUtcNow() < session.BrowserExpiresAt)
        {
            _current = session;
        }

        return _current;
    }
}
