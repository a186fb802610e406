using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn.Proofs;

/// <summary>
/// Limits what strangers can have mailed. Counted by network and by account or address, and an address without an account is counted
/// like one with: no limit tells which it is. A browser that once signed in to the account has a lane of its own, so that a stranger
/// cannot use up its owner's.
/// </summary>
internal sealed class ProofLimits(CounterOperations counters, KnownBrowser browser)
{
    private static readonly TimeSpan _hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan _day = TimeSpan.FromDays(1);

    /// <summary>Counts a request from a network. Joins the open unit of work.</summary>
    /// <returns>How long to wait; null when it may go on.</returns>
    public async Task<TimeSpan?> TakeRequestAsync(string network, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await counters.TrySpendAsync($"code-requests/network/{network}", _hour, GuessBudget.ProofRequestsPerNetwork, now, cancellationToken)).Allowed
            ? null
            : SlowDown.WaitFor(_hour, now);

    /// <summary>Counts a mail to the account or address of a challenge. Joins the open unit of work.</summary>
    /// <returns>How long to wait; null when it may go out.</returns>
    public async Task<TimeSpan?> TakeMailAsync(OtpPurposeAndSubject of, DateTimeOffset now, CancellationToken cancellationToken)
    {
        var lane = $"code-mails/{of.Purpose}/{(browser.Knows(of.Subject) ? "known" : "any")}";
        if (!(await counters.TrySpendAsync($"{lane}/hour/{of.Subject:N}", _hour, GuessBudget.ProofMailsPerHour, now, cancellationToken)).Allowed)
        {
            return SlowDown.WaitFor(_hour, now);
        }

        return (await counters.TrySpendAsync($"{lane}/day/{of.Subject:N}", _day, GuessBudget.ProofMailsPerDay, now, cancellationToken)).Allowed
            ? null
            : SlowDown.WaitFor(_day, now);
    }
}

/// <summary>What a code is for, and whose.</summary>
/// <param name="Purpose">One of <see cref="OtpPurpose"/>.</param>
/// <param name="Subject">The account, or what stands in for one.</param>
internal readonly record struct OtpPurposeAndSubject(string Purpose, Guid Subject);
