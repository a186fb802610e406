using IdentityServer.Alerts;
using IdentityServer.Outbox;
using IdentityServer.Sessions;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Users;

namespace IdentityServer.SignIn.Changes;

/// <summary>A new password for somebody who is signed in and has just given the old one.</summary>
internal sealed class PasswordChange(AccountChanges accounts, IPasswordHasher hasher, SessionEnder sessions, PasswordChangeParts parts)
{
    /// <summary>
    /// Sets it. Every other session of the account ends, open codes and pending changes become void, and the owner is told: one commit.
    /// </summary>
    /// <param name="user">The account, as it was read when the old password was checked.</param>
    /// <param name="password">A password that obeys the rules.</param>
    /// <param name="session">The session that asks, and stays.</param>
    /// <param name="source">Where it comes from.</param>
    /// <returns>False when another change was faster.</returns>
    public async Task<bool> ChangeAsync(User user, string password, AuthenticationSession session, AlertSource source)
    {
        var hash = await hasher.HashAsync(password, CancellationToken.None);
        var changed = await parts.Work.InOwnTransactionAsync(
            async () =>
            {
                if (!await accounts.ChangePasswordAsync(user.Id, hash, user.PasswordHash, CancellationToken.None))
                {
                    return false;
                }

                await sessions.EndAllAsync(user.Id, session.FamilyId, CancellationToken.None);
                await parts.Rows.AddAsync(AlertHandler.Message(AlertKind.PasswordChanged, user.Id, source, parts.Clock.GetUtcNow()), CancellationToken.None);
                return true;
            },
            CancellationToken.None);
        if (changed)
        {
            parts.Outbox.Notify();
        }

        return changed;
    }
}

/// <summary>What changing a password touches beside it.</summary>
internal sealed record PasswordChangeParts(UnitOfWork Work, CeremonyWrites Rows, OutboxSignal Outbox, TimeProvider Clock);
