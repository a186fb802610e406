using IdentityServer.Storage.Entities;
using IdentityServer.Users;

namespace IdentityServer.SignIn;

/// <summary>What checking a password came to.</summary>
internal abstract record PasswordChecked
{
    private PasswordChecked()
    {
    }

    /// <summary>It is the account's. The ticket is still to be given back: a right password is no failure.</summary>
    public sealed record Right(PasswordTicket Ticket) : PasswordChecked;

    /// <summary>It is wrong, or there is no such account: the same answer, after the same work.</summary>
    public sealed record Wrong : PasswordChecked;

    /// <summary>Too many attempts, or no hashing capacity: try again after the wait.</summary>
    public sealed record TryLater(TimeSpan Wait, bool Overloaded) : PasswordChecked;
}

/// <summary>The one way to check a password: limits first, then the hash. Every page that asks for one comes through here.</summary>
internal sealed class PasswordVerifier(IPasswordHasher hasher, PasswordThrottle throttle, AccountChanges changes)
{
    /// <summary>Checks.</summary>
    /// <param name="user">The account; null for an address without one.</param>
    /// <param name="address">The address as it is looked up.</param>
    /// <param name="password">As it was typed.</param>
    /// <param name="network">The network to charge.</param>
    /// <param name="cancellationToken">Gives up a place in the queue.</param>
    public async Task<PasswordChecked> CheckAsync(
        User? user, string address, string password, string network, CancellationToken cancellationToken)
    {
        var ticket = await throttle.SpendAsync(address, user?.Id, network, cancellationToken);
        if (ticket.RetryAfter is { } wait)
        {
            return new PasswordChecked.TryLater(wait, Overloaded: false);
        }

        // Real time on purpose: nothing is decided by it, it only makes guessing slow.
        await Task.Delay(ticket.Delay, cancellationToken);
        switch (await hasher.VerifyAsync(user?.PasswordHash, password, address, cancellationToken))
        {
            case PasswordVerdict.Busy busy:
                await GiveBackAsync(ticket);
                return new PasswordChecked.TryLater(busy.RetryAfter, Overloaded: true);
            case PasswordVerdict.Right right when user is not null:
                await RenewAsync(user, right, password, cancellationToken);
                return new PasswordChecked.Right(ticket);
            default:
                return new PasswordChecked.Wrong();
        }
    }

    /// <summary>
    /// Gives a ticket back: nothing was checked, or the password was right. It must not count against whoever comes from this network.
    /// </summary>
    public Task GiveBackAsync(PasswordTicket ticket) => throttle.RefundAsync(ticket, CancellationToken.None);

    private async Task RenewAsync(User user, PasswordVerdict.Right right, string password, CancellationToken cancellationToken)
    {
        if (right.NeedsRehash && user.PasswordHash is { } old && await hasher.HashAsync(password, cancellationToken) is { } renewed
            && await changes.UpdatePasswordHashAsync(user.Id, old, renewed, cancellationToken))
        {
            user.PasswordHash = renewed;
        }
    }
}
