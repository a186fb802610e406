using IdentityServer.Audit;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Grants;

/// <summary>
/// Consent, asked and remembered. The question is a row that the authorization endpoint writes; the consent page only answers it, so
/// nothing that a browser sends decides what is asked.
/// </summary>
internal sealed class ConsentService(IdentityServerDbContext db, UnitOfWork work, CeremonyReads reads, ConsentParts parts, TimeProvider clock)
{
    private static readonly TimeSpan _questionLifetime = TimeSpan.FromHours(1);

    /// <summary>True when all scopes were granted to the client before.</summary>
    public async Task<bool> CoversAsync(Guid userId, string clientId, IEnumerable<string> scopes, CancellationToken cancellationToken)
    {
        var granted = await reads.GrantedScopesAsync(userId, clientId, cancellationToken);
        return granted is not null && scopes.All(Split(granted).Contains);
    }

    /// <summary>The question about a request, if it was asked and has not lapsed.</summary>
    public Task<ConsentQuestion?> FindAsync(string requestUri, Guid userId, CancellationToken cancellationToken) =>
        reads.ConsentQuestionAsync(requestUri, userId, clock.GetUtcNow(), cancellationToken);

    /// <summary>Asks; asking again changes nothing.</summary>
    /// <param name="question">What to ask; how long it stands is decided here.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task AskAsync(ConsentQuestion question, CancellationToken cancellationToken)
    {
        await work.BeginAsync(cancellationToken);
        await db.Database.ExecuteSqlAsync(
            $"""
            INSERT INTO consent_questions ("RequestUri", "UserId", "ClientId", "RedirectUri", "Scopes", "ExpiresAt")
            VALUES ({question.RequestUri}, {question.UserId}, {question.ClientId}, {question.RedirectUri}, {question.Scopes},
                    {(clock.GetUtcNow() + _questionLifetime).ToUnixTimeMilliseconds()})
            ON CONFLICT DO NOTHING
            """,
            cancellationToken);
        await work.CommitAsync(cancellationToken);
    }

    /// <summary>Answers a question that is still open, and remembers a yes for next time.</summary>
    /// <param name="question">The question.</param>
    /// <param name="allowed">The answer.</param>
    /// <param name="connected">What to send when the client may see something for the first time.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>False when there was nothing to answer, or it was answered already.</returns>
    public Task<bool> AnswerAsync(
        ConsentQuestion question, bool allowed, Func<DateTimeOffset, OutboxMessage> connected, CancellationToken cancellationToken) =>
        work.InOwnTransactionAsync(
            async () =>
            {
                // The account's row first, as everywhere: the same app may be removed at this moment.
                await parts.Budgets.HoldAsync(question.UserId, cancellationToken);
                var answered = await db.ConsentQuestions
                    .Where(row => row.RequestUri == question.RequestUri && row.UserId == question.UserId && row.Allowed == null)
                    .ExecuteUpdateAsync(set => set.SetProperty(row => row.Allowed, allowed), cancellationToken);
                if (answered != 1)
                {
                    return false;
                }

                if (allowed && await RememberAsync(question, cancellationToken))
                {
                    db.OutboxMessages.Add(connected(clock.GetUtcNow()));
                }

                parts.Audit.Add(
                    allowed ? AuditEvents.ConsentGiven : AuditEvents.ConsentRefused,
                    new(UserId: question.UserId, ClientId: question.ClientId),
                    new Dictionary<string, string> { ["scopes"] = question.Scopes });
                await db.SaveChangesAsync(cancellationToken);
                return true;
            },
            cancellationToken);

    // Tells whether nothing was granted before.
    private async Task<bool> RememberAsync(ConsentQuestion question, CancellationToken cancellationToken)
    {
        var grant = await db.ConsentGrants.SingleOrDefaultAsync(
            row => row.UserId == question.UserId && row.ClientId == question.ClientId, cancellationToken);
        var first = grant is null;
        if (grant is null)
        {
            db.ConsentGrants.Add(grant = new ConsentGrant
            {
                UserId = question.UserId,
                ClientId = question.ClientId,
                Scopes = "",
                GrantedAt = clock.GetUtcNow(),
            });
        }

        grant.Scopes = string.Join(' ', Split(grant.Scopes).Union(Split(question.Scopes)).Order(StringComparer.Ordinal));
        return first;
    }

    private static string[] Split(string scopes) => scopes.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

/// <summary>What an answer writes beside it.</summary>
internal sealed record ConsentParts(GuessBudgetOperations Budgets, AuditTrail Audit);
