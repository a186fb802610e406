using IdentityServer.Audit;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Protocol.Guards;

/// <summary>
/// Random walks over the ceremony: several people and browsers do whatever comes next, sensible or not. Whatever they did, every token
/// traces to exactly one consumed challenge of the same person (I1), and nothing ever failed.
/// </summary>
public sealed class CeremonyWalkTests
{
    private const int Steps = 100;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    [InlineData(4)]
    public async Task After_any_walk_every_token_descends_from_one_consumed_challenge_of_its_person(int seed)
    {
        await using var world = await World.StartAsync(configure: setup => setup.ShowLog = false);
        var walk = await CeremonyWalk.PrepareAsync(world, seed);
        try
        {
            for (var step = 0; step < Steps; step++)
            {
                await walk.StepAsync();
            }

            await world.ReadAsync(db => ShouldHoldAsync(db, walk));
        }
        catch
        {
            TestContext.Current.TestOutputHelper!.WriteLine($"The walk of seed {seed}:{Environment.NewLine}{string.Join(Environment.NewLine, walk.Trace)}");
            throw;
        }

        // A walk that gets nowhere proves nothing.
        TestContext.Current.TestOutputHelper!.WriteLine($"{walk.SessionsOpened} sessions, {walk.AuthorizationCodes} authorization codes, {walk.TokenAnswers} of {walk.TokenRequests} token requests granted.");
        walk.SessionsOpened.ShouldBeGreaterThan(2);
        walk.AuthorizationCodes.ShouldBeGreaterThan(3);
        walk.TokenAnswers.ShouldBeGreaterThan(3);
    }

    private static async Task<bool> ShouldHoldAsync(Storage.IdentityServerDbContext db, CeremonyWalk walk)
    {
        var users = await db.Users.Select(user => user.Id).ToListAsync(Cancel);
        var authorizations = await db.Authorizations.AsNoTracking().ToDictionaryAsync(row => row.Id!, Cancel);
        var sessions = await db.AuthenticationSessions.AsNoTracking().ToDictionaryAsync(row => row.Id, Cancel);
        var challenges = await db.OtpChallenges.AsNoTracking().ToDictionaryAsync(row => row.Id, Cancel);
        foreach (var token in await db.Tokens.AsNoTracking().Where(row => row.Subject != null).ToListAsync(Cancel))
        {
            var userId = Guid.ParseExact(token.Subject!, "D");
            users.ShouldContain(userId);
            var authorization = authorizations[token.AuthorizationId.ShouldNotBeNull()];
            authorization.Subject.ShouldBe(token.Subject);
            authorization.ApplicationId.ShouldBe(token.ApplicationId);
            var session = sessions[authorization.SessionId.ShouldNotBeNull()];
            session.UserId.ShouldBe(userId);
            challenges[session.ChallengeId].UserId.ShouldBe(userId);
            challenges[session.ChallengeId].State.ShouldBe(ChallengeState.Consumed);
        }

        sessions.Count.ShouldBe(walk.SessionsOpened);
        sessions.Values.Select(session => session.ChallengeId).ShouldBe(
            challenges.Values.Where(challenge => challenge.State == ChallengeState.Consumed).Select(challenge => challenge.Id), ignoreOrder: true);
        var wrong = await db.AuditEvents.Where(entry => entry.Name == AuditEvents.CodeWrong).GroupBy(entry => entry.ChallengeId)
            .Select(group => group.Count()).ToListAsync(Cancel);
        wrong.ShouldAllBe(count => count <= ChallengePolicy.Attempts);
        (await db.AuditEvents.CountAsync(entry => entry.Name == AuditEvents.SignInRefused, Cancel)).ShouldBeLessThan(walk.TokenRequests);
        return true;
    }
}
