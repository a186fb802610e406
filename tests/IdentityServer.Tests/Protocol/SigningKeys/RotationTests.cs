using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol.SigningKeys;

/// <summary>Signing keys rotate by themselves, and nobody who asks or verifies anywhere notices.</summary>
public sealed class RotationTests
{
    private static readonly TimeSpan Minute = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan Day = TimeSpan.FromDays(1);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task D3_through_a_whole_rotation_what_any_node_signs_verifies_with_what_any_published(bool postgreSql)
    {
        await using var two = await TwoNodes.StartAsync(postgreSql, behind: 4 * Minute);
        var begin = two.World.Clock.GetUtcNow();
        var published = new List<(TimeSpan At, PublishedKeys Keys)>();
        var signers = new List<(TimeSpan At, string Kid)>();
        foreach (var at in Moments())
        {
            await two.AdvanceAsync(begin + at - two.World.Clock.GetUtcNow());
            var tokens = await two.IssueAsync();
            published.AddRange((await two.FetchAsync()).Select(keys => (at, keys)));

            // A relying party may have kept what either published for 13 days.
            published.RemoveAll(kept => kept.At < at - (13 * Day));
            foreach (var answer in tokens)
            {
                published.ShouldAllBe(kept => kept.Keys.Verify(answer.IdToken!) && kept.Keys.Verify(answer.AccessToken!), $"at {at}");
                await two.ShouldTakeAsync(answer);
                signers.Add((at, PublishedKeys.KidOf(answer.IdToken!)));
            }

            if (at > 119 * Day)
            {
                var first = signers[0].Kid;
                published.Where(kept => kept.At == at).Select(kept => kept.Keys.Kids.Contains(first)).ShouldContain(at < 120 * Day, $"at {at}");
            }
        }

        signers.Select(signer => signer.Kid).Distinct().Count().ShouldBe(2);
        signers.First(signer => signer.Kid != signers[0].Kid).At.ShouldBe(90 * Day, "on the node whose clock is right");
        signers.Last(signer => signer.Kid == signers[0].Kid).At.ShouldBe((90 * Day) + (3 * Minute), "on the node whose clock is four minutes behind");
        published[^1].Keys.Kids.ShouldNotContain(signers[0].Kid);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task D3_a_rotation_now_is_as_soon_as_every_node_publishes_the_key(bool postgreSql)
    {
        await using var two = await TwoNodes.StartAsync(postgreSql, behind: 4 * Minute);
        var before = PublishedKeys.KidOf((await two.IssueAsync())[0].IdToken!);

        var answer = await two.Verbs.RunAsync("keys", "rotate", "--now", "--algorithm", "ES256");

        answer.ExitCode.ShouldBe(0, answer.Error);
        answer.Out.ShouldMatch(@"^ES256: the new key [\w-]{43} signs from 2026-03-02 09:06 UTC, in 6 minutes; by then every server publishes it\.\n$");
        var published = await two.FetchAsync();
        List<TokenAnswer> tokens;
        var passed = TimeSpan.Zero;
        do
        {
            await two.AdvanceAsync(Minute / 4);
            passed += Minute / 4;
            tokens = await two.IssueAsync();
            tokens.ShouldAllBe(token => published.TrueForAll(keys => keys.Verify(token.IdToken!) && keys.Verify(token.AccessToken!)), "by what was published before");
            published = await two.FetchAsync();
            foreach (var token in tokens)
            {
                await two.ShouldTakeAsync(token);
            }

            (PublishedKeys.KidOf(tokens[0].IdToken!) == before).ShouldBe(passed < 6 * Minute);
        }
        while (passed < 11 * Minute);

        tokens.ShouldAllBe(token => PublishedKeys.KidOf(token.IdToken!) != before && answer.Out.Contains(PublishedKeys.KidOf(token.IdToken!)));
        published.ShouldAllBe(keys => keys.Kids.Contains(before), "what it signed stays good");
    }

    [Fact]
    public async Task An_announced_key_signs_at_once_when_it_is_brought_forward()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        using var verbs = Maintenance.VerbRun.Beside(world.Server);
        (await verbs.RunAsync("keys", "rotate", "--algorithm", "ES256")).Out.ShouldContain("is announced and signs from 2026-03-16 09:00 UTC.");
        (await verbs.RunAsync("keys", "rotate", "--algorithm", "ES256")).ExitCode.ShouldBe(1, "one successor is enough");
        await world.AdvanceAsync(6 * Minute);
        var early = await client.SignInAsync(await world.AddUserAsync());

        var answer = await verbs.RunAsync("keys", "rotate", "--algorithm", "ES256", "--now");
        await world.AdvanceAsync(TimeSpan.FromSeconds(1));
        await PublishedKeys.FetchAsync(world.Server);
        var late = await client.RefreshAsync(early.RefreshToken!);

        answer.Out.ShouldContain("signs from now on");
        answer.Out.ShouldContain(PublishedKeys.KidOf(late.IdToken!));
        PublishedKeys.KidOf(early.IdToken!).ShouldNotBe(PublishedKeys.KidOf(late.IdToken!));
    }

    [Fact]
    public async Task A_refresh_token_outlives_the_key_of_its_time()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        using var verbs = Maintenance.VerbRun.Beside(world.Server);
        var tokens = await client.SignInAsync(await world.AddUserAsync());
        var code = (await world.OpenBrowser().SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!;
        var former = PublishedKeys.KidOf(tokens.IdToken!);

        // No session lives as long as a key, so the key ends before its time, with its private part.
        (await verbs.RunAsync("keys", "revoke", former)).ExitCode.ShouldBe(0);
        await world.AdvanceAsync(TimeSpan.FromSeconds(2));
        (await PublishedKeys.FetchAsync(world.Server)).Kids.ShouldNotContain(former);
        var exchanged = await client.ExchangeAsync(code);
        world.Clock.AdjustTime(world.Clock.GetUtcNow() + (6 * Day));
        var refreshed = await client.RefreshAsync(tokens.RefreshToken!);

        exchanged.Status.ShouldBe(HttpStatusCode.OK, exchanged.Json.ToString());
        refreshed.Status.ShouldBe(HttpStatusCode.OK, refreshed.Json.ToString());
        (await PublishedKeys.FetchAsync(world.Server)).Verify(refreshed.IdToken!).ShouldBeTrue();
    }

    [Fact]
    public async Task A_refresh_token_works_after_its_key_was_rotated_retired_and_dropped()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var email = await world.AddUserAsync();

        // Signed in on the last day of a key's turn; with the key's row gone as if it had expired.
        world.Clock.AdjustTime(world.Clock.GetUtcNow() + (76 * Day));
        await world.AdvanceAsync(Minute);
        await PublishedKeys.FetchAsync(world.Server);
        world.Clock.AdjustTime(world.Clock.GetUtcNow() + (14 * Day) - (2 * Minute));
        await world.AdvanceAsync(TimeSpan.FromSeconds(2));
        var tokens = await client.SignInAsync(email);
        await world.AdvanceAsync(2 * Minute);
        var former = PublishedKeys.KidOf(tokens.IdToken!);
        await PublishedKeys.FetchAsync(world.Server);
        await world.ReadAsync(async db =>
        {
            db.SigningKeys.Single(key => key.Id == former).ExpiresAt = world.Clock.GetUtcNow();
            return await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        });
        await world.AdvanceAsync(Minute);
        (await PublishedKeys.FetchAsync(world.Server)).Kids.ShouldNotContain(former);

        var refreshed = await client.RefreshAsync(tokens.RefreshToken!);

        refreshed.Status.ShouldBe(HttpStatusCode.OK, refreshed.Json.ToString());
        PublishedKeys.KidOf(refreshed.IdToken!).ShouldNotBe(former);
    }

    private static List<TimeSpan> Moments()
    {
        var hour = TimeSpan.FromHours(1);
        return
        [
            TimeSpan.Zero, Minute, Day, 20 * Day, 40 * Day, 60 * Day, 70 * Day, 75 * Day,
            .. Every(5 * Minute, (76 * Day) - hour - (10 * Minute), 6),
            .. Every(Day, 77 * Day, 13),
            .. Every(Minute, (90 * Day) - (3 * Minute), 12),
            .. Every(5 * Day, 91 * Day, 6),
            .. Every(2 * Minute, (120 * Day) - (6 * Minute), 8),
        ];
    }

    private static IEnumerable<TimeSpan> Every(TimeSpan step, TimeSpan first, int count) => Enumerable.Range(0, count).Select(number => first + (number * step));
}
