using System.Security.Cryptography;
using System.Text;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Storage;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn;

/// <summary>What a password attempt may cost, spent before anything is hashed.</summary>
/// <param name="RetryAfter">Null when the attempt may go on; else how long to wait.</param>
/// <param name="Delay">How long to hold the answer: a network that fails often is slowed before it is refused.</param>
/// <param name="Lane">The lane that was charged, to give back when the password proves right.</param>
internal sealed record PasswordTicket(TimeSpan? RetryAfter, TimeSpan Delay, string? Lane, string Network);

/// <summary>
/// Limits failed passwords: per network, and per account and network. An account is never locked for everyone: strangers cannot keep its
/// owner out, and a browser that once completed both steps has a lane of its own.
/// </summary>
internal sealed class PasswordThrottle(CounterOperations counters, UnitOfWork work, KnownBrowser browser, TimeProvider clock)
{
    /// <summary>Failures of one account from one network in a quarter of an hour.</summary>
    internal const int AccountPerQuarterHour = 8;

    private static readonly TimeSpan _hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan _quarter = TimeSpan.FromMinutes(15);

    /// <summary>
    /// Spends an attempt. Known and unknown accounts are treated alike: the address is only hashed, and the browser's cookie is read for
    /// both.
    /// </summary>
    public Task<PasswordTicket> SpendAsync(string normalizedEmail, Guid? userId, string network, CancellationToken cancellationToken) =>
        work.InOwnTransactionAsync(
            async () =>
            {
                var now = clock.GetUtcNow();
                var address = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(normalizedEmail)).AsSpan(0, 16));

                // No account has the empty identifier, so no cookie names it; reading one takes as long as for any other.
                var known = browser.Knows(userId ?? Guid.Empty) && userId is not null;
                var lane = known ? $"passwords/known/{browser.LaneOf(userId!.Value):N}" : $"passwords/account/{address}/{network}";

                // The network comes first: one that is refused leaves no row for each address that it thinks of.
                var total = known
                    ? new CounterResult(Allowed: true, Total: 0)
                    : await counters.TrySpendAsync(NetworkLane(network), _hour, GuessBudget.NetworkPerHour, now, cancellationToken);
                if (!total.Allowed)
                {
                    return new PasswordTicket(SlowDown.WaitFor(_hour, now), TimeSpan.Zero, null, network);
                }

                var account = await counters.TrySpendAsync(lane, _quarter, AccountPerQuarterHour, now, cancellationToken);
                if (!account.Allowed)
                {
                    await RefundNetworkAsync(known, network, now, cancellationToken);
                    return new PasswordTicket(SlowDown.WaitFor(_quarter, now), TimeSpan.Zero, null, network);
                }

                return new PasswordTicket(null, SlowDown.For(total.Total), lane, network);
            },
            cancellationToken);

    /// <summary>Gives back a ticket whose password was right; runs inside the caller's transaction.</summary>
    public async Task RefundAsync(PasswordTicket ticket, CancellationToken cancellationToken)
    {
        if (ticket.Lane is null)
        {
            return;
        }

        // In the order in which they were spent, or two attempts could each wait for the other's row.
        var now = clock.GetUtcNow();
        var known = ticket.Lane.StartsWith("passwords/known/", StringComparison.Ordinal);
        await RefundNetworkAsync(known, ticket.Network, now, cancellationToken);
        await counters.RefundAsync(ticket.Lane, _quarter, now, 1, cancellationToken);
    }

    private Task RefundNetworkAsync(bool known, string network, DateTimeOffset now, CancellationToken cancellationToken) =>
        known ? Task.CompletedTask : counters.RefundAsync(NetworkLane(network), _hour, now, 1, cancellationToken);

    private static string NetworkLane(string network) => $"passwords/network/{network}";
}

/// <summary>How a network that fails often is held back.</summary>
internal static class SlowDown
{
    private static readonly TimeSpan _step = TimeSpan.FromMilliseconds(200);

    /// <summary>How long to hold an answer, given what the network has spent: nothing at first, at most two seconds.</summary>
    public static TimeSpan For(int total) => Math.Max(0, total - GuessBudget.NetworkSlowFrom) * _step;

    /// <summary>Limits count this bucket and the one before: room appears at the earliest when the next bucket begins.</summary>
    public static TimeSpan WaitFor(TimeSpan bucket, DateTimeOffset now) =>
        TimeSpan.FromMilliseconds(bucket.TotalMilliseconds - (now.ToUnixTimeMilliseconds() % bucket.TotalMilliseconds));
}
