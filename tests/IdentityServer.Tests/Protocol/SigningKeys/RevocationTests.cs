using System.Net;
using IdentityServer.Audit;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Protocol.SigningKeys;

/// <summary>A key that others may know signs nothing more, and proves nothing of what it signed.</summary>
public sealed class RevocationTests
{
    // More than a node waits between two looks that somebody asks for, and less than between two of its own.
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(2);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task D3_a_revoked_key_leaves_every_node_and_what_it_signed_is_refused(bool postgreSql)
    {
        await using var two = await TwoNodes.StartAsync(postgreSql, behind: TimeSpan.FromMinutes(4));
        var former = (await two.IssueAsync())[1];
        var kid = PublishedKeys.KidOf(former.IdToken!);
        PublishedKeys.KidOf(former.AccessToken!).ShouldBe(kid, "one key signs both here");
        await two.ShouldTakeAsync(former);

        var answer = await two.Verbs.RunAsync("keys", "revoke", kid);

        answer.ExitCode.ShouldBe(0, answer.Error);
        await two.AdvanceAsync(Moment);
        var published = await two.FetchAsync();
        published.ShouldAllBe(keys => !keys.Kids.Contains(kid));
        foreach (var client in two.Clients)
        {
            (await client.UserInfoAsync(former.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
            (await TwoNodes.IsActiveAsync(client, former)).ShouldBeFalse();
        }

        // Another took over at once, and nobody was signed out.
        foreach (var tokens in await two.IssueAsync())
        {
            answer.Out.ShouldContain($"{PublishedKeys.KidOf(tokens.IdToken!)} signs ES256 in its stead.");
            published.ShouldAllBe(keys => keys.Verify(tokens.IdToken!) && keys.Verify(tokens.AccessToken!));
            await two.ShouldTakeAsync(tokens);
        }
    }

    [Fact]
    public async Task A_node_that_does_not_know_yet_takes_what_another_signed_with_the_key_that_took_over()
    {
        await using var two = await TwoNodes.StartAsync(postgreSql: false, behind: TimeSpan.Zero);
        var kid = PublishedKeys.KidOf((await two.IssueAsync())[0].IdToken!);
        await two.AdvanceAsync(Moment);
        (await two.Verbs.RunAsync("keys", "revoke", kid)).ExitCode.ShouldBe(0);
        two.World.Clock.Advance(Moment);
        two.OtherClock.Advance(Moment);

        // The first knows because it is asked for its keys; the second is asked about a token.
        await PublishedKeys.FetchAsync(two.Nodes[0]);
        var tokens = await two.Clients[0].SignInAsync(await two.World.AddUserAsync());

        PublishedKeys.KidOf(tokens.AccessToken!).ShouldNotBe(kid);
        (await two.Clients[1].UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Without_being_asked_a_node_knows_within_ten_seconds()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        using var verbs = Maintenance.VerbRun.Beside(world.Server);
        var tokens = await client.SignInAsync(await world.AddUserAsync());
        (await verbs.RunAsync("keys", "revoke", PublishedKeys.KidOf(tokens.IdToken!))).ExitCode.ShouldBe(0);

        await world.AdvanceAsync(TimeSpan.FromSeconds(10));

        // Its look is under way: real time, and a test that hangs fails.
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromMinutes(1));
        while ((await client.UserInfoAsync(tokens.AccessToken!)).Status != HttpStatusCode.Unauthorized)
        {
            await Task.Delay(5, limit.Token);
        }
    }

    [Fact]
    public async Task A_hint_of_a_revoked_key_signs_nobody_out()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        using var verbs = Maintenance.VerbRun.Beside(world.Server);
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);
        (await verbs.RunAsync("keys", "revoke", PublishedKeys.KidOf(tokens.IdToken!))).ExitCode.ShouldBe(0);
        await world.AdvanceAsync(Moment);
        await PublishedKeys.FetchAsync(world.Server);

        await browser.FollowAsync(await browser.GetAsync($"/connect/endsession?id_token_hint={tokens.IdToken}"));

        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("code").ShouldNotBeNull("the session lives");
    }

    [Fact]
    public async Task A_revoked_key_stays_known_without_its_private_part_and_the_revocation_is_kept()
    {
        await using var world = await World.StartAsync();
        using var verbs = Maintenance.VerbRun.Beside(world.Server);
        var key = await world.ReadAsync(db => db.SigningKeys.AsNoTracking().SingleAsync(row => row.Algorithm == "PS256", Cancel));

        (await verbs.RunAsync("keys", "revoke", key.Id)).ExitCode.ShouldBe(0);
        var again = await verbs.RunAsync("keys", "revoke", key.Id);
        var unknown = await verbs.RunAsync("keys", "revoke", "nobody");

        (again.ExitCode, again.Error).ShouldBe((1, "This key is revoked already.\n"));
        (unknown.ExitCode, unknown.Error).ShouldBe((1, "There is no key of this name. See: keys list\n"));
        await world.ReadAsync(async db =>
        {
            var row = await db.SigningKeys.AsNoTracking().SingleAsync(row => row.Id == key.Id, Cancel);
            (row.RevokedAt, row.ProtectedKey, row.ExpiresAt).ShouldBe((world.Clock.GetUtcNow(), "", key.ExpiresAt));
            (await db.AuditEvents.AsNoTracking().SingleAsync(entry => entry.Name == AuditEvents.SigningKeyRevoked, Cancel)).Details.ShouldContain(key.Id);
            return true;
        });
        var listed = (await verbs.RunAsync("keys", "list")).Out;
        listed.ShouldMatch($@"(?m)^{key.Id}  PS256  revoked  2026-03-02 09:00  2026-03-02 09:00  2026-03-02 09:00  2026-03-02 09:00$");
        listed.ShouldMatch(@"(?m)^[\w-]{43}  PS256  signing  2026-03-02 09:00  2026-03-02 09:00  2026-05-31 09:00  2026-06-30 09:00$");
        listed.ShouldEndWith("\n\nTimes are UTC.\n");
    }

    [Fact]
    public async Task Scripts_read_the_keys_as_JSON()
    {
        await using var world = await World.StartAsync();
        using var verbs = Maintenance.VerbRun.Beside(world.Server);
        (await verbs.RunAsync("keys", "rotate", "--algorithm", "RS256")).ExitCode.ShouldBe(0);

        var keys = System.Text.Json.JsonDocument.Parse((await verbs.RunAsync("keys", "list", "--json")).Out).RootElement.EnumerateArray().ToList();

        keys.Select(key => (key.GetProperty("alg").GetString(), key.GetProperty("state").GetString())).ShouldBe(
            [("ES256", "signing"), ("RS256", "signing"), ("PS256", "signing"), ("RS256", "announced")], ignoreOrder: true);
        var announced = keys.Single(key => key.GetProperty("state").GetString() == "announced");
        announced.GetProperty("signs_from").GetString().ShouldBe("2026-03-16T09:00:00Z");
        announced.GetProperty("leaves_jwks_at").GetString().ShouldBe("2026-07-14T09:00:00Z");
        announced.GetProperty("revoked_at").ValueKind.ShouldBe(System.Text.Json.JsonValueKind.Null);
    }
}
