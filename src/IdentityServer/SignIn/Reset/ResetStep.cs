using System.Data.Common;
using System.Diagnostics;
using IdentityServer.Alerts;
using IdentityServer.Audit;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Domain.Users;
using IdentityServer.Outbox;
using IdentityServer.Sessions;
using IdentityServer.SignIn.Proofs;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.SignIn.Reset;

/// <summary>
/// A new password by the mailbox: the address first, then the mailed code together with the new password, on the page that asked. It
/// never signs in. For an address without an account the same happens on screen, at the same cost.
/// </summary>
internal sealed class ResetStep(UserDirectory users, IPasswordHasher hasher, ProofIssuer issuer, CodeJudge judge, ResetParts parts)
{
    /// <summary>Asks for a code.</summary>
    public async Task<ProofOutcome> AskAsync(EmailAddress address, SignInOrigin origin, CancellationToken cancellationToken)
    {
        if (await issuer.AdmitAsync(origin.Network, cancellationToken) is { } wait)
        {
            return new ProofOutcome.Wait(wait);
        }

        // All are made and looked for every time, so that none is missed.
        var standIn = await parts.StandIns.ForAsync(address, cancellationToken);
        var owner = await users.FindByEmailAsync(address.Value, cancellationToken);
        var former = await parts.Addresses.FormerAsync(address, cancellationToken);
        var formerOwner = await users.FindAsync(former?.UserId ?? Guid.Empty, cancellationToken);

        // Whoever has the address now comes first; else the account that had it until lately, and is to have it back.
        var user = owner ?? formerOwner;
        var restored = owner is null && formerOwner is not null ? former!.Email : null;
        var known = parts.Browser.Knows(user?.Id ?? Guid.Empty) && user is not null;
        var subject = user is null ? ChallengeSubject.OfAddress(standIn) : ChallengeSubject.Of(user, known ? parts.Browser.LaneOf(user.Id) : standIn);
        return await issuer.IssueAsync(
            OtpPurpose.Reset,
            subject,
            origin,
            new(
                ChallengeFactory.CodeMail,
                challenge => restored is null ? Task.CompletedTask : parts.Addresses.AddPendingAsync(challenge, restored, cancellationToken)),
            cancellationToken);
    }

    /// <summary>Mails the same code once more.</summary>
    public Task<ResendOutcome> ResendAsync(OtpChallenge challenge, CancellationToken cancellationToken) =>
        issuer.ResendAsync(challenge, ChallengeFactory.CodeMail, cancellationToken);

    /// <summary>
    /// Judges the code and sets the password. With it the guess budget starts anew, every session of the account ends, open codes become
    /// void, and the owner is told: one commit.
    /// </summary>
    /// <param name="pending">The browser's handle.</param>
    /// <param name="code">What was typed, well formed.</param>
    /// <param name="password">A password that obeys the rules.</param>
    /// <param name="origin">Who asks.</param>
    /// <param name="cancellationToken">Cancels what <see cref="CodeJudge.JudgeAsync"/> lets it cancel, and nothing afterwards.</param>
    public async Task<OtpVerdict> AnswerAsync(
        HandleCookie pending, OneTimeCode code, string password, SignInOrigin origin, CancellationToken cancellationToken)
    {
        switch (await judge.JudgeAsync(pending, code, OtpPurpose.Reset, origin.Network, cancellationToken))
        {
            case CodeJudgement.Not(var verdict):
                return verdict;
            case CodeJudgement.Right(var challenge):
                return await SetAsync(challenge, await hasher.HashAsync(password, CancellationToken.None), origin);
            case var other:
                throw new UnreachableException($"Unmapped judgement {other}.");
        }
    }

    private async Task<OtpVerdict> SetAsync(OtpChallenge challenge, string hash, SignInOrigin origin)
    {
        try
        {
            return await parts.Challenges.ConsumeProofAsync(
                challenge, origin.Network, () => ChangeAsync(challenge, hash, origin), parts.Clock.GetUtcNow(), CancellationToken.None)
                ? Changed(challenge)
                : new OtpVerdict.Void();
        }
        catch (Exception failure) when (failure is DbException or DbUpdateException)
        {
            // An address that was to be had back has an owner by now: the unique index says so. Any other fault is one.
            if (await parts.Addresses.PendingAsync(challenge.Id, CancellationToken.None) is { } pending
                && await users.FindByEmailAsync(pending.Email, CancellationToken.None) is not null)
            {
                return new OtpVerdict.Void();
            }

            throw;
        }
    }

    private async Task<bool> ChangeAsync(OtpChallenge challenge, string hash, SignInOrigin origin)
    {
        var pending = await parts.Addresses.PendingAsync(challenge.Id, CancellationToken.None);
        if (!await parts.Accounts.ChangePasswordAsync(challenge.UserId, hash, standing: null, CancellationToken.None)
            || (pending is not null && !await RestoreAsync(challenge, pending, origin)))
        {
            return false;
        }

        await parts.Rows.VerifyAddressAsync(challenge.UserId, CancellationToken.None);
        await parts.Sessions.EndAllAsync(challenge.UserId, spared: null, CancellationToken.None);
        await parts.Rows.AddAsync(
            AlertHandler.Message(
                AlertKind.PasswordChanged, challenge.UserId, new(origin.Browser, origin.Network, challenge.Language), parts.Clock.GetUtcNow()),
            CancellationToken.None);
        await parts.Audit.WriteAsync(
            AuditEvents.PasswordReset, new(challenge.UserId, challenge.ClientId, ChallengeId: challenge.Id, Network: origin.Network), CancellationToken.None);
        return true;
    }

    // The account goes back to the address whose mailbox was proven; whoever had it meanwhile is told.
    private async Task<bool> RestoreAsync(OtpChallenge challenge, PendingAddress pending, SignInOrigin origin)
    {
        if (!EmailAddress.TryParse(pending.Email, out var address)
            || await parts.Addresses.RestoreAsync(challenge.UserId, address, CancellationToken.None) is not { } lost)
        {
            return false;
        }

        await parts.Rows.AddAsync(
            AlertHandler.Message(
                AlertKind.AddressRestored, challenge.UserId, new(origin.Browser, origin.Network, challenge.Language), parts.Clock.GetUtcNow(),
                new(Recipient: lost, About: AddressMask.Of(address.Value))),
            CancellationToken.None);
        return true;
    }

    private OtpVerdict.Accepted Changed(OtpChallenge challenge)
    {
        parts.Outbox.Notify();
        return new(challenge.ClientId, challenge.RequestUri);
    }
}

/// <summary>What a reset touches beside the password.</summary>
internal sealed record ResetParts(
    AccountChanges Accounts,
    AddressChanges Addresses,
    StandIns StandIns,
    KnownBrowser Browser,
    ChallengeOperations Challenges,
    CeremonyWrites Rows,
    SessionEnder Sessions,
    AuditTrail Audit,
    OutboxSignal Outbox,
    TimeProvider Clock);
