using IdentityServer.Alerts;
using IdentityServer.Outbox;
using IdentityServer.Sessions;
using IdentityServer.SignIn.Proofs;
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
    /// <returns>What it came to.</returns>
    public async Task<PasswordChanged> ChangeAsync(User user, string password, AuthenticationSession session, AlertSource source)
    {
        var now = parts.Clock.GetUtcNow();
        if (await parts.Work.InOwnTransactionAsync(() => parts.Limits.TakePasswordChangeAsync(user.Id, now, CancellationToken.None), CancellationToken.None) is { } wait)
        {
            return new PasswordChanged.TooOften(wait);
        }

        var hash = await hasher.HashAsync(password, CancellationToken.None);
        var changed = await parts.Work.InOwnTransactionAsync(
            async () =>
            {
                if (!await accounts.ChangePasswordAsync(user.Id, hash, user.PasswordHash, CancellationToken.None))
                {
                    return false;
                }

                await sessions.EndAllAsync(user.Id, session.Id, CancellationToken.None);
                await parts.Rows.AddAsync(AlertHandler.Message(AlertKind.PasswordChanged, user.Id, source, now), CancellationToken.None);
                return true;
            },
            CancellationToken.None);
        if (!changed)
        {
            return new PasswordChanged.Overtaken();
        }

        parts.Outbox.Notify();
        return new PasswordChanged.Done();
    }
}

/// <summary>What a change of password came to.</summary>
internal abstract record PasswordChanged
{
    private PasswordChanged()
    {
    }

    /// <summary>It is set.</summary>
    public sealed record Done : PasswordChanged;

    /// <summary>Another change was faster; nothing happened.</summary>
    public sealed record Overtaken : PasswordChanged;

    /// <summary>It was changed too often; try again after the wait.</summary>
    public sealed record TooOften(TimeSpan Wait) : PasswordChanged;
}

/// <summary>What changing a password touches beside it.</summary>
internal sealed record PasswordChangeParts(UnitOfWork Work, ProofLimits Limits, CeremonyWrites Rows, OutboxSignal Outbox, TimeProvider Clock);
