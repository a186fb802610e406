using IdentityServer.Audit;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Outbox;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn;

/// <summary>Makes challenges: the row, its mail in the outbox and the audit event are one commit.</summary>
internal sealed class ChallengeIssuer(
    UnitOfWork work, ChallengeWrites writes, ChallengeFactory factory, CodeResender resender, IssuerSignals signals)
{
    /// <summary>Issues a challenge for an account whose password was right just now.</summary>
    public async Task<PasswordOutcome> IssueAsync(
        User user, PasswordTicket ticket, SignInOrigin origin, CancellationToken cancellationToken)
    {
        var now = signals.Clock.GetUtcNow();
        var (challenge, handle) = await factory.CreateAsync(OtpPurpose.SignIn, ChallengeSubject.Of(user), origin, cancellationToken);

        var outcome = await work.InOwnTransactionAsync<PasswordOutcome>(
            async () =>
            {
                switch (await writes.Budgets.TakeMailAsync(user.Id, now, cancellationToken))
                {
                    case null: // deleted since its password was checked
                        return new PasswordOutcome.Refused();
                    case CodeMailVerdict.Wait wait:
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
            signals.Outbox.Notify();
            await signals.Clients.CountAsync(challenge.ClientId, ActivityKinds.Mailed);
        }

        return outcome;
    }

    /// <summary>Mails the same code once more: same expiry, same counter.</summary>
    public Task<ResendOutcome> ResendAsync(OtpChallenge challenge, CancellationToken cancellationToken) => resender.SendAsync(
        challenge,
        ChallengeFactory.CodeMail,
        async now => await writes.Budgets.TakeMailAsync(challenge.UserId, now, cancellationToken) switch
        {
            null => ResendPolicy.Spacing, // deleted meanwhile: there is nobody to send to
            CodeMailVerdict.Wait wait => wait.Remaining,
            _ => null,
        },
        cancellationToken);
}

/// <summary>The writes that issuing a challenge is made of.</summary>
internal sealed record ChallengeWrites(
    PasswordThrottle Throttle, GuessBudgetOperations Budgets, ChallengeOperations Challenges, CeremonyWrites Rows, AuditTrail Audit);
