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
internal sealed class PasswordStep(UserDirectory users, PasswordVerifier passwords, ChallengeIssuer issuer, GuessBudgetOperations budgets)
{
    /// <summary>Checks a password and, when it is right, starts the second step.</summary>
    public async Task<PasswordOutcome> TryAsync(string email, string password, SignInOrigin origin, CancellationToken cancellationToken)
    {
        var address = EmailAddress.Normalize(email);
        var user = await users.FindByEmailAsync(address, cancellationToken);
        return await passwords.CheckAsync(user, address, password, origin.Network, cancellationToken) switch
        {
            PasswordChecked.Right(var ticket) when user is not null => await ContinueAsync(user, ticket, origin, cancellationToken),
            PasswordChecked.TryLater(var wait, var overloaded) => new PasswordOutcome.TryLater(wait, overloaded),
            _ => new PasswordOutcome.Refused(),
        };
    }

    private async Task<PasswordOutcome> ContinueAsync(User user, PasswordTicket ticket, SignInOrigin origin, CancellationToken cancellationToken)
    {
        if (await budgets.IsExhaustedAsync(user.Id, cancellationToken))
        {
            await passwords.GiveBackAsync(ticket);
            return new PasswordOutcome.ResetNeeded();
        }

        return await issuer.IssueAsync(user, ticket, origin, cancellationToken);
    }
}
