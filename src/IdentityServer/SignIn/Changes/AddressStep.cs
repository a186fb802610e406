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

namespace IdentityServer.SignIn.Changes;

/// <summary>
/// Gives an account another address: asked for by whoever is signed in and knows the password, told to the address that it has, and done
/// when the code came back that was mailed to the new one. For an address that another account has, the same happens on screen; its owner
/// gets a mail that says so, and no code.
/// </summary>
internal sealed class AddressStep(UserDirectory users, AddressChanges addresses, ProofIssuer issuer, CodeJudge judge, AddressParts parts)
{
    /// <summary>Asks. An earlier change that still waits for its code is void.</summary>
    public async Task<ProofOutcome> AskAsync(User user, EmailAddress address, SignInOrigin origin, CancellationToken cancellationToken)
    {
        if (await issuer.AdmitAsync(user.Id, cancellationToken) is { } wait)
        {
            return new ProofOutcome.Wait(wait);
        }

        // Limits count by the new address: however many accounts ask for it, it gets so many mails, and its code so many guesses.
        var subject = ChallengeSubject.Of(user, await parts.StandIns.ForAsync(address, cancellationToken));
        var message = await MessageAsync(address, user.Id, cancellationToken);
        return await issuer.IssueAsync(
            OtpPurpose.NewAddress, subject, origin, new(message, challenge => AskAlongsideAsync(challenge, user, address, cancellationToken)), cancellationToken);
    }

    /// <summary>Mails the same once more.</summary>
    public async Task<ResendOutcome> ResendAsync(OtpChallenge challenge, CancellationToken cancellationToken) =>
        await addresses.PendingAsync(challenge.Id, cancellationToken) is { } pending && EmailAddress.TryParse(pending.Email, out var address)
            ? await issuer.ResendAsync(challenge, await MessageAsync(address, challenge.UserId, cancellationToken), cancellationToken)
            : new ResendOutcome.Spent();

    /// <summary>Judges the code and changes the address. Other sessions end: whoever has them signs in anew, with the new address.</summary>
    /// <param name="pending">The browser's handle.</param>
    /// <param name="code">What was typed, well formed.</param>
    /// <param name="session">The session that asks, and stays.</param>
    /// <param name="origin">Who asks.</param>
    /// <param name="cancellationToken">Cancels what <see cref="CodeJudge.JudgeAsync"/> lets it cancel, and nothing afterwards.</param>
    public async Task<OtpVerdict> AnswerAsync(
        HandleCookie pending, OneTimeCode code, AuthenticationSession session, SignInOrigin origin, CancellationToken cancellationToken) =>
        await judge.JudgeAsync(pending, code, OtpPurpose.NewAddress, origin.Network, cancellationToken) switch
        {
            CodeJudgement.Right(var challenge) when challenge.UserId == session.UserId => await ChangeAsync(challenge, session, origin),
            CodeJudgement.Right => new OtpVerdict.Void(),
            CodeJudgement.Not(var verdict) => verdict,
            var other => throw new UnreachableException($"Unmapped judgement {other}."),
        };

    private async Task<OtpVerdict> ChangeAsync(OtpChallenge challenge, AuthenticationSession session, SignInOrigin origin)
    {
        if (await addresses.PendingAsync(challenge.Id, CancellationToken.None) is not { } pending || !EmailAddress.TryParse(pending.Email, out var address))
        {
            return new OtpVerdict.Void();
        }

        try
        {
            var changed = await parts.Challenges.ConsumeProofAsync(
                challenge, origin.Network, () => ChangeAlongsideAsync(challenge, address, session, origin), parts.Clock.GetUtcNow(), CancellationToken.None);
            if (changed)
            {
                parts.Outbox.Notify();
            }

            return changed ? new OtpVerdict.Accepted(null, null) : new OtpVerdict.Void();
        }
        catch (Exception failure) when (failure is DbException or DbUpdateException)
        {
            // Who is first is for the unique index to say. Asking again tells its refusal from any other fault, on every database.
            if (await users.FindByEmailAsync(address.Value, CancellationToken.None) is { } owner && owner.Id != challenge.UserId)
            {
                return new OtpVerdict.Void();
            }

            throw;
        }
    }

    private async Task AskAlongsideAsync(OtpChallenge challenge, User user, EmailAddress address, CancellationToken cancellationToken)
    {
        await parts.Challenges.CloseAsync(user.Id, OtpPurpose.NewAddress, challenge.Id, cancellationToken);
        await addresses.AddPendingAsync(challenge, address.Value, cancellationToken);
        await parts.Rows.AddAsync(
            AlertHandler.Message(
                AlertKind.AddressChangeAsked, user.Id, AlertSource.Of(challenge), challenge.CreatedAt,
                new(Recipient: user.Email, About: AddressMask.Of(address.Value))),
            cancellationToken);
        await parts.Audit.WriteAsync(
            AuditEvents.AddressChangeAsked, new(user.Id, ChallengeId: challenge.Id, Network: challenge.Network), cancellationToken);
    }

    private async Task<bool> ChangeAlongsideAsync(OtpChallenge challenge, EmailAddress address, AuthenticationSession session, SignInOrigin origin)
    {
        if (await addresses.ChangeAsync(challenge.UserId, address, CancellationToken.None) is not { } former)
        {
            return false;
        }

        await parts.Sessions.EndAllAsync(challenge.UserId, session.Id, CancellationToken.None);
        var source = new AlertSource(origin.Browser, origin.Network, challenge.Language);
        var now = parts.Clock.GetUtcNow();
        foreach (var (kind, details) in new[]
        {
            (AlertKind.AddressChanged, new AlertDetails(Recipient: former, About: AddressMask.Of(address.Value))),
            (AlertKind.AddressConfirmed, new AlertDetails(Recipient: address.Value, About: AddressMask.Of(former))),
        })
        {
            await parts.Rows.AddAsync(AlertHandler.Message(kind, challenge.UserId, source, now, details), CancellationToken.None);
        }

        return true;
    }

    // Whoever has an account with the address is told; nobody else learns of it.
    private async Task<Func<OtpChallenge, DateTimeOffset, OutboxMessage>> MessageAsync(EmailAddress address, Guid asking, CancellationToken cancellationToken) =>
        await addresses.HolderAsync(address, asking, cancellationToken) is { } holder
            ? (challenge, now) => AlertHandler.Wanted(AlertKind.AddressWanted, holder, challenge, now)
            : ChallengeFactory.CodeMail;
}

/// <summary>What a change of address touches beside the address.</summary>
internal sealed record AddressParts(
    StandIns StandIns, ChallengeOperations Challenges, CeremonyWrites Rows, SessionEnder Sessions, AuditTrail Audit, OutboxSignal Outbox, TimeProvider Clock);
