using System.Diagnostics;
using IdentityServer.Alerts;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Domain.Users;
using IdentityServer.Outbox;
using IdentityServer.Sessions;
using IdentityServer.SignIn.Proofs;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.SignIn.SignUp;

/// <summary>
/// Makes accounts: address and password first, then the code that proves the address, and only then an account. For an address that has
/// one the same happens on screen, at the same cost; its owner gets a mail that says so, and no code.
/// </summary>
internal sealed class SignUpStep(UserDirectory users, IPasswordHasher hasher, ProofIssuer issuer, CodeJudge judge, SignUpParts parts)
{
    /// <summary>Asks for an account.</summary>
    public async Task<ProofOutcome> AskAsync(EmailAddress address, string password, SignInOrigin origin, CancellationToken cancellationToken)
    {
        if (await issuer.AdmitAsync(origin.Network, cancellationToken) is { } wait)
        {
            return new ProofOutcome.Wait(wait);
        }

        if (await hasher.TryHashAsync(password, cancellationToken) is not { } hash)
        {
            return new ProofOutcome.Busy();
        }

        var subject = ChallengeSubject.OfAddress(await parts.StandIns.ForAsync(address, cancellationToken));
        var message = await MessageAsync(address, cancellationToken);
        return await issuer.IssueAsync(
            OtpPurpose.SignUp,
            subject,
            origin,
            new(message, challenge => parts.Pending.AddAsync(Account(challenge, address, hash), cancellationToken)),
            cancellationToken);
    }

    /// <summary>Mails the same once more.</summary>
    public async Task<ResendOutcome> ResendAsync(OtpChallenge challenge, CancellationToken cancellationToken) =>
        await parts.Pending.FindAsync(challenge.Id, cancellationToken) is { } pending && EmailAddress.TryParse(pending.Email, out var address)
            ? await issuer.ResendAsync(challenge, await MessageAsync(address, cancellationToken), cancellationToken)
            : new ResendOutcome.Spent();

    /// <summary>Judges the code and makes the account.</summary>
    public async Task<OtpVerdict> AnswerAsync(HandleCookie pending, OneTimeCode code, string network, CancellationToken cancellationToken) =>
        await judge.JudgeAsync(pending, code, OtpPurpose.SignUp, network, cancellationToken) switch
        {
            CodeJudgement.Right(var challenge) => await MakeAsync(challenge, network),
            CodeJudgement.Not(var verdict) => verdict,
            var other => throw new UnreachableException($"Unmapped judgement {other}."),
        };

    private async Task<OtpVerdict> MakeAsync(OtpChallenge challenge, string network)
    {
        if (await parts.Pending.FindAsync(challenge.Id, CancellationToken.None) is not { } pending || !EmailAddress.TryParse(pending.Email, out var address))
        {
            return new OtpVerdict.Void();
        }

        var account = new NewUser(address, pending.PasswordHash, EmailVerified: true, StandardClaims.OfLanguage(pending.Language));
        try
        {
            return await parts.Challenges.ConsumeProofAsync(
                challenge, network, () => MakeAlongsideAsync(challenge.Id, account), parts.Clock.GetUtcNow(), CancellationToken.None)
                ? new OtpVerdict.Accepted(challenge.ClientId, challenge.RequestUri)
                : new OtpVerdict.Void();
        }
        catch (DbUpdateException)
        {
            // Who is first is for the unique index to say. Asking again tells its refusal from any other fault, on every database.
            if (await users.FindByEmailAsync(address.Value, CancellationToken.None) is not null)
            {
                return new OtpVerdict.Void();
            }

            throw;
        }
    }

    private async Task<bool> MakeAlongsideAsync(Guid challengeId, NewUser account)
    {
        await parts.Pending.RemoveAsync(challengeId, CancellationToken.None);
        return await users.CreateWithinAsync(account, CancellationToken.None) is UserCreation.Created;
    }

    // Whoever has an account with the address is told; nobody else learns of it.
    private async Task<Func<OtpChallenge, DateTimeOffset, OutboxMessage>> MessageAsync(EmailAddress address, CancellationToken cancellationToken) =>
        await parts.Addresses.HolderAsync(address, asking: null, cancellationToken) is { } holder
            ? (challenge, now) => AlertHandler.Wanted(AlertKind.AddressTaken, holder, challenge, now)
            : ChallengeFactory.CodeMail;

    private static PendingAccount Account(OtpChallenge challenge, EmailAddress address, string hash) => new()
    {
        ChallengeId = challenge.Id,
        Email = address.Value,
        PasswordHash = hash,
        Language = challenge.Language,
        CreatedAt = challenge.CreatedAt,
        ExpiresAt = challenge.ExpiresAt,
    };
}

/// <summary>What making an account reads and writes beside the account.</summary>
internal sealed record SignUpParts(PendingAccounts Pending, AddressChanges Addresses, StandIns StandIns, ChallengeOperations Challenges, TimeProvider Clock);
