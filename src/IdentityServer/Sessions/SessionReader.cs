using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Sessions;

/// <summary>Finds the open session of the browser that asks. The cookie points; the row decides.</summary>
internal sealed class SessionReader(CeremonyReads reads, IHttpContextAccessor http, TimeProvider clock)
{
    internal const string CookieName = "idsrv.session";

    private AuthenticationSession? _current;
    private AuthenticationSession? _latest;
    private string? _testOf;
    private bool _read;

    /// <summary>
    /// The session that this browser opened last and that was not ended, whether or not it still signs in. It is only told which sessions
    /// belong together by it.
    /// </summary>
    public async Task<AuthenticationSession?> LatestAsync()
    {
        await CurrentAsync();
        return _latest;
    }

    /// <summary>Whether the session of this browser is a test user's of another client than this one: it does not sign in there.</summary>
    /// <param name="clientRowId">The client's row, not its <c>client_id</c>.</param>
    public async Task<bool> TestsAnotherAsync(string clientRowId) =>
        await CurrentAsync() is not null && _testOf is not null && !string.Equals(_testOf, clientRowId, StringComparison.Ordinal);

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

        var found = await reads.SessionAsync(handle.Id, CancellationToken.None);
        if (found?.Session is { } session && handle.Matches(session.HandleHash) && session.EndedAt is null)
        {
            _latest = session;
            _current = clock.GetUtcNow() < session.BrowserExpiresAt ? session : null;
            _testOf = found.TestOfClientId;
        }

        return _current;
    }
}
