using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

/// <summary>The guarded writes of the ceremony, under the races that broke others.</summary>
public abstract class ChallengeContract(Database database) : StorageContract(database)
{
    private const string Purpose = "sign-in";

    private static readonly byte[] Browser = new byte[32];

    private readonly string _network = Guid.NewGuid().ToString("N");

    [Fact]
    public async Task Of_200_parallel_guesses_on_two_nodes_exactly_5_are_evaluated()
    {
        var user = await AddUserAsync();
        var challenge = await AddChallengeAsync(user);

        var outcomes = await RaceAsync(200, services => SpendAsync(services, challenge), Node, StartNode());

        outcomes.Count(outcome => outcome is SpendOutcome.Spent).ShouldBe(ChallengePolicy.Attempts);
        outcomes.Count(outcome => outcome is SpendOutcome.NotOpen).ShouldBe(200 - ChallengePolicy.Attempts);
        (await BudgetAsync(user)).DaySpent.ShouldBe(ChallengePolicy.Attempts);
    }

    [Fact]
    public async Task Of_50_challenges_of_one_account_together_no_more_than_the_accounts_budget_is_evaluated()
    {
        var user = await AddUserAsync();
        var challenges = new List<OtpChallenge>();
        for (var index = 0; index < 50; index++)
        {
            challenges.Add(await AddChallengeAsync(user));
        }

        var next = -1;
        var outcomes = await RaceAsync(
            250, services => SpendAsync(services, challenges[Interlocked.Increment(ref next) % 50], Guid.NewGuid().ToString("N")), Node, StartNode());

        outcomes.Count(outcome => outcome is SpendOutcome.Spent).ShouldBe(GuessBudget.AccountPerDay);
        (await InScopeAsync(services => services.GetRequiredService<GuessBudgetOperations>().IsExhaustedAsync(user.Id, Cancel))).ShouldBeTrue();
    }

    [Fact]
    public async Task A_network_guesses_no_more_than_its_budget_over_all_accounts()
    {
        var challenges = new List<OtpChallenge>();
        for (var index = 0; index < 10; index++)
        {
            challenges.Add(await AddChallengeAsync(await AddUserAsync()));
        }

        var next = -1;
        var outcomes = await RaceAsync(
            50, services => SpendAsync(services, challenges[Interlocked.Increment(ref next) % 10]), Node, StartNode());

        outcomes.Count(outcome => outcome is SpendOutcome.Spent).ShouldBe(GuessBudget.NetworkPerHour);
        outcomes.Count(outcome => outcome is SpendOutcome.NetworkExhausted).ShouldBe(50 - GuessBudget.NetworkPerHour);
    }

    [Fact]
    public async Task A_spend_outlives_the_failure_of_its_request()
    {
        var user = await AddUserAsync();
        var challenge = await AddChallengeAsync(user);

        await Should.ThrowAsync<TimeZoneNotFoundException>(InScopeAsync(async services =>
        {
            (await SpendAsync(services, challenge)).ShouldBeOfType<SpendOutcome.Spent>();
            throw new TimeZoneNotFoundException();
        }));

        (await RowAsync(challenge)).AttemptsLeft.ShouldBe(ChallengePolicy.Attempts - 1);
        (await BudgetAsync(user)).PasswordSpent.ShouldBe(1);
    }

    [Fact]
    public async Task A_spend_cannot_hide_in_a_transaction_that_may_be_undone()
    {
        var challenge = await AddChallengeAsync(await AddUserAsync());

        await InScopeAsync(async services =>
        {
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            await Should.ThrowAsync<InvalidOperationException>(SpendAsync(services, challenge));
        });
    }

    [Fact]
    public async Task What_was_spent_is_known_to_a_node_that_starts_later()
    {
        var challenge = await AddChallengeAsync(await AddUserAsync());
        for (var guess = 0; guess < ChallengePolicy.Attempts; guess++)
        {
            // A program of its own for each guess.
            (await InScopeAsync(StartNode(), services => SpendAsync(services, challenge))).ShouldBeOfType<SpendOutcome.Spent>()
                .Challenge.AttemptsLeft.ShouldBe(ChallengePolicy.Attempts - 1 - guess);
        }

        (await InScopeAsync(StartNode(), services => SpendAsync(services, challenge))).ShouldBeOfType<SpendOutcome.NotOpen>();
    }

    [Fact]
    public async Task Of_100_parallel_consumptions_exactly_one_opens_a_session()
    {
        var user = await AddUserAsync();
        var challenge = await AddChallengeAsync(user);

        var consumed = await RaceAsync(100, services => ConsumeAsync(services, challenge), Node, StartNode());

        consumed.Count(proof => proof is not null).ShouldBe(1);
        (await RowAsync(challenge)).State.ShouldBe(ChallengeState.Consumed);
        (await InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().AuthenticationSessions
            .CountAsync(session => session.ChallengeId == challenge.Id, Cancel))).ShouldBe(1);
    }

    [Fact]
    public async Task A_consumed_challenge_is_never_open_again()
    {
        var challenge = await AddChallengeAsync(await AddUserAsync());
        (await InScopeAsync(services => ConsumeAsync(services, challenge))).ShouldNotBeNull();

        (await InScopeAsync(services => SpendAsync(services, challenge))).ShouldBeOfType<SpendOutcome.NotOpen>();
        (await InScopeAsync(services => ConsumeAsync(services, challenge))).ShouldBeNull();
    }

    [Fact]
    public async Task Consuming_is_all_or_nothing()
    {
        var challenge = await AddChallengeAsync(await AddUserAsync());

        await Should.ThrowAsync<TimeZoneNotFoundException>(InScopeAsync(services => services.GetRequiredService<ChallengeOperations>()
            .ConsumeAsync(challenge, NewSession(challenge), _network, () => throw new TimeZoneNotFoundException(), Now, Cancel)));

        (await RowAsync(challenge)).State.ShouldBe(ChallengeState.Open);
        (await InScopeAsync(services => ConsumeAsync(services, challenge))).ShouldNotBeNull();
    }

    [Fact]
    public async Task Consuming_gives_back_what_the_challenge_had_spent_and_nothing_else()
    {
        var user = await AddUserAsync();
        var (right, wrong) = (await AddChallengeAsync(user), await AddChallengeAsync(user));
        await InScopeAsync(services => SpendAsync(services, wrong));
        await InScopeAsync(services => SpendAsync(services, right));
        await InScopeAsync(services => SpendAsync(services, right));

        await InScopeAsync(services => ConsumeAsync(services, right));

        var budget = await BudgetAsync(user);
        (budget.DaySpent, budget.MonthSpent, budget.PasswordSpent).ShouldBe((1, 1, 1));
    }

    [Fact]
    public async Task What_was_spent_before_midnight_is_given_back_to_the_day_before_and_leaves_the_guesses_of_others_spent()
    {
        var user = await AddUserAsync();
        var midnight = new DateTimeOffset(Now.Date.AddDays(1), TimeSpan.Zero);
        var (right, wrong) = (await AddLateAsync(user, midnight), await AddLateAsync(user, midnight));
        for (var guess = 0; guess < 4; guess++)
        {
            await InScopeAsync(services => SpendAtAsync(services, right, midnight.AddMinutes(-5)));
            await InScopeAsync(services => SpendAtAsync(services, wrong, midnight.AddMinutes(5)));
        }

        await InScopeAsync(services => SpendAtAsync(services, right, midnight.AddMinutes(6)));
        await InScopeAsync(services => services.GetRequiredService<ChallengeOperations>()
            .ConsumeAsync(right, NewSession(right), _network, () => Task.CompletedTask, midnight.AddMinutes(6), Cancel));

        var budget = await BudgetAsync(user);
        (budget.DaySpent, budget.PreviousDaySpent, budget.PasswordSpent).ShouldBe((4, 0, 4));
        (budget.MonthSpent + budget.PreviousMonthSpent).ShouldBe(4);
    }

    [Fact]
    public async Task What_was_spent_before_a_period_of_30_days_ended_is_given_back_to_it()
    {
        var user = await AddUserAsync();
        var days = GuessBudget.MonthOf(Now) * 30;
        var turn = DateTimeOffset.UnixEpoch.AddDays(days + 30);
        var (right, wrong) = (await AddLateAsync(user, turn), await AddLateAsync(user, turn));
        for (var guess = 0; guess < 4; guess++)
        {
            await InScopeAsync(services => SpendAtAsync(services, right, turn.AddMinutes(-5)));
            await InScopeAsync(services => SpendAtAsync(services, wrong, turn.AddMinutes(5)));
        }

        await InScopeAsync(services => services.GetRequiredService<ChallengeOperations>()
            .ConsumeAsync(right, NewSession(right), _network, () => Task.CompletedTask, turn.AddMinutes(6), Cancel));

        var budget = await BudgetAsync(user);
        (budget.MonthSpent, budget.PreviousMonthSpent, budget.PasswordSpent).ShouldBe((4, 0, 4));
    }

    [Fact]
    public async Task What_was_spent_before_a_reset_is_not_given_back_after_it()
    {
        var user = await AddUserAsync();
        var (right, wrong) = (await AddChallengeAsync(user), await AddChallengeAsync(user));
        for (var guess = 0; guess < 3; guess++)
        {
            await InScopeAsync(services => SpendAsync(services, right));
        }

        await InScopeAsync(services => services.GetRequiredService<UnitOfWork>().InOwnTransactionAsync(
            () => services.GetRequiredService<GuessBudgetOperations>().ResetAsync(user.Id, Cancel), Cancel));
        await InScopeAsync(services => SpendAsync(services, wrong));
        await InScopeAsync(services => SpendAsync(services, wrong));
        await InScopeAsync(services => ConsumeAsync(services, right));

        var budget = await BudgetAsync(user);
        (budget.DaySpent, budget.MonthSpent, budget.PasswordSpent).ShouldBe((2, 2, 2));
    }

    [Fact]
    public async Task The_last_guess_of_the_budget_may_still_be_right()
    {
        var user = await AddUserAsync();
        var challenges = new[] { await AddChallengeAsync(user), await AddChallengeAsync(user), await AddChallengeAsync(user) };
        for (var guess = 0; guess < GuessBudget.AccountPerDay; guess++)
        {
            (await InScopeAsync(services => SpendAsync(services, challenges[guess / ChallengePolicy.Attempts])))
                .ShouldBeOfType<SpendOutcome.Spent>();
        }

        (await InScopeAsync(services => SpendAsync(services, challenges[2]))).ShouldBeOfType<SpendOutcome.AccountExhausted>();
        (await InScopeAsync(services => ConsumeAsync(services, challenges[1]))).ShouldNotBeNull();
        (await InScopeAsync(services => services.GetRequiredService<GuessBudgetOperations>().IsExhaustedAsync(user.Id, Cancel))).ShouldBeFalse();
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("closed")]
    [InlineData("another browser")]
    [InlineData("another purpose")]
    [InlineData("credentials changed")]
    [InlineData("unknown")]
    public async Task A_challenge_that_is_not_open_to_this_browser_is_not_judged_and_its_account_not_charged(string how)
    {
        var user = await AddUserAsync();
        var challenge = await AddChallengeAsync(user, row =>
        {
            row.ExpiresAt = how == "expired" ? Now : row.ExpiresAt;
            row.State = how == "closed" ? ChallengeState.Closed : row.State;
            row.BrowserHash = how == "another browser" ? [.. Enumerable.Repeat((byte)1, 32)] : row.BrowserHash;
            row.Purpose = how == "another purpose" ? "reset" : row.Purpose;
            row.CredentialVersion = how == "credentials changed" ? 1 : row.CredentialVersion;
        });
        var id = how == "unknown" ? Guid.NewGuid() : challenge.Id;

        (await InScopeAsync(services => services.GetRequiredService<ChallengeOperations>()
            .SpendAsync(id, Browser, Purpose, _network, Now, Cancel))).ShouldBeOfType<SpendOutcome.NotOpen>();

        (await RowAsync(challenge)).AttemptsLeft.ShouldBe(ChallengePolicy.Attempts);
        (await BudgetAsync(user)).PasswordSpent.ShouldBe(0);
    }

    [Theory]
    [InlineData("expired")]
    [InlineData("credentials changed")]
    public async Task What_expires_between_spend_and_consumption_opens_no_session(string how)
    {
        var user = await AddUserAsync();
        var challenge = await AddChallengeAsync(user);
        await InScopeAsync(services => SpendAsync(services, challenge));
        if (how == "credentials changed")
        {
            await InScopeAsync(async services => await services.GetRequiredService<IdentityServerDbContext>().Users
                .Where(row => row.Id == user.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.CredentialVersion, 1), Cancel));
        }

        var at = how == "expired" ? challenge.ExpiresAt : Now;
        (await InScopeAsync(services => services.GetRequiredService<ChallengeOperations>()
            .ConsumeAsync(challenge, NewSession(challenge), _network, () => Task.CompletedTask, at, Cancel))).ShouldBeNull();
    }

    [Fact]
    public async Task Sign_ins_of_one_account_at_once_leave_no_more_than_three_challenges_open()
    {
        var user = await AddUserAsync();

        await RaceAsync(12, services => StartAsync(services, user), Node, StartNode());

        (await InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().OtpChallenges
            .CountAsync(row => row.UserId == user.Id && row.State == ChallengeState.Open, Cancel))).ShouldBe(ChallengePolicy.OpenPerAccount);
    }

    [Fact]
    public async Task Guesses_right_codes_resends_and_new_sign_ins_of_one_account_at_once_all_get_an_answer()
    {
        var user = await AddUserAsync();
        var challenges = new[] { await AddChallengeAsync(user), await AddChallengeAsync(user), await AddChallengeAsync(user) };

        var next = -1;
        var answers = await RaceAsync(
            60,
            async services =>
            {
                var turn = Interlocked.Increment(ref next);
                var challenge = challenges[turn % 3];
                switch (turn % 5)
                {
                    case 0:
                        await ConsumeAsync(services, challenge);
                        break;
                    case 1:
                        await StartAsync(services, user);
                        break;
                    case 2:
                        await ResendAsync(services, challenge);
                        break;
                    default:
                        await SpendAsync(services, challenge);
                        break;
                }

                return true;
            },
            Node,
            StartNode());

        answers.ShouldAllBe(answered => answered);
    }

    private Task<SpendOutcome> SpendAsync(IServiceProvider services, OtpChallenge challenge, string? network = null) =>
        services.GetRequiredService<ChallengeOperations>().SpendAsync(challenge.Id, Browser, Purpose, network ?? _network, Now, Cancel);

    private Task<SpendOutcome> SpendAtAsync(IServiceProvider services, OtpChallenge challenge, DateTimeOffset at) =>
        services.GetRequiredService<ChallengeOperations>().SpendAsync(challenge.Id, Browser, Purpose, _network, at, Cancel);

    private Task<OtpChallenge> AddLateAsync(User user, DateTimeOffset around) => AddChallengeAsync(user, row =>
    {
        row.CreatedAt = around.AddMinutes(-10);
        row.ExpiresAt = around.AddMinutes(20);
    });

    private Task<ConsumedChallenge?> ConsumeAsync(IServiceProvider services, OtpChallenge challenge) =>
        services.GetRequiredService<ChallengeOperations>().ConsumeAsync(challenge, NewSession(challenge), _network, () => Task.CompletedTask, Now, Cancel);

    private static Task<bool> StartAsync(IServiceProvider services, User user) => services.GetRequiredService<UnitOfWork>().InOwnTransactionAsync(
        async () =>
        {
            await services.GetRequiredService<ChallengeOperations>().MakeRoomAsync(user.Id, [], Now, Cancel);
            var db = services.GetRequiredService<IdentityServerDbContext>();
            db.OtpChallenges.Add(new()
            {
                Id = Guid.CreateVersion7(),
                UserId = user.Id,
                Purpose = Purpose,
                Seed = new byte[32],
                BrowserHash = new byte[32],
                KeyId = "otp-test",
                Reference = "reference",
                AttemptsLeft = ChallengePolicy.Attempts,
                CreatedAt = Now,
                ExpiresAt = Now.AddMinutes(30),
            });
            await db.SaveChangesAsync(Cancel);
            return true;
        },
        Cancel);

    // Counts the send, then takes the mail from the account's allowance, as the ceremony does.
    private static Task<bool> ResendAsync(IServiceProvider services, OtpChallenge challenge) =>
        services.GetRequiredService<UnitOfWork>().InOwnTransactionAsync(
            async () => await services.GetRequiredService<ChallengeOperations>().TryCountSendAsync(challenge.Id, 1, Now, Cancel)
                && await services.GetRequiredService<GuessBudgetOperations>().TakeMailAsync(challenge.UserId, Now, Cancel) is CodeMailVerdict.Allowed,
            Cancel);

    private Task<OtpChallenge> RowAsync(OtpChallenge challenge) => InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().OtpChallenges.AsNoTracking().SingleAsync(row => row.Id == challenge.Id, Cancel));

    private Task<AccountGuessBudget> BudgetAsync(User user) => InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().AccountGuessBudgets.AsNoTracking().SingleAsync(row => row.UserId == user.Id, Cancel));
}

public sealed class ChallengesOnSqlite(SqliteDatabase database) : ChallengeContract(database), IClassFixture<SqliteDatabase>;

public sealed class ChallengesOnPostgreSql(PostgreSqlDatabase database) : ChallengeContract(database), IClassFixture<PostgreSqlDatabase>;
