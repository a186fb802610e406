using IdentityServer.Audit;
using IdentityServer.Domain.Outbox;
using IdentityServer.Outbox;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Sessions;

/// <summary>Ends sessions, and with them every token that descends from them; the clients that took part are told of it.</summary>
internal sealed class SessionEnder(
    IdentityServerDbContext db, UnitOfWork work, SessionEnderParts parts, AuditTrail audit, IHttpContextAccessor http)
{
    /// <summary>
    /// Ends a session and those that the same browser opened for the same user before it, in the request's transaction. Ending twice
    /// changes nothing.
    /// </summary>
    /// <returns>Which clients took part in what was ended.</returns>
    public Task<IReadOnlyList<SessionClient>> EndAsync(AuthenticationSession session, CancellationToken cancellationToken) =>
        EndFamilyAsync(session.UserId, session.FamilyId, cancellationToken);

    /// <summary>Ends the sessions that one browser opened in a row for a user; of another user's, none.</summary>
    /// <returns>Which clients took part in what was ended.</returns>
    public async Task<IReadOnlyList<SessionClient>> EndFamilyAsync(Guid userId, Guid familyId, CancellationToken cancellationToken)
    {
        await parts.Sessions.BeginAsync(userId, cancellationToken);
        return await EndEachAsync(
            db.AuthenticationSessions.AsNoTracking().Where(row => row.FamilyId == familyId && row.UserId == userId && row.EndedAt == null), userId, cancellationToken);
    }

    /// <summary>
    /// Ends all sessions of a user but one, and with them every token, in the unit of work that is open. Not even those go on that the same
    /// browser opened before: whoever has stolen its cookie joins its row of sessions by signing in.
    /// </summary>
    /// <param name="userId">Whose.</param>
    /// <param name="spared">The session that stays; null for none.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task EndAllAsync(Guid userId, Guid? spared, CancellationToken cancellationToken)
    {
        await parts.Sessions.BeginAsync(userId, cancellationToken);
        await EndEachAsync(
            db.AuthenticationSessions.AsNoTracking().Where(row => row.UserId == userId && row.EndedAt == null && row.Id != spared), userId, cancellationToken);
    }

    /// <summary>Makes it durable, where no protocol answer does so.</summary>
    public Task CommitAsync(CancellationToken cancellationToken) => work.CommitAsync(cancellationToken);

    /// <summary>Finds a session by its <c>sid</c>, for a client that proves with an id_token that it took part.</summary>
    public Task<AuthenticationSession?> FindAsync(Guid id, CancellationToken cancellationToken) =>
        db.AuthenticationSessions.AsNoTracking().SingleOrDefaultAsync(row => row.Id == id, cancellationToken);

    /// <summary>Takes the cookie from the browser.</summary>
    public void Forget()
    {
        if (http.HttpContext is { } context)
        {
            context.Response.Cookies.Delete(
                HandleCookie.NameOf(context, SessionReader.CookieName), HandleCookie.Options(context));
        }
    }

    private async Task<IReadOnlyList<SessionClient>> EndEachAsync(IQueryable<AuthenticationSession> open, Guid userId, CancellationToken cancellationToken)
    {
        var now = parts.Clock.GetUtcNow();
        var took = new List<SessionClient>();
        var ids = await open
            .OrderBy(row => row.Id) // or two sign-outs at once could each hold what the other waits for
            .Select(row => row.Id).ToListAsync(cancellationToken);
        foreach (var id in ids)
        {
            var ended = await db.AuthenticationSessions.Where(row => row.Id == id && row.EndedAt == null)
                .ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, now), cancellationToken);
            if (ended == 0)
            {
                continue; // another sign-out was first, and took the tokens along
            }

            var (clients, enqueued) = await parts.Logout.EnqueueAllAsync(userId, id, now, cancellationToken);
            took.AddRange(clients);
            if (enqueued > 0)
            {
                work.AfterCommit(() => parts.Outbox.Notify(OutboxQueue.Notifications));
            }

            await parts.Sessions.RevokeTokensOfSessionAsync(id, cancellationToken);
            audit.Add(AuditEvents.SessionEnded, new(UserId: userId, SessionId: id));
        }

        await db.SaveChangesAsync(cancellationToken);
        return took;
    }
}

/// <summary>What ends sessions and tells of it.</summary>
internal sealed record SessionEnderParts(SessionOperations Sessions, LogoutOperations Logout, OutboxSignal Outbox, TimeProvider Clock);
