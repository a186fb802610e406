using IdentityServer.Domain.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Sessions;

/// <summary>A session that is about to be opened, and the handle that its browser will get.</summary>
internal sealed record PreparedSession(AuthenticationSession Row, HandleCookie Handle);

/// <summary>Opens sessions. The main session cookie is written here and nowhere else.</summary>
internal sealed class SessionIssuer(SessionReader reader, IHttpContextAccessor http)
{
    /// <summary>Prepares the row that consuming the challenge will insert. It says nothing until then.</summary>
    public async Task<PreparedSession> PrepareAsync(OtpChallenge challenge, DateTimeOffset now)
    {
        var previous = await reader.LatestAsync();
        var handle = HandleCookie.Create(Guid.CreateVersion7(now));
        var row = new AuthenticationSession
        {
            Id = handle.Id,
            UserId = challenge.UserId,
            ChallengeId = challenge.Id,
            FamilyId = previous is not null && previous.UserId == challenge.UserId ? previous.FamilyId : handle.Id,
            HandleHash = handle.Hash,
            AuthenticatedAt = now,
            RequestUri = challenge.RequestUri,
            Browser = challenge.Browser,
            Network = challenge.Network,
            BrowserExpiresAt = now + SessionPolicy.BrowserLifetime,
            ExpiresAt = now + SessionPolicy.Lifetime,
        };
        return new(row, handle);
    }

    /// <summary>
    /// Gives the browser its session cookie. It takes the consumed challenge because there is no other way to a session (I1): nobody can
    /// call this without having consumed one.
    /// </summary>
    /// <exception cref="InvalidOperationException">The challenge opened another session than the prepared one.</exception>
    public void Issue(ConsumedChallenge consumed, PreparedSession prepared)
    {
        ArgumentNullException.ThrowIfNull(consumed);
        if (!ReferenceEquals(consumed.Session, prepared.Row) || consumed.Challenge.Id != prepared.Row.ChallengeId)
        {
            throw new InvalidOperationException("The session cookie belongs to the challenge that was consumed.");
        }

        var context = http.HttpContext ?? throw new InvalidOperationException("A session cookie needs a request to answer.");
        context.Response.Cookies.Append(
            HandleCookie.NameOf(context, SessionReader.CookieName), prepared.Handle.Reveal(), HandleCookie.Options(context));
    }
}
