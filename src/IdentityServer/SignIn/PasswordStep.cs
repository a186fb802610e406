using IdentityServer.Domain.Users;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Users;

namespace IdentityServer.SignIn;

/// <summary>What a password attempt came to.</summary>
internal abstract record PasswordOutcome
{
    private PasswordOutcome()
    {
    }

    /// <summary>Right: the code is on its way.</summary>
    public sealed record Pending(IssuedChallenge Challenge) : PasswordOutcome;

    /// <summary>Wrong password or unknown address: the same answer, after the same work.</summary>
    public sealed record Refused : PasswordOutcome;

    /// <summary>Too many attempts, or no hashing capacity: try again after the wait.</summary>
    public sealed record TryLater(TimeSpan RetryAfter, bool Overloaded) : PasswordOutcome;

    /// <summary>Right, but the account's guess budget is used up.</summary>
    public sealed record ResetNeeded : PasswordOutcome;

    /// <summary>Right, but the account has been sent enough mails for now.</summary>
    public sealed record MailLimit(TimeSpan Wait) : PasswordOutcome;
}

/// <summary>The first step: limits, look-up, hash, in that order; then a challenge.</summary>
internal sealed class PasswordStep(
    UserDirectory users, IPasswordHasher hasher, PasswordThrottle throttle, ChallengeIssuer issuer, GuessBudgetOperations budgets)
{
    /// <summary>Checks a password and, when it is right, starts the second step.</summary>
    public async Task<PasswordOutcome> TryAsync(string email, string password, SignInOrigin origin, CancellationToken cancellationToken)
    {
        var address = EmailAddress.Normalize(email);
        var user = await users.FindByEmailAsync(address, cancellationToken);
        var ticket = await throttle.SpendAsync(address, user?.Id, origin.Network, cancellationToken);
        if (ticket.RetryAfter is { } wait)
        {
            return new PasswordOutcome.TryLater(wait, Overloaded: false);
        }

        // Real time on purpose: nothing is decided by it, it only makes guessing slow.
        await Task.Delay(ticket.Delay, cancellationToken);
        return await hasher.VerifyAsync(user?.PasswordHash, password, address, cancellationToken) switch
        {
            PasswordVerdict.Busy busy => await GiveBackAsync(ticket, new PasswordOutcome.TryLater(busy.RetryAfter, Overloaded: true)),
            PasswordVerdict.Right right when user is not null => await ContinueAsync(user, right, password, ticket, origin, cancellationToken),
            _ => new PasswordOutcome.Refused(),
        };
    }

    // No failure: nothing was checked, or the password was right. It must not count against whoever comes from this network.
    private async Task<PasswordOutcome> GiveBackAsync(PasswordTicket ticket, PasswordOutcome outcome)
    {
        await throttle.RefundAsync(ticket, CancellationToken.None);
        return outcome;
    }

    private async Task<PasswordOutcome> ContinueAsync(
        User user, PasswordVerdict.Right right, string password, PasswordTicket ticket, SignInOrigin origin, CancellationToken cancellationToken)
    {
        if (right.NeedsRehash && user.PasswordHash is { } old && await hasher.HashAsync(password, cancellationToken) is { } renewed)
        {
            await users.UpdatePasswordHashAsync(user.Id, old, renewed, cancellationToken);
        }

        if (await budgets.IsExhaustedAsync(user.Id, cancellationToken))
        {
            return await GiveBackAsync(ticket, new PasswordOutcome.ResetNeeded());
        }

        return await issuer.IssueAsync(user, ticket, origin, cancellationToken);
    }
}
