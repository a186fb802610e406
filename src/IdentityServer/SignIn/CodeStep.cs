using System.Diagnostics;
using IdentityServer.Alerts;
using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Outbox;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn;

/// <summary>The second step of a sign-in: a right code is consumed, and the session opened with it.</summary>
internal sealed class CodeStep(ChallengeOperations challenges, CodeJudge judge, SessionIssuer sessions, CodeStepExtras extras)
{
    private static readonly TimeSpan _young = TimeSpan.FromDays(1);

    /// <summary>Judges a code for the challenge that this browser holds a handle of.</summary>
    /// <param name="pending">The browser's handle.</param>
    /// <param name="code">What was typed, well formed.</param>
    /// <param name="network">The network to charge.</param>
    /// <param name="cancellationToken">Cancels what <see cref="CodeJudge.JudgeAsync"/> lets it cancel, and nothing afterwards.</param>
    public async Task<OtpVerdict> AnswerAsync(HandleCookie pending, OneTimeCode code, string network, CancellationToken cancellationToken) =>
        await judge.JudgeAsync(pending, code, OtpPurpose.SignIn, network, cancellationToken) switch
        {
            CodeJudgement.Right(var challenge) => await ConsumeAsync(challenge, network),
            CodeJudgement.Not(var verdict) => verdict,
            var other => throw new UnreachableException($"Unmapped judgement {other}."),
        };

    private async Task<OtpVerdict> ConsumeAsync(OtpChallenge challenge, string network)
    {
        var now = extras.Clock.GetUtcNow();
        var prepared = await sessions.PrepareAsync(challenge, now);
        var consumed = await challenges.ConsumeAsync(
            challenge, prepared.Row, network, () => WriteAlongsideAsync(challenge, prepared.Row), now, CancellationToken.None);
        if (consumed is null)
        {
            return new OtpVerdict.Void();
        }

        extras.Outbox.Notify(); // an alert may have been written alongside
        sessions.Issue(consumed, prepared);
        extras.KnownBrowser.Remember(challenge.UserId);
        await extras.Clients.CountAsync(challenge.ClientId, ActivityKinds.Entered);
        return new OtpVerdict.Accepted(challenge.ClientId, challenge.RequestUri);
    }

    private async Task WriteAlongsideAsync(OtpChallenge challenge, AuthenticationSession session)
    {
        // The code came to the registered address and back: whoever imported it unproven need not ask again.
        await extras.Rows.VerifyAddressAsync(challenge.UserId, CancellationToken.None);
        await extras.Audit.WriteAsync(
            AuditEvents.SessionOpened,
            new(challenge.UserId, challenge.ClientId, session.Id, challenge.Id, challenge.Network),
            CancellationToken.None);
        if (!extras.KnownBrowser.Knows(challenge.UserId) && await IsNewAsync(session))
        {
            await extras.Rows.AddAsync(
                AlertHandler.Message(AlertKind.NewBrowser, challenge.UserId, AlertSource.Of(challenge), session.AuthenticatedAt), CancellationToken.None);
        }
    }

    // A browser that forgot its cookies is not new when one of its name signed in from the same network lately. The first sign-in of an
    // account that was just made tells its owner nothing.
    private async Task<bool> IsNewAsync(AuthenticationSession session) =>
        await extras.Reads.EarlierAsync(session, CancellationToken.None) is { Alike: false } earlier
        && (earlier.Any || session.AuthenticatedAt - earlier.AccountMadeAt > _young);
}

/// <summary>What the code step needs beside its rules.</summary>
internal sealed record CodeStepExtras(
    AuditTrail Audit, KnownBrowser KnownBrowser, CeremonyWrites Rows, AccountReads Reads, OutboxSignal Outbox, ClientCounter Clients, TimeProvider Clock);
