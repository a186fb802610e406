using IdentityServer.Audit;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn.Proofs;

/// <summary>What asking for a code that proves a mailbox came to.</summary>
internal abstract record ProofOutcome
{
    private ProofOutcome()
    {
    }

    /// <summary>Whether or not there is an account: the browser has a challenge.</summary>
    public sealed record Pending(IssuedChallenge Challenge) : ProofOutcome;

    /// <summary>No hashing capacity: nothing was counted but the request.</summary>
    public sealed record Busy : ProofOutcome;

    /// <summary>Too many: ask again after the wait.</summary>
    public sealed record Wait(TimeSpan Remaining) : ProofOutcome;
}

/// <summary>What to write beside a challenge that proves a mailbox.</summary>
/// <param name="Message">The message that goes with it, made anew for each send.</param>
/// <param name="AlongsideAsync">Further rows of the same commit.</param>
internal sealed record ProofWrites(Func<OtpChallenge, DateTimeOffset, OutboxMessage> Message, Func<OtpChallenge, Task> AlongsideAsync);

/// <summary>Makes the challenges that open no session: they prove a mailbox, most of them for strangers, within limits of their own.</summary>
internal sealed class ProofIssuer(UnitOfWork work, ProofIssuerParts parts, ChallengeFactory factory, CodeResender resender, IssuerSignals signals)
{
    /// <summary>Issues a challenge: row, message and audit event are one commit.</summary>
    public async Task<ProofOutcome> IssueAsync(
        string purpose, ChallengeSubject subject, SignInOrigin origin, ProofWrites writes, CancellationToken cancellationToken)
    {
        var now = signals.Clock.GetUtcNow();
        var issued = await factory.CreateAsync(purpose, subject, origin, cancellationToken);
        var outcome = await work.InOwnTransactionAsync<ProofOutcome>(
            async () =>
            {
                // The account's row comes first, as everywhere; a stand-in has none, and asking for it costs the same.
                await parts.Budgets.HoldAsync(issued.Row.UserId, cancellationToken);
                if ((await parts.Limits.TakeMailAsync(issued.Row, now, cancellationToken)) is { } wait)
                {
                    await work.RollbackAsync(cancellationToken);
                    return new ProofOutcome.Wait(wait);
                }

                await parts.Rows.AddAsync(issued.Row, cancellationToken);
                await parts.Rows.AddAsync(writes.Message(issued.Row, now), cancellationToken);
                await writes.AlongsideAsync(issued.Row);
                await parts.Audit.WriteAsync(AuditEvents.CodeIssued, ChallengeAudit.About(issued.Row, issued.Row.Network), cancellationToken);
                return new ProofOutcome.Pending(issued);
            },
            cancellationToken);
        if (outcome is ProofOutcome.Pending)
        {
            signals.Outbox.Notify();
        }

        return outcome;
    }

    /// <summary>Counts a request of a network, in a commit of its own and before any work for it.</summary>
    /// <returns>How long to wait; null when it may go on.</returns>
    public Task<TimeSpan?> AdmitAsync(string network, CancellationToken cancellationToken) => work.InOwnTransactionAsync(
        () => parts.Limits.TakeRequestAsync(network, signals.Clock.GetUtcNow(), cancellationToken), cancellationToken);

    /// <summary>Counts a request of somebody who is signed in, by account: strangers in the same network must not use it up.</summary>
    /// <returns>How long to wait; null when it may go on.</returns>
    public Task<TimeSpan?> AdmitAsync(Guid userId, CancellationToken cancellationToken) => work.InOwnTransactionAsync(
        () => parts.Limits.TakeRequestAsync(userId, signals.Clock.GetUtcNow(), cancellationToken), cancellationToken);

    /// <summary>Mails the same code once more: same expiry, same counter.</summary>
    public Task<ResendOutcome> ResendAsync(
        OtpChallenge challenge, Func<OtpChallenge, DateTimeOffset, OutboxMessage> message, CancellationToken cancellationToken) =>
        resender.SendAsync(challenge, message, now => parts.Limits.TakeMailAsync(challenge, now, cancellationToken), cancellationToken);
}

/// <summary>What the issuer writes to.</summary>
internal sealed record ProofIssuerParts(ProofLimits Limits, CeremonyWrites Rows, GuessBudgetOperations Budgets, AuditTrail Audit);
