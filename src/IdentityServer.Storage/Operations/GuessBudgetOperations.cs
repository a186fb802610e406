using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Storage.Connections;

namespace IdentityServer.Storage.Operations;

/// <summary>A guess that an account's budget allowed.</summary>
/// <param name="Day">The day that it was counted on.</param>
/// <param name="ReachedLimit">It was the last: the account takes no more.</param>
public readonly record struct BudgetSpend(int Day, bool ReachedLimit);

/// <summary>The account's guess budget. Spending is one conditional update of a row that exists since the account does.</summary>
public sealed class GuessBudgetOperations
{
    // In each SET the right-hand sides see the row as it was, so the buckets shift and count in one statement. A bucket number never
    // goes back: a node whose clock lags spends from the newer bucket. $1 user, $2 challenge, $3 day, $4 30-day period, $5 moment.
    private static readonly string DaySpent =
        """(CASE WHEN "Day" >= $3 THEN "DaySpent" + "PreviousDaySpent" WHEN "Day" = $3 - 1 THEN "DaySpent" ELSE 0 END)""";

    private static readonly string MonthSpent =
        """(CASE WHEN "Month" >= $4 THEN "MonthSpent" + "PreviousMonthSpent" WHEN "Month" = $4 - 1 THEN "MonthSpent" ELSE 0 END)""";

    private static readonly SqlText Spend = new(
        $"""
        UPDATE "account_guess_budgets" SET
          "PreviousDaySpent" = CASE WHEN "Day" >= $3 THEN "PreviousDaySpent" WHEN "Day" = $3 - 1 THEN "DaySpent" ELSE 0 END,
          "DaySpent" = CASE WHEN "Day" >= $3 THEN "DaySpent" ELSE 0 END + 1,
          "Day" = CASE WHEN "Day" >= $3 THEN "Day" ELSE $3 END,
          "PreviousMonthSpent" = CASE WHEN "Month" >= $4 THEN "PreviousMonthSpent" WHEN "Month" = $4 - 1 THEN "MonthSpent" ELSE 0 END,
          "MonthSpent" = CASE WHEN "Month" >= $4 THEN "MonthSpent" ELSE 0 END + 1,
          "Month" = CASE WHEN "Month" >= $4 THEN "Month" ELSE $4 END,
          "PasswordSpent" = "PasswordSpent" + 1,
          "ExhaustedAt" = CASE WHEN {DaySpent} + 1 >= {GuessBudget.AccountPerDay} OR {MonthSpent} + 1 >= {GuessBudget.AccountPerMonth}
            OR "PasswordSpent" + 1 >= {GuessBudget.AccountPerPassword} THEN $5 ELSE NULL END,
          "ExhaustedBy" = $2
        WHERE "UserId" = $1 AND "ExhaustedAt" IS NULL AND {DaySpent} < {GuessBudget.AccountPerDay}
          AND {MonthSpent} < {GuessBudget.AccountPerMonth} AND "PasswordSpent" < {GuessBudget.AccountPerPassword}
        RETURNING "Day", "ExhaustedAt"
        """);

    // Each bucket gets back what this challenge took from it, and nothing else: what others spent stays spent. A day belongs to one
    // period of 30, so the day tells the period too.
    private static readonly SqlText Refund = new(
        $"""
        UPDATE "account_guess_budgets" SET
          "DaySpent" = {Less("DaySpent", OnDay("\"Day\""))},
          "PreviousDaySpent" = {Less("PreviousDaySpent", OnDay("\"Day\" - 1"))},
          "MonthSpent" = {Less("MonthSpent", InMonth("\"Month\""))},
          "PreviousMonthSpent" = {Less("PreviousMonthSpent", InMonth("\"Month\" - 1"))},
          "PasswordSpent" = {Less("PasswordSpent", "(c.latest + c.earlier)")},
          "ExhaustedAt" = CASE WHEN "ExhaustedBy" = $2 THEN NULL ELSE "ExhaustedAt" END
        FROM (
          SELECT o."AccountDay" AS spent_on, o."AccountSpentOnDay" AS latest, o."AccountSpent" - o."AccountSpentOnDay" AS earlier
          FROM "otp_challenges" o WHERE o."Id" = $2
        ) AS c
        WHERE "UserId" = $1
        """);

    private static readonly SqlText Reset = new(
        """
        UPDATE "account_guess_budgets" SET "DaySpent" = 0, "PreviousDaySpent" = 0, "MonthSpent" = 0, "PreviousMonthSpent" = 0,
          "PasswordSpent" = 0, "ExhaustedAt" = NULL, "ExhaustedBy" = NULL
        WHERE "UserId" = $1
        """);

    // What open challenges spent before a reset is forgotten with it: a refund of it would give back what others spent afterwards.
    private static readonly SqlText ForgetSpent = new(
        """UPDATE "otp_challenges" SET "AccountSpent" = 0, "AccountSpentOnDay" = 0 WHERE "UserId" = $1 AND "State" = 0""");

    private static readonly SqlText Read = new("""SELECT "ExhaustedAt", "CodeMails" FROM "account_guess_budgets" WHERE "UserId" = $1""");

    private static readonly SqlText SwapMails = new(
        """UPDATE "account_guess_budgets" SET "CodeMails" = $3 WHERE "UserId" = $1 AND "CodeMails" = $2""");

    private static readonly SqlText Lock = new("""SELECT 1 FROM "account_guess_budgets" WHERE "UserId" = $1 FOR UPDATE""");

    private static readonly SqlText LockByChallenge = new(
        """
        SELECT 1 FROM "account_guess_budgets" WHERE "UserId" = (SELECT c."UserId" FROM "otp_challenges" c WHERE c."Id" = $1) FOR UPDATE
        """);

    private readonly SqlRunner _sql;

    internal GuessBudgetOperations(SqlRunner sql) => _sql = sql;

    /// <summary>Spends one guess, if day, 30 days and password all have one left. Joins the open unit of work.</summary>
    /// <returns>What was spent; null when the account is exhausted, and then nothing may be compared.</returns>
    public async Task<BudgetSpend?> TrySpendAsync(Guid userId, Guid challengeId, DateTimeOffset now, CancellationToken cancellationToken) =>
        await _sql.WriteAsync(
            Spend,
            [userId, challengeId, GuessBudget.DayOf(now), GuessBudget.MonthOf(now), now.ToUnixTimeMilliseconds()],
            static row => new BudgetSpend(row.GetInt32(0), !row.IsDBNull(1)),
            cancellationToken) is [var spent] ? spent : null;

    /// <summary>
    /// Gives back what a consumed challenge had spent, to the buckets that it came from, and lifts the stop if this very challenge had
    /// reached the limit. Joins the open unit of work, after the challenge was marked consumed, so it happens once.
    /// </summary>
    public Task RefundAsync(Guid userId, Guid challengeId, CancellationToken cancellationToken) =>
        _sql.WriteAsync(Refund, [userId, challengeId], cancellationToken);

    /// <summary>Clears everything: after a password change, or by an operator (audited by the caller). Call it in a unit of work.</summary>
    /// <returns>False when there is no such account.</returns>
    public async Task<bool> ResetAsync(Guid userId, CancellationToken cancellationToken)
    {
        var known = await _sql.WriteAsync(Reset, [userId], cancellationToken) == 1;
        await _sql.WriteAsync(ForgetSpent, [userId], cancellationToken);
        return known;
    }

    /// <summary>True when sign-in needs a password reset.</summary>
    public async Task<bool> IsExhaustedAsync(Guid userId, CancellationToken cancellationToken) =>
        (await _sql.ReadAsync(Read, [userId], static row => !row.IsDBNull(0), cancellationToken)) is [true];

    /// <summary>Takes one code mail from the account's allowance. Joins the open unit of work.</summary>
    /// <returns>Null when the account is gone: each has a budget, made and deleted with it.</returns>
    public async Task<CodeMailVerdict?> TakeMailAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        while (true)
        {
            if (await _sql.ReadOneAsync(Read, [userId], static row => row.GetString(1), cancellationToken) is not { } log)
            {
                return null;
            }

            var verdict = CodeMailAllowance.Judge(log, now);
            if (verdict is not CodeMailVerdict.Allowed allowed)
            {
                return verdict;
            }

            // Compare and swap: whoever loses the race judges again on the newer log.
            if (await _sql.WriteAsync(SwapMails, [userId, log, allowed.Log], cancellationToken) == 1)
            {
                return allowed;
            }
        }
    }

    /// <summary>
    /// Holds the account's row until the unit of work ends. Whatever touches several rows of an account takes this one first, then
    /// challenges, then counters: in any other order two requests of one account could each wait for what the other holds. A writer on
    /// SQLite holds the whole file already.
    /// </summary>
    public Task HoldAsync(Guid userId, CancellationToken cancellationToken) => HoldAsync(Lock, userId, cancellationToken);

    /// <summary>The same for the account of a challenge.</summary>
    internal Task HoldByChallengeAsync(Guid challengeId, CancellationToken cancellationToken) =>
        HoldAsync(LockByChallenge, challengeId, cancellationToken);

    // Never below nothing: that would be credit.
    private static string Less(string column, string amount) =>
        $"""CASE WHEN "{column}" > {amount} THEN "{column}" - {amount} ELSE 0 END""";

    // What the challenge spent on a day, and in a period of 30 days.
    private static string OnDay(string day) =>
        $"""(CASE WHEN c.spent_on = {day} THEN c.latest WHEN c.spent_on - 1 = {day} THEN c.earlier ELSE 0 END)""";

    private static string InMonth(string month) =>
        $"""(CASE WHEN c.spent_on / 30 = {month} THEN c.latest ELSE 0 END + CASE WHEN (c.spent_on - 1) / 30 = {month} THEN c.earlier ELSE 0 END)""";

    private Task HoldAsync(SqlText statement, Guid id, CancellationToken cancellationToken) =>
        _sql.OnPostgreSql ? _sql.ReadAsync(statement, [id], static _ => true, cancellationToken) : Task.CompletedTask;
}
