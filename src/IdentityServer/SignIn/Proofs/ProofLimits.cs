using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn.Proofs;

/// <summary>
/// Limits what strangers can have mailed: by network, and by address, whether or not it has an account, so that no limit tells which it
/// is. A browser that once signed in to the account is counted by itself instead, so that strangers cannot use up its owner's mails.
/// </summary>
internal sealed class ProofLimits(CounterOperations counters, ProofGuesses guesses)
{
    private static readonly TimeSpan _hour = TimeSpan.FromHours(1);
    private static readonly TimeSpan _day = TimeSpan.FromDays(1);

    /// <summary>Counts a request from a network. Joins the open unit of work.</summary>
    /// <returns>How long to wait; null when it may go on.</returns>
    public async Task<TimeSpan?> TakeRequestAsync(string network, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await counters.TrySpendAsync($"code-requests/network/{network}", _hour, GuessBudget.ProofRequestsPerNetwork, now, cancellationToken)).Allowed
            ? null
            : SlowDown.WaitFor(_hour, now);

    /// <summary>
    /// Counts a request of an account whose codes go to addresses that it names: not even somebody who has an account writes to many people
    /// through us. Joins the open unit of work.
    /// </summary>
    /// <returns>How long to wait; null when it may go on.</returns>
    public async Task<TimeSpan?> TakeRequestAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await counters.TrySpendAsync($"code-requests/account/{userId:N}", _day, GuessBudget.ProofMailsPerDay, now, cancellationToken)).Allowed
            ? null
            : SlowDown.WaitFor(_day, now);

    /// <summary>
    /// Counts a change of an account's password: each hashes twice and mails once, and voids what others have under way. Joins the open
    /// unit of work.
    /// </summary>
    /// <returns>How long to wait; null when it may go on.</returns>
    public async Task<TimeSpan?> TakePasswordChangeAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken) =>
        (await counters.TrySpendAsync($"password-changes/{userId:N}", _day, GuessBudget.PasswordChangesPerDay, now, cancellationToken)).Allowed
            ? null
            : SlowDown.WaitFor(_day, now);

    /// <summary>Counts a mail of a challenge. Joins the open unit of work.</summary>
    /// <returns>How long to wait; null when it may go out.</returns>
    public async Task<TimeSpan?> TakeMailAsync(OtpChallenge challenge, DateTimeOffset now, CancellationToken cancellationToken)
    {
        if (!(await counters.TrySpendAsync(MailKey(challenge.Purpose, "hour", challenge.LimitKey), _hour, GuessBudget.ProofMailsPerHour, now, cancellationToken)).Allowed)
        {
            return SlowDown.WaitFor(_hour, now);
        }

        return (await counters.TrySpendAsync(MailKey(challenge.Purpose, "day", challenge.LimitKey), _day, GuessBudget.ProofMailsPerDay, now, cancellationToken)).Allowed
            ? null
            : SlowDown.WaitFor(_day, now);
    }

    /// <summary>Lets the mails and guesses of a purpose begin anew, for an operator who has made sure of the person. Joins the open unit of work.</summary>
    public async Task ForgetAsync(string purpose, Guid userId, Guid limitKey, CancellationToken cancellationToken)
    {
        await guesses.ForgetAsync(purpose, userId, limitKey, cancellationToken);
        await counters.ForgetAsync(MailKey(purpose, "hour", limitKey), cancellationToken);
        await counters.ForgetAsync(MailKey(purpose, "day", limitKey), cancellationToken);
    }

    private static string MailKey(string purpose, string window, Guid limitKey) => $"code-mails/{purpose}/{window}/{limitKey:N}";
}
