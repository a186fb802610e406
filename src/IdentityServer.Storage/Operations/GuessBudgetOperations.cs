using IdentityServer.Domain.OneTimeCodes;

namespace IdentityServer.Storage.Operations;

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
        """);

    private static readonly SqlText Refund = new(
        """
        UPDATE "account_guess_budgets" SET
          "DaySpent" = CASE WHEN "DaySpent" > c.spent THEN "DaySpent" - c.spent ELSE 0 END,
          "PreviousDaySpent" = CASE WHEN "DaySpent" >= c.spent THEN "PreviousDaySpent"
            WHEN "DaySpent" + "PreviousDaySpent" > c.spent THEN "DaySpent" + "PreviousDaySpent" - c.spent ELSE 0 END,
          "MonthSpent" = CASE WHEN "MonthSpent" > c.spent THEN "MonthSpent" - c.spent ELSE 0 END,
          "PreviousMonthSpent" = CASE WHEN "MonthSpent" >= c.spent THEN "PreviousMonthSpent"
            WHEN "MonthSpent" + "PreviousMonthSpent" > c.spent THEN "MonthSpent" + "PreviousMonthSpent" - c.spent ELSE 0 END,
          "PasswordSpent" = CASE WHEN "PasswordSpent" > c.spent THEN "PasswordSpent" - c.spent ELSE 0 END,
          "ExhaustedAt" = CASE WHEN "ExhaustedBy" = $2 THEN NULL ELSE "ExhaustedAt" END
        FROM (SELECT o."AccountSpent" AS spent FROM "otp_challenges" o WHERE o."Id" = $2) AS c
        WHERE "UserId" = $1
        """);

    private static readonly SqlText Reset = new(
        """
        UPDATE "account_guess_budgets" SET "DaySpent" = 0, "PreviousDaySpent" = 0, "MonthSpent" = 0, "PreviousMonthSpent" = 0,
          "PasswordSpent" = 0, "ExhaustedAt" = NULL, "ExhaustedBy" = NULL
        WHERE "UserId" = $1
        """);

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
    /// <returns>False when the account is exhausted: nothing may be compared.</returns>
    public async Task<bool> TrySpendAsync(Guid userId, Guid challengeId, DateTimeOffset now, CancellationToken cancellationToken) =>
        await _sql.WriteAsync(
            Spend, [userId, challengeId, GuessBudget.DayOf(now), GuessBudget.MonthOf(now), now.ToUnixTimeMilliseconds()], cancellationToken) == 1;

    /// <summary>
    /// Gives back what a consumed challenge had spent, newest bucket first, and lifts the stop if this very challenge had reached the
    /// limit. Joins the open unit of work, after the challenge was marked consumed, so it happens once.
    /// </summary>
    public Task RefundAsync(Guid userId, Guid challengeId, CancellationToken cancellationToken) =>
        _sql.WriteAsync(Refund, [userId, challengeId], cancellationToken);

    /// <summary>Clears everything: after a password change, or by an operator (audited by the caller).</summary>
    /// <returns>False when there is no such account.</returns>
    public async Task<bool> ResetAsync(Guid userId, CancellationToken cancellationToken) =>
        await _sql.WriteAsync(Reset, [userId], cancellationToken) == 1;

    /// <summary>True when sign-in needs a password reset.</summary>
    public async Task<bool> IsExhaustedAsync(Guid userId, CancellationToken cancellationToken) =>
        (await _sql.ReadAsync(Read, [userId], static row => !row.IsDBNull(0), cancellationToken)) is [true];

    /// <summary>Takes one code mail from the account's allowance. Joins the open unit of work.</summary>
    public async Task<CodeMailVerdict> TakeMailAsync(Guid userId, DateTimeOffset now, CancellationToken cancellationToken)
    {
        while (true)
        {
            var log = await _sql.ReadOneAsync(Read, [userId], static row => row.GetString(1), cancellationToken)
                ?? throw new InvalidOperationException("Each account has a guess budget, made with it.");
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
    internal Task HoldAsync(Guid userId, CancellationToken cancellationToken) => HoldAsync(Lock, userId, cancellationToken);

    /// <summary>The same for the account of a challenge.</summary>
    internal Task HoldByChallengeAsync(Guid challengeId, CancellationToken cancellationToken) =>
        HoldAsync(LockByChallenge, challengeId, cancellationToken);

    private Task HoldAsync(SqlText statement, Guid id, CancellationToken cancellationToken) =>
        _sql.OnPostgreSql ? _sql.ReadAsync(statement, [id], static _ => true, cancellationToken) : Task.CompletedTask;
}
