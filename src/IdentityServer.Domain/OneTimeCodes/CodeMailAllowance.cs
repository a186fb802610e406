using System.Globalization;

namespace IdentityServer.Domain.OneTimeCodes;

/// <summary>Whether an account may be sent another code mail, and the log that remembers it.</summary>
public abstract record CodeMailVerdict
{
    private CodeMailVerdict()
    {
    }

    /// <summary>Send it and keep this log.</summary>
    public sealed record Allowed(string Log) : CodeMailVerdict;

    /// <summary>Too many: ask again after the wait.</summary>
    public sealed record Wait(TimeSpan Remaining) : CodeMailVerdict;
}

/// <summary>
/// At most 6 code mails in any hour and 12 in any 24 hours for an account. The moments themselves are kept (there are at most twelve),
/// so the limit is exact and the time to wait can be told.
/// </summary>
public static class CodeMailAllowance
{
    /// <summary>Judges one more mail.</summary>
    /// <param name="log">Unix seconds of earlier mails, comma-separated, oldest first; empty for none.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="FormatException">The log is not of that form.</exception>
    public static CodeMailVerdict Judge(string log, DateTimeOffset now)
    {
        ArgumentNullException.ThrowIfNull(log);
        var second = now.ToUnixTimeSeconds();
        var sent = log.Split(',', StringSplitOptions.RemoveEmptyEntries)
            .Select(entry => long.Parse(entry, CultureInfo.InvariantCulture))
            .Where(entry => entry > second - Day)
            .ToList();
        var wait = Math.Max(WaitFor(sent, Hour, GuessBudget.MailsPerHour, second), WaitFor(sent, Day, GuessBudget.MailsPerDay, second));
        if (wait > 0)
        {
            return new CodeMailVerdict.Wait(TimeSpan.FromSeconds(wait));
        }

        sent.Add(second);
        return new CodeMailVerdict.Allowed(string.Join(',', sent.Select(entry => entry.ToString(CultureInfo.InvariantCulture))));
    }

    private const long Hour = 3_600;
    private const long Day = 86_400;

    private static long WaitFor(List<long> sent, long window, int limit, long now)
    {
        var inside = sent.Where(entry => entry > now - window).ToList();
        return inside.Count < limit ? 0 : inside[^limit] + window - now;
    }
}
