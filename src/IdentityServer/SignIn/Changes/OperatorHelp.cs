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
    /// <summary>The account that has an address, or had it until lately and may have it back.</summary>
    public async Task<User?> FindAsync(string email, CancellationToken cancellationToken) =>
        EmailAddress.TryParse(email, out var address) && await addresses.HolderAsync(address, asking: null, cancellationToken) is { } holder
            ? await parts.Users.FindAsync(holder.UserId, cancellationToken)
            : null;

    /// <summary>
    /// Lets an account sign in after too many wrong codes, and ask for new passwords by each address that it has or may have back.
    /// </summary>
    /// <returns>False when the account is gone.</returns>
    public async Task<bool> ResetBudgetAsync(User user, CancellationToken cancellationToken)
    {
        var lanes = new List<Guid>();
        foreach (var email in (await addresses.FormerOfAsync(user.Id, cancellationToken)).Append(user.Email))
        {
            if (EmailAddress.TryParse(email, out var address))
            {
                lanes.Add(await parts.StandIns.ForAsync(address, cancellationToken));
            }
        }

        return await work.InOwnTransactionAsync(
            async () =>
            {
                // The account's row first, as everywhere, and only then the counters.
                var known = await accounts.ResetGuessBudgetAsync(user.Id, cancellationToken);
                foreach (var lane in known ? lanes : [])
                {
                    await parts.Limits.ForgetAsync(OtpPurpose.Reset, user.Id, lane, cancellationToken);
                }

                return known;
            },
            cancellationToken);
    }

    /// <summary>
    /// Gives an account another address because its mailbox is lost. Its sessions end, open codes are void, both addresses are told. The
    /// former address cannot have it back: in whose hands that mailbox is, is what the operator had to judge.
    /// </summary>
    /// <param name="user">The account.</param>
    /// <param name="address">The address. Its present one is fine: then only the way back is closed.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
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
internal sealed record OperatorHelpParts(UserDirectory Users, StandIns StandIns, ProofLimits Limits, CeremonyWrites Rows, TimeProvider Clock);
