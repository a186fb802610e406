namespace IdentityServer.Domain.OneTimeCodes;

/// <summary>
/// The limits of guessing. With 100,000 codes the odds are total guesses / 100,000, however they are spread; these numbers are the
/// totals. Windows are counted in two buckets (this one and the one before), so a window of 24 hours never holds more than the limit.
/// </summary>
public static class GuessBudget
{
    /// <summary>Wrong codes of an account in any 24 hours.</summary>
    public const int AccountPerDay = 10;

    /// <summary>Wrong codes of an account in any 30 days.</summary>
    public const int AccountPerMonth = 20;

    /// <summary>Wrong codes of an account since its last password change.</summary>
    public const int AccountPerPassword = 40;

    /// <summary>
    /// Wrong codes in any 24 hours that prove a mailbox for one account or address, for each purpose (sign-up, password reset, new address,
    /// deletion), counted apart from those of sign-ins: anybody may ask for the first two, and must not use up what the owner signs in by.
    /// </summary>
    public const int ProofsPerDay = 10;

    /// <summary>The same in any 30 days.</summary>
    public const int ProofsPerMonth = 20;

    /// <summary>
    /// The same in any 30 days for an account over all browsers: those that signed in to it before are counted apart from strangers, each by
    /// itself, and whoever held the account for a while may have many.
    /// </summary>
    public const int ProofsPerAccountMonth = 60;

    /// <summary>Mails with such a code to one address in an hour, for each purpose.</summary>
    public const int ProofMailsPerHour = 3;

    /// <summary>Mails with such a code to one address in a day, for each purpose.</summary>
    public const int ProofMailsPerDay = 6;

    /// <summary>Requests for such a code from a network in an hour.</summary>
    public const int ProofRequestsPerNetwork = 20;

    /// <summary>Changes of an account's password in a day by somebody who is signed in.</summary>
    public const int PasswordChangesPerDay = 5;

    /// <summary>Wrong codes, and likewise failed passwords, of a network (IPv4 /32, IPv6 /64) in an hour.</summary>
    public const int NetworkPerHour = 20;

    /// <summary>From here on a network's answers are delayed, before they are refused.</summary>
    public const int NetworkSlowFrom = 10;

    /// <summary>Code mails of an account in an hour.</summary>
    public const int MailsPerHour = 6;

    /// <summary>Code mails of an account in a day.</summary>
    public const int MailsPerDay = 12;

    /// <summary>The least number of wrong codes in ten minutes, over all accounts, that raises the fleet alarm.</summary>
    public const int FleetAlarmFloor = 50;

    /// <summary>How many times the usual rate raises the fleet alarm.</summary>
    public const int FleetAlarmFactor = 4;

    /// <summary>The day a moment falls into, counted from the Unix epoch (UTC).</summary>
    public static int DayOf(DateTimeOffset now) => (int)(now.ToUnixTimeSeconds() / 86_400);

    /// <summary>The 30-day period a moment falls into, counted from the Unix epoch (UTC).</summary>
    public static int MonthOf(DateTimeOffset now) => DayOf(now) / 30;

    /// <summary>Wrong codes in ten minutes that raise the alarm, given the usual number for ten minutes at this hour.</summary>
    public static int FleetThreshold(double usualPerTenMinutes) =>
        Math.Max(FleetAlarmFloor, (int)Math.Ceiling(FleetAlarmFactor * Math.Max(0, usualPerTenMinutes)));
}
