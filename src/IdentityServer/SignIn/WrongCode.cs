using System.Diagnostics.Metrics;
using System.Globalization;
using IdentityServer.Alerts;
using IdentityServer.Audit;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Outbox;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.SignIn;

/// <summary>
/// What follows a wrong code: the audit event, the owner's alert (a wrong code after a right password is a sign of a stolen password) and
/// the count over all accounts. The guess itself was spent before.
/// </summary>
internal sealed partial class WrongCode(
    IdentityServerDbContext db, UnitOfWork work, WrongCodeParts parts, TimeProvider clock, ILogger<WrongCode> logger)
{
    private const string FleetKey = "code-guesses/fleet";
    private const string AlarmKey = "code-guesses/fleet-alarm";
    private static readonly TimeSpan _alarmBucket = TimeSpan.FromMinutes(10);
    private static readonly TimeSpan _fleetBucket = TimeSpan.FromMinutes(5);
    private static readonly Meter _meter = new("IdentityServer");
    private static readonly Counter<long> _wrong = _meter.CreateCounter<long>("identityserver.code.wrong", description: "Wrong one-time codes.");
    private static readonly Counter<long> _alarms = _meter.CreateCounter<long>(
        "identityserver.code.fleet_alarm", description: "Times that wrong codes over all accounts passed the alarm threshold.");

    /// <summary>Records a guess that the exhausted budget kept from being judged.</summary>
    public async Task RecordRefusalAsync(OtpChallenge challenge, string network)
    {
        parts.Audit.Add(AuditEvents.GuessRefused, ChallengeAudit.About(challenge, network));
        await db.SaveChangesAsync(CancellationToken.None);
    }

    /// <summary>Records it, in a commit of its own. It cannot be cancelled: the guess is spent, whether or not anybody waits for the answer.</summary>
    public async Task RecordAsync(SpendOutcome.Spent guess, string network)
    {
        var (challenge, cancellationToken) = (guess.Challenge, CancellationToken.None);
        _wrong.Add(1);
        await work.InOwnTransactionAsync(
            async () =>
            {
                var now = clock.GetUtcNow();
                var subject = ChallengeAudit.About(challenge, network);
                parts.Audit.Add(
                    AuditEvents.CodeWrong, subject,
                    new Dictionary<string, string> { ["attempts_left"] = challenge.AttemptsLeft.ToString(CultureInfo.InvariantCulture) });
                if (challenge.AttemptsLeft == ChallengePolicy.Attempts - 1 && challenge.Purpose is (OtpPurpose.SignIn or OtpPurpose.Deletion))
                {
                    db.OutboxMessages.Add(AlertHandler.Message(AlertKind.WrongCode, challenge.UserId, AlertSource.Of(challenge), now));
                }

                if (guess.ReachedLimit)
                {
                    parts.Audit.Add(AuditEvents.GuessBudgetExhausted, subject);
                    db.OutboxMessages.Add(AlertHandler.Message(AlertKind.GuessBudgetExhausted, challenge.UserId, AlertSource.Of(challenge), now));
                }

                // Codes that prove a mailbox can be guessed at without a password: they would drown what the alarm is for.
                if (challenge.Purpose == OtpPurpose.SignIn)
                {
                    await CountFleetAsync(now, cancellationToken);
                }

                await db.SaveChangesAsync(cancellationToken);
                return true;
            },
            cancellationToken);
        parts.Outbox.Notify();
    }

    // The baseline is the same hour of the seven days before, kept as hourly counts: their median, so that an attack of yesterday does
    // not hide today's.
    private async Task CountFleetAsync(DateTimeOffset now, CancellationToken cancellationToken)
    {
        var recent = await parts.Counters.TrySpendAsync(FleetKey, _fleetBucket, int.MaxValue, now, cancellationToken);
        await parts.Counters.TrySpendAsync(HourKey(now), TimeSpan.FromDays(8), int.MaxValue, now, cancellationToken);
        if (recent.Total < GuessBudget.FleetAlarmFloor)
        {
            return;
        }

        var usual = new List<int>(7);
        for (var day = 1; day <= 7; day++)
        {
            usual.Add(await parts.Counters.ReadAsync(HourKey(now.AddDays(-day)), TimeSpan.FromDays(8), now, cancellationToken));
        }

        usual.Sort();

        // Once per alarm, not once per guess: a marker that only one writer of any window can set.
        if (recent.Total >= GuessBudget.FleetThreshold(usual[3] / 6.0)
            && (await parts.Counters.TrySpendAsync(AlarmKey, _alarmBucket, 1, now, cancellationToken)).Allowed)
        {
            _alarms.Add(1);
            FleetAlarm(recent.Total);
            parts.Audit.Add(
                AuditEvents.FleetAlarm, new(),
                new Dictionary<string, string> { ["wrong_codes"] = recent.Total.ToString(CultureInfo.InvariantCulture) });
        }
    }

    private static string HourKey(DateTimeOffset moment) =>
        string.Create(CultureInfo.InvariantCulture, $"{FleetKey}/{moment.ToUnixTimeSeconds() / 3600}");

    [LoggerMessage(LogLevel.Critical, "Wrong codes over all accounts passed the alarm threshold: {Count} within ten minutes")]
    private partial void FleetAlarm(int count);
}

/// <summary>What recording a wrong code writes to.</summary>
internal sealed record WrongCodeParts(AuditTrail Audit, CounterOperations Counters, OutboxSignal Outbox);
