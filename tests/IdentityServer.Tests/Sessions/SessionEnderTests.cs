using IdentityServer.Audit;
using IdentityServer.Sessions;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Sessions;

/// <summary>Sign-outs that meet.</summary>
public sealed class SessionEnderTests
{
    private const string Bye = "https://app.example.com/bye";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Sign_outs_at_the_same_time_all_succeed_and_end_each_session_once(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var hints = new List<string>();
        for (var signIn = 0; signIn < 3; signIn++)
        {
            var back = await browser.SignInAsync(client.Start(("prompt", "login")), email);
            hints.Add((await client.ExchangeAsync(back.Parameter("code")!)).IdToken!);
        }

        var answers = await Task.WhenAll(Enumerable.Range(0, 12).Select(turn => browser.GetAsync(
            $"/connect/endsession?id_token_hint={hints[turn % 3]}&post_logout_redirect_uri={Uri.EscapeDataString(Bye)}")));

        answers.ShouldAllBe(answer => answer.Location!.ToString().StartsWith(Bye));
        var ended = await world.ReadAsync(db => db.AuditEvents.Where(entry => entry.Name == AuditEvents.SessionEnded)
            .Select(entry => entry.SessionId!.Value).ToListAsync(Cancel));
        var sessions = await world.ReadAsync(db => db.AuthenticationSessions.AsNoTracking().ToListAsync(Cancel));
        sessions.Count.ShouldBe(3);
        sessions.ShouldAllBe(session => session.EndedAt != null);
        ended.ShouldBe(sessions.Select(session => session.Id), ignoreOrder: true);
    }

    // On PostgreSQL two transactions that take the same rows in two orders kill each other.
    [Fact]
    public async Task The_sessions_of_a_family_are_taken_in_the_order_of_their_ids()
    {
        await using var world = await World.StartAsync(postgreSql: true);
        var email = await world.AddUserAsync();
        var userId = await world.ReadAsync(db => db.Users.Where(user => user.Email == email).Select(user => user.Id).SingleAsync(Cancel));
        var rows = new byte[] { 1, 2, 3, 4 }.Select(number => Session(userId, number)).ToList();
        foreach (var row in Enumerable.Reverse(rows))
        {
            // The table's own order is the other way round.
            await world.ReadAsync(db =>
            {
                db.Add(row);
                return db.SaveChangesAsync(Cancel);
            });
        }

        await using var scope = world.Server.Services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
        await using var first = await db.Database.BeginTransactionAsync(Cancel);
        await db.Database.ExecuteSqlAsync($"""SELECT 1 FROM authentication_sessions WHERE "Id" = {rows[0].Id} FOR UPDATE""", Cancel);
        var ending = world.Server.InScopeAsync(async services =>
        {
            var ender = services.GetRequiredService<SessionEnder>();
            await ender.EndAsync(rows[2], Cancel);
            await ender.CommitAsync(Cancel);
            return true;
        });
        await UntilItWaitsAsync(db);

        var free = await db.Database
            .SqlQuery<Guid>($"""SELECT "Id" AS "Value" FROM authentication_sessions WHERE "Id" <> {rows[0].Id} FOR UPDATE SKIP LOCKED""")
            .ToListAsync(Cancel);
        free.Count.ShouldBe(3, "who waits for the first holds none of the others");

        await first.CommitAsync(Cancel);
        (await ending.WaitAsync(_patience, Cancel)).ShouldBeTrue();
        (await world.ReadAsync(db => db.AuthenticationSessions.CountAsync(row => row.EndedAt == null, Cancel))).ShouldBe(0);
    }

    // By the locks themselves: what pg_stat_activity said first it says to the end of the transaction, and this asks inside one.
    private static async Task UntilItWaitsAsync(IdentityServerDbContext db)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        patience.CancelAfter(_patience);
        while ((await db.Database.SqlQuery<int>(
            $"""SELECT count(*)::int AS "Value" FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))""")
            .ToListAsync(patience.Token))[0] == 0)
        {
            await Task.Delay(TimeSpan.FromMilliseconds(20), patience.Token);
        }
    }

    private static AuthenticationSession Session(Guid userId, byte number) => new()
    {
        Id = new Guid(1, 0, 0, 0, 0, 0, 0, 0, 0, 0, number),
        UserId = userId,
        ChallengeId = Guid.NewGuid(),
        FamilyId = new Guid(2, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        HandleHash = new byte[32],
        AuthenticatedAt = DateTimeOffset.UnixEpoch,
        BrowserExpiresAt = DateTimeOffset.UnixEpoch,
        ExpiresAt = DateTimeOffset.UnixEpoch.AddYears(100),
    };
}
