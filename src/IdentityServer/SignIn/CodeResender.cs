using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Outbox;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn;

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

/// <summary>Mails the code of a challenge once more, whatever it is for: same code, same expiry, same counter.</summary>
internal sealed class CodeResender(UnitOfWork work, ChallengeOperations challenges, CeremonyWrites rows, AuditTrail audit, IssuerSignals signals)
{
    /// <summary>Sends, if the challenge and the limit of its mails allow it.</summary>
    /// <param name="challenge">The open challenge, as it was read.</param>
    /// <param name="message">Makes the message.</param>
    /// <param name="takeMailAsync">Takes it from the limit, in the same commit; tells how long to wait when there is no room.</param>
    /// <param name="cancellationToken">Cancels before the commit.</param>
    public async Task<ResendOutcome> SendAsync(
        OtpChallenge challenge,
        Func<OtpChallenge, DateTimeOffset, OutboxMessage> message,
        Func<DateTimeOffset, Task<TimeSpan?>> takeMailAsync,
        CancellationToken cancellationToken)
    {
        var now = signals.Clock.GetUtcNow();
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
                if (!await challenges.TryCountSendAsync(challenge.Id, challenge.Sends, now, cancellationToken))
                {
                    await work.RollbackAsync(cancellationToken);
                    return new ResendOutcome.Wait(ResendPolicy.Spacing);
                }

                if (await takeMailAsync(now) is { } wait)
                {
                    await work.RollbackAsync(cancellationToken);
                    return new ResendOutcome.Wait(wait);
                }

                await rows.AddAsync(message(challenge, now), cancellationToken);
                await audit.WriteAsync(AuditEvents.CodeResent, ChallengeAudit.About(challenge, challenge.Network), cancellationToken);
                return new ResendOutcome.Sent();
            },
            cancellationToken);
        if (outcome is ResendOutcome.Sent)
        {
            signals.Outbox.Notify();
        }

        return outcome;
    }
}

/// <summary>The time, and who is told that there is something to send, or to count.</summary>
internal sealed record IssuerSignals(OutboxSignal Outbox, ClientCounter Clients, TimeProvider Clock);
