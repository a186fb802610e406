using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

/// <summary>The count of a challenge's sends, under the race of an impatient person's clicks.</summary>
public abstract class ResendContract(Database database) : StorageContract(database)
{
    [Fact]
    public async Task Of_many_who_saw_the_same_number_of_sends_one_sends_again()
    {
        var challenge = await AddChallengeAsync(await AddUserAsync());

        var counted = await RaceAsync(20, services => CountSendAsync(services, challenge, 1), Node, StartNode());

        counted.Count(won => won).ShouldBe(1);
        (await InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().OtpChallenges
            .Where(row => row.Id == challenge.Id).Select(row => row.Sends).SingleAsync(Cancel))).ShouldBe(2);
        (await InScopeAsync(services => CountSendAsync(services, challenge, 2))).ShouldBeTrue();
    }

    [Theory]
    [InlineData(ChallengeState.Closed)]
    [InlineData(ChallengeState.Consumed)]
    [InlineData(null)]
    public async Task A_challenge_that_is_over_is_not_sent_again(ChallengeState? state)
    {
        var challenge = await AddChallengeAsync(await AddUserAsync(), row =>
        {
            row.State = state ?? ChallengeState.Open;
            row.ExpiresAt = state is null ? Now : row.ExpiresAt;
        });

        (await InScopeAsync(services => CountSendAsync(services, challenge, 1))).ShouldBeFalse();
    }

    private static Task<bool> CountSendAsync(IServiceProvider services, OtpChallenge challenge, int sendsBefore) =>
        services.GetRequiredService<UnitOfWork>().InOwnTransactionAsync(
            () => services.GetRequiredService<ChallengeOperations>().TryCountSendAsync(challenge.Id, sendsBefore, Now, Cancel), Cancel);
}

public sealed class ResendsOnSqlite(SqliteDatabase database) : ResendContract(database), IClassFixture<SqliteDatabase>;

public sealed class ResendsOnPostgreSql(PostgreSqlDatabase database) : ResendContract(database), IClassFixture<PostgreSqlDatabase>;
