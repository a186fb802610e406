using IdentityServer.Alerts;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Domain.Users;
using IdentityServer.Sessions;
using IdentityServer.SignIn.Proofs;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Users;

namespace IdentityServer.SignIn.Changes;

/// <summary>
/// What an operator does for somebody of whom they have made sure: lets codes be tried again, or sends them to another mailbox. Neither
/// signs anybody in, and neither goes round the code.
/// </summary>
internal sealed class OperatorHelp(UnitOfWork work, AccountChanges accounts, AddressChanges addresses, SessionEnder sessions, OperatorHelpParts parts)
{
    /// <summary>Lets an account sign in, and its address ask for new passwords, after too many wrong codes.</summary>
    /// <returns>False when the account is gone.</returns>
    public async Task<bool> ResetBudgetAsync(User user, CancellationToken cancellationToken)
    {
        var lane = EmailAddress.TryParse(user.Email, out var address) ? await parts.StandIns.ForAsync(address, cancellationToken) : user.Id;
        return await work.InOwnTransactionAsync(
            async () =>
            {
                await parts.Limits.ForgetAsync(OtpPurpose.Reset, lane, cancellationToken);
                return await accounts.ResetGuessBudgetAsync(user.Id, cancellationToken);
            },
            cancellationToken);
    }

    /// <summary>
    /// Gives an account another address because its mailbox is lost. Its sessions end, open codes are void, both addresses are told. The
    /// former address cannot have it back: in whose hands that mailbox is, is what the operator had to judge.
    /// </summary>
    /// <returns>False when another account has the address, or may have it back, or the account is gone.</returns>
    public Task<bool> ChangeAddressAsync(User user, EmailAddress address, CancellationToken cancellationToken) => work.InOwnTransactionAsync(
        async () =>
        {
            await sessions.EndAllAsync(user.Id, spared: null, cancellationToken);
            if (await addresses.RebindAsync(user.Id, address, cancellationToken) is not { } former)
            {
                await work.RollbackAsync(cancellationToken);
                return false;
            }

            var (source, now) = (new AlertSource(null, null, AccountLocale.LanguageOf(user)?.Tag), parts.Clock.GetUtcNow());
            await parts.Rows.AddAsync(
                AlertHandler.Message(AlertKind.AddressRebound, user.Id, source, now, new(Recipient: former, About: AddressMask.Of(address.Value))), cancellationToken);
            await parts.Rows.AddAsync(
                AlertHandler.Message(AlertKind.AddressRebound, user.Id, source, now, new(Recipient: address.Value, About: AddressMask.Of(address.Value))), cancellationToken);
            return true;
        },
        cancellationToken);
}

/// <summary>What an operator's help touches beside the account.</summary>
internal sealed record OperatorHelpParts(StandIns StandIns, ProofLimits Limits, CeremonyWrites Rows, TimeProvider Clock);
