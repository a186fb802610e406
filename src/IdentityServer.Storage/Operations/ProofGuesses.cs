using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Operations;

/// <summary>
/// Guesses at codes that prove a mailbox. Strangers can ask for these without any password, so they have limits of their own: they must not
/// use up what the account's owner signs in by. An address without an account has the same limits, or the difference would tell. All joins
/// the open unit of work.
/// </summary>
public sealed class ProofGuesses
{
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);
    private static readonly TimeSpan Month = TimeSpan.FromDays(30);

    private readonly CounterOperations _counters;

    internal ProofGuesses(CounterOperations counters) => _counters = counters;

    /// <summary>Spends one guess; false when none is left, and then nothing may be compared.</summary>
    public async Task<bool> TrySpendAsync(OtpChallenge challenge, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(challenge);
        var (purpose, lane) = (challenge.Purpose, challenge.LimitKey);
        return (await _counters.TrySpendAsync(DayKey(purpose, lane), Day, GuessBudget.ProofsPerDay, now, cancellationToken)).Allowed
            && (await _counters.TrySpendAsync(MonthKey(purpose, lane), Month, GuessBudget.ProofsPerMonth, now, cancellationToken)).Allowed

            // For what stands in for an account likewise, at the same cost, though there the limit before always comes first.
            && (await _counters.TrySpendAsync(AccountKey(purpose, challenge.UserId), Month, GuessBudget.ProofsPerAccountMonth, now, cancellationToken)).Allowed;
    }

    /// <summary>Gives back the guess that was right.</summary>
    public async Task RefundAsync(OtpChallenge challenge, DateTimeOffset now, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(challenge);
        await _counters.RefundAsync(DayKey(challenge.Purpose, challenge.LimitKey), Day, now, 1, cancellationToken);
        await _counters.RefundAsync(MonthKey(challenge.Purpose, challenge.LimitKey), Month, now, 1, cancellationToken);
        await _counters.RefundAsync(AccountKey(challenge.Purpose, challenge.UserId), Month, now, 1, cancellationToken);
    }

    /// <summary>Begins anew, for whoever has made sure of the person.</summary>
    public async Task ForgetAsync(string purpose, Guid userId, Guid limitKey, CancellationToken cancellationToken)
    {
        await _counters.ForgetAsync(DayKey(purpose, limitKey), cancellationToken);
        await _counters.ForgetAsync(MonthKey(purpose, limitKey), cancellationToken);
        await _counters.ForgetAsync(AccountKey(purpose, userId), cancellationToken);
    }

    private static string DayKey(string purpose, Guid limitKey) => $"code-guesses/{purpose}/day/{limitKey:N}";

    private static string MonthKey(string purpose, Guid limitKey) => $"code-guesses/{purpose}/month/{limitKey:N}";

    private static string AccountKey(string purpose, Guid userId) => $"code-guesses/{purpose}/account/{userId:N}";
}
