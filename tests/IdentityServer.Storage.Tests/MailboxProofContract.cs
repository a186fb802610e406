using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

/// <summary>Challenges that prove a mailbox: they open no session, not even by mistake, and cost what sign-ins are made by nothing.</summary>
public abstract class MailboxProofContract(Database database) : StorageContract(database)
{
    private const string Network = "192.0.2.44";

    [Theory]
    [InlineData(OtpPurpose.SignUp)]
    [InlineData(OtpPurpose.Reset)]
    public async Task A_session_of_a_challenge_that_was_no_sign_in_proves_nothing(string purpose)
    {
        var user = await AddUserAsync();
        var session = await AddSessionAsync(user);
        (await HoldsAsync(session)).ShouldBeTrue();

        await InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().OtpChallenges
            .Where(challenge => challenge.Id == session.ChallengeId)
            .ExecuteUpdateAsync(set => set.SetProperty(challenge => challenge.Purpose, purpose), Cancel));

        (await HoldsAsync(session)).ShouldBeFalse();
    }

    [Fact]
    public async Task A_sign_ins_challenge_cannot_be_consumed_as_a_proof_nor_a_proof_as_a_sign_in()
    {
        var user = await AddUserAsync();
        var (signIn, reset) = (await AddChallengeAsync(user), await AddChallengeAsync(user, challenge => challenge.Purpose = OtpPurpose.Reset));

        await Should.ThrowAsync<InvalidOperationException>(() => ConsumeProofAsync(signIn, () => Task.FromResult(true)));
        await Should.ThrowAsync<InvalidOperationException>(() => InScopeAsync(services => services.GetRequiredService<ChallengeOperations>()
            .ConsumeAsync(reset, NewSession(reset), Network, () => Task.CompletedTask, Now, Cancel)));

        // Not even for whoever says another purpose than the row does.
        signIn.Purpose = OtpPurpose.Reset;
        (await ConsumeProofAsync(signIn, () => Task.FromResult(true))).ShouldBeFalse();
    }

    [Fact]
    public async Task Of_fifty_consumptions_at_once_one_does_what_the_proof_is_for()
    {
        var user = await AddUserAsync();
        var challenge = await AddChallengeAsync(user, row => row.Purpose = OtpPurpose.Reset);
        var done = 0;

        var answers = await Task.WhenAll(Enumerable.Range(0, 50).Select(_ => ConsumeProofAsync(challenge, () =>
        {
            Interlocked.Increment(ref done);
            return Task.FromResult(true);
        })));

        answers.Count(answer => answer).ShouldBe(1);
        done.ShouldBe(1);
        (await StateAsync(challenge)).ShouldBe(ChallengeState.Proven);
    }

    [Fact]
    public async Task A_proof_whose_purpose_fails_is_not_consumed()
    {
        var challenge = await AddChallengeAsync(await AddUserAsync(), row => row.Purpose = OtpPurpose.Reset);

        (await ConsumeProofAsync(challenge, () => Task.FromResult(false))).ShouldBeFalse();

        (await StateAsync(challenge)).ShouldBe(ChallengeState.Open);
    }

    [Fact]
    public async Task A_challenge_for_an_address_without_an_account_is_void_once_there_is_one_and_the_other_way_round()
    {
        var user = await AddUserAsync();
        var (nobody, later) = (
            await AddChallengeAsync(new User { Id = Guid.NewGuid(), Email = "", NormalizedEmail = "" }, Reset),
            await AddChallengeAsync(user, Reset));
        var gone = await AddChallengeAsync(user, row => row.Purpose = OtpPurpose.Reset);

        (await SpendAsync(nobody)).ShouldBeOfType<SpendOutcome.Spent>();
        (await SpendAsync(later)).ShouldBeOfType<SpendOutcome.NotOpen>();
        await InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().Users
            .Where(row => row.Id == user.Id).ExecuteDeleteAsync(Cancel));
        (await SpendAsync(gone)).ShouldBeOfType<SpendOutcome.NotOpen>();

        static void Reset(OtpChallenge challenge) => (challenge.Purpose, challenge.CredentialVersion) = (OtpPurpose.Reset, OtpChallenge.NoAccount);
    }

    [Fact]
    public async Task Guesses_at_proofs_have_their_own_ten_a_day_and_leave_those_of_sign_ins_alone()
    {
        var user = await AddUserAsync();
        var evaluated = 0;
        for (var round = 0; round < 3; round++)
        {
            var challenge = await AddChallengeAsync(user, row => (row.Purpose, row.LimitKey) = (OtpPurpose.Reset, user.Id));
            for (var guess = 0; guess < 5; guess++)
            {
                evaluated += await SpendAsync(challenge) is SpendOutcome.Spent ? 1 : 0;
            }
        }

        evaluated.ShouldBe(GuessBudget.ProofsPerDay);
        var budget = await InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().AccountGuessBudgets
            .AsNoTracking().SingleAsync(row => row.UserId == user.Id, Cancel));
        (budget.DaySpent, budget.ExhaustedAt).ShouldBe((0, null));
    }

    [Fact]
    public async Task However_many_browsers_guess_at_an_account_it_takes_sixty_in_thirty_days()
    {
        var user = await AddUserAsync();
        var (evaluated, right) = (0, default(OtpChallenge));
        for (var browser = 0; browser < 9; browser++)
        {
            var lane = Guid.NewGuid();
            for (var round = 0; round < 2; round++)
            {
                var challenge = await AddChallengeAsync(user, row => (row.Purpose, row.LimitKey) = (OtpPurpose.Reset, lane));
                for (var guess = 0; guess < 5; guess++)
                {
                    evaluated += await SpendAsync(challenge) is SpendOutcome.Spent ? 1 : 0;
                }

                right ??= challenge;
            }
        }

        evaluated.ShouldBe(GuessBudget.ProofsPerAccountMonth);

        // A right code gives its own back.
        (await ConsumeProofAsync(right!, () => Task.FromResult(true))).ShouldBeTrue();
        (await SpendAsync(await AddChallengeAsync(user, row => (row.Purpose, row.LimitKey) = (OtpPurpose.Reset, Guid.NewGuid())))).ShouldBeOfType<SpendOutcome.Spent>();
    }

    [Fact]
    public async Task A_challenge_of_another_purpose_is_not_spent()
    {
        var challenge = await AddChallengeAsync(await AddUserAsync(), row => row.Purpose = OtpPurpose.Reset);

        (await SpendAsync(challenge, OtpPurpose.SignIn)).ShouldBeOfType<SpendOutcome.NotOpen>();
    }

    private Task<bool> HoldsAsync(AuthenticationSession session) => InScopeAsync(services =>
        services.GetRequiredService<SignInProofOperations>().HoldsAsync(session.Id, session.UserId, "any-client", Now, Cancel));

    private Task<bool> ConsumeProofAsync(OtpChallenge challenge, Func<Task<bool>> alongside) => InScopeAsync(services =>
        services.GetRequiredService<ChallengeOperations>().ConsumeProofAsync(challenge, Network, alongside, Now, Cancel));

    private Task<SpendOutcome> SpendAsync(OtpChallenge challenge, string? purpose = null) => InScopeAsync(services =>
        services.GetRequiredService<ChallengeOperations>().SpendAsync(
            challenge.Id, challenge.BrowserHash, purpose ?? challenge.Purpose, Guid.NewGuid().ToString("N"), Now, Cancel));

    private Task<ChallengeState> StateAsync(OtpChallenge challenge) => InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().OtpChallenges.Where(row => row.Id == challenge.Id).Select(row => row.State).SingleAsync(Cancel));
}

public sealed class MailboxProofsOnSqlite(SqliteDatabase database) : MailboxProofContract(database), IClassFixture<SqliteDatabase>;

public sealed class MailboxProofsOnPostgreSql(PostgreSqlDatabase database) : MailboxProofContract(database), IClassFixture<PostgreSqlDatabase>;
