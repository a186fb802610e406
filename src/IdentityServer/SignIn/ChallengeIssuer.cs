using IdentityServer.Audit;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Outbox;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn;

/// <summary>Makes challenges: the row, its mail in the outbox and the audit event are one commit.</summary>
internal sealed class ChallengeIssuer(
    UnitOfWork work, ChallengeWrites writes, ChallengeFactory factory, OutboxSignal outbox, TimeProvider clock)
{
    /// <summary>Issues a challenge for an account whose password was right just now.</summary>
    public async Task<PasswordOutcome> IssueAsync(
        User user, PasswordTicket ticket, SignInOrigin origin, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var (challenge, handle) = await factory.CreateAsync(OtpPurpose.SignIn, ChallengeSubject.Of(user), origin, cancellationToken);

        var outcome = await work.InOwnTransactionAsync<PasswordOutcome>(
            async () =>
            {
                if (await writes.Budgets.TakeMailAsync(user.Id, now, cancellationToken) is CodeMailVerdict.Wait wait)
                {
                    await writes.Throttle.RefundAsync(ticket, cancellationToken);
                    return new PasswordOutcome.MailLimit(wait.Remaining);
                }

                await writes.Challenges.MakeRoomAsync(user.Id, origin.BrowserHashes, now, cancellationToken);
                await writes.Rows.AddAsync(challenge, cancellationToken);
                await writes.Rows.AddAsync(ChallengeFactory.CodeMail(challenge, now), cancellationToken);
                await writes.Audit.WriteAsync(
                    AuditEvents.CodeIssued,
                    new(UserId: user.Id, ClientId: challenge.ClientId, ChallengeId: challenge.Id, Network: challenge.Network),
                    cancellationToken);

                // Last: every sign-in of a network takes this row, and holds it until the commit.
                await writes.Throttle.RefundAsync(ticket, cancellationToken);
                return new PasswordOutcome.Pending(new(challenge, handle));
            },
            cancellationToken);
        if (outcome is PasswordOutcome.Pending)
        {
            outbox.Notify();
        }

        return outcome;
    }

    /// <summary>Mails the same code once more: same expiry, same counter.</summary>
    public async Task<ResendOutcome> ResendAsync(OtpChallenge challenge, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        switch (ResendPolicy.Judge(challenge.Sends, challenge.LastSentAt, now))
        {
            case ResendVerdict.Wait wait:
                return new ResendOutcome.Wait(wait.Remaining);
            case ResendVerdict.Spent:
                return new ResendOutcome.Spent();
        }

        var outcome = await work.InOwnTransactionAsync<ResendOutcome>(
            async () =>
            {
                // Count first: of two clicks at once, one finds the count changed and sends nothing.
                if (!await writes.Challenges.TryCountSendAsync(challenge.Id, challenge.Sends, now, cancellationToken))
                {
                    await work.RollbackAsync(cancellationToken);
                    return new ResendOutcome.Wait(ResendPolicy.Spacing);
                }

                if (await writes.Budgets.TakeMailAsync(challenge.UserId, now, cancellationToken) is CodeMailVerdict.Wait wait)
                {
                    await work.RollbackAsync(cancellationToken);
                    return new ResendOutcome.Wait(wait.Remaining);
                }

                await writes.Rows.AddAsync(ChallengeFactory.CodeMail(challenge, now), cancellationToken);
                await writes.Audit.WriteAsync(
                    AuditEvents.CodeResent, new(UserId: challenge.UserId, ChallengeId: challenge.Id, Network: challenge.Network), cancellationToken);
                return new ResendOutcome.Sent();
            },
            cancellationToken);
        if (outcome is ResendOutcome.Sent)
        {
            outbox.Notify();
        }

        return outcome;
    }
}

/// <summary>The writes that issuing a challenge is made of.</summary>
internal sealed record ChallengeWrites(
    PasswordThrottle Throttle, GuessBudgetOperations Budgets, ChallengeOperations Challenges, CeremonyWrites Rows, AuditTrail Audit);

/// <summary>What asking for the mail again came to.</summary>
internal abstract record ResendOutcome
{
    private ResendOutcome()
    {
    }

    /// <summary>It is on its way.</summary>
    public sealed record Sent : ResendOutcome;

    /// <summary>Not yet.</summary>
    public sealed record Wait(TimeSpan Remaining) : ResendOutcome;

    /// <summary>Not any more within this challenge; starting over makes a new code.</summary>
    public sealed record Spent : ResendOutcome;
}
