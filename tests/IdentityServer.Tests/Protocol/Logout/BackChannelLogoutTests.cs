using System.Net;
using IdentityServer.Domain.Sessions;
using IdentityServer.Egress;
using IdentityServer.Outbox;
using IdentityServer.Sessions;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Protocol.Logout;

/// <summary>L8: what clients are told, that it arrives, and that it is good for nothing else.</summary>
public sealed class BackChannelLogoutTests
{
    private const string Bye = "https://app.example.com/bye";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false, "ES256")]
    [InlineData(true, "RS256")]
    public async Task L8_Each_client_that_took_part_is_posted_one_signed_token_and_nobody_else_is(bool postgreSql, string algorithm)
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var world = await receiver.OpenWorldAsync(postgreSql);
        var email = await world.AddUserAsync();
        var one = await receiver.AddClientAsync(world, "one", algorithm);
        var two = await receiver.AddClientAsync(world, "two");
        var elsewhere = await receiver.AddClientAsync(world, "elsewhere");
        var untold = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var tokens = await one.ExchangeAsync((await browser.SignInAsync(one.Start(), email)).Parameter("code")!);
        await VisitAsync(browser, two);
        await VisitAsync(browser, two);
        await VisitAsync(browser, untold);
        await world.OpenBrowser().SignInAsync(elsewhere.Start(), email);

        await browser.GetAsync(EndSession(tokens.IdToken!));

        var notices = new[] { await receiver.TakeAsync(), await receiver.TakeAsync() }.ToDictionary(notice => notice.Client);
        await world.AdvanceAsync(TimeSpan.FromMinutes(5));
        await world.QuietAsync();
        receiver.HasMore.ShouldBeFalse();
        notices.Keys.ShouldBe(["one", "two"], ignoreOrder: true);
        foreach (var (notice, client) in new[] { (notices["one"], one), (notices["two"], two) })
        {
            notice.Method.ShouldBe("POST");
            notice.ContentType.ShouldBe("application/x-www-form-urlencoded");
            notice.Form.Keys.ShouldBe(["logout_token"]);
            notice.Text("aud").ShouldBe(client.Id);
        }

        var token = notices["one"];
        token.Header.GetProperty("typ").GetString().ShouldBe("logout+jwt");
        token.Header.GetProperty("alg").GetString().ShouldBe(algorithm);
        token.Claims.EnumerateObject().Select(member => member.Name).ShouldBe(["iss", "aud", "iat", "exp", "jti", "sub", "sid", "events"], ignoreOrder: true);
        token.Text("iss").ShouldBe(world.Server.Address.AbsoluteUri);
        token.Text("sub").ShouldBe(tokens.IdTokenClaims.GetProperty("sub").GetString());
        token.Text("sid").ShouldBe(tokens.IdTokenClaims.GetProperty("sid").GetString());
        token.Claims.GetProperty("events").GetRawText().ShouldBe("""{"http://schemas.openid.net/event/backchannel-logout":{}}""");
        (token.Claims.GetProperty("exp").GetInt64() - token.Claims.GetProperty("iat").GetInt64()).ShouldBe(120);
        notices["two"].Text("jti").ShouldNotBe(token.Text("jti"));
    }

    [Fact]
    public async Task L8_A_client_with_pairwise_subjects_is_told_of_the_one_that_it_knows()
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var world = await receiver.OpenWorldAsync();
        var client = await receiver.AddClientAsync(world, "pairwise", extra: ",\"subject_type\":\"pairwise\"");
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);

        await browser.GetAsync(EndSession(tokens.IdToken!));

        (await receiver.TakeAsync()).Text("sub").ShouldBe(tokens.IdTokenClaims.GetProperty("sub").GetString());
    }

    [Fact]
    public async Task L8_The_token_verifies_by_the_published_keys_and_only_for_its_client()
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var world = await receiver.OpenWorldAsync();
        var (client, other) = (await receiver.AddClientAsync(world, "one"), await world.AddClientAsync());
        await SignOutAsync(world, client);
        var notice = await receiver.TakeAsync();

        (await LogoutReceiver.ValidateAsync(world, client, notice.Token)).IsValid.ShouldBeTrue();
        (await LogoutReceiver.ValidateAsync(world, other, notice.Token)).IsValid.ShouldBeFalse();
        world.Clock.Advance(LogoutNotification.TokenLifetime);
        (await LogoutReceiver.ValidateAsync(world, client, notice.Token)).IsValid.ShouldBeFalse();
    }

    [Fact]
    public async Task L8_A_client_that_fails_is_told_again_with_growing_pauses_until_it_listens_and_it_is_the_same_notice()
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var world = await receiver.OpenWorldAsync();
        var client = await receiver.AddClientAsync(world, "one");
        receiver.Answer("one", 503);
        await SignOutAsync(world, client);
        var first = await receiver.TakeAsync();
        var attempts = new List<ReceivedNotice> { first };

        foreach (var seconds in new[] { 5, 15, 30, 60, 120, 300 })
        {
            var deferred = await UntilAsync(world, row => row.Failures == attempts.Count);
            (deferred.State, deferred.LastReply).ShouldBe((DeliveryState.Deferred, "it answered with the status 503"));
            deferred.DueAt.ShouldBe(world.Clock.GetUtcNow().AddSeconds(seconds));
            await world.AdvanceAsync(TimeSpan.FromSeconds(seconds));
            attempts.Add(await receiver.TakeAsync());
        }

        await UntilAsync(world, row => row.Failures == attempts.Count);
        receiver.Answer("one", 204);
        await world.AdvanceAsync(TimeSpan.FromMinutes(10));
        attempts.Add(await receiver.TakeAsync());
        var done = await UntilAsync(world, row => row.State == DeliveryState.HandedOver);

        done.LastReply.ShouldBe("it answered with the status 204");
        attempts.Select(notice => notice.Text("jti")).Distinct().ShouldHaveSingleItem();
        attempts[^1].Claims.GetProperty("iat").GetInt64().ShouldBeGreaterThan(first.Claims.GetProperty("iat").GetInt64(), "each attempt's token is fresh");
        await world.AdvanceAsync(TimeSpan.FromHours(2));
        await world.QuietAsync();
        receiver.HasMore.ShouldBeFalse();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task L8_A_notice_survives_the_servers_restart(bool postgreSql)
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var world = await receiver.OpenWorldAsync(postgreSql);
        var client = await receiver.AddClientAsync(world, "one");
        receiver.Answer("one", 500);
        await SignOutAsync(world, client);
        var first = await receiver.TakeAsync();
        await UntilAsync(world, row => row.Failures == 1);

        await world.Server.RestartAsync();
        receiver.Answer("one", 200);
        world.Clock.Advance(TimeSpan.FromSeconds(5));

        var again = await receiver.TakeAsync();
        again.Text("jti").ShouldBe(first.Text("jti"));
        again.Text("sid").ShouldBe(first.Text("sid"));
        await UntilAsync(world, row => row.State == DeliveryState.HandedOver);
    }

    [Fact]
    public async Task L8_A_client_that_answers_400_is_not_asked_again()
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var world = await receiver.OpenWorldAsync();
        var client = await receiver.AddClientAsync(world, "one");
        receiver.Answer("one", 400);
        await SignOutAsync(world, client);
        await receiver.TakeAsync();

        var refused = await UntilAsync(world, row => row.State == DeliveryState.Refused);

        (refused.DueAt, refused.LastReply).ShouldBe((null, "it answered with the status 400"));
        await world.AdvanceAsync(TimeSpan.FromHours(2));
        await world.QuietAsync();
        receiver.HasMore.ShouldBeFalse();
    }

    [Fact]
    public async Task L8_An_address_within_our_network_that_the_operator_did_not_list_is_never_asked()
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var world = await World.StartAsync();
        var client = await receiver.AddClientAsync(world, "one");
        await SignOutAsync(world, client);

        var refused = await UntilAsync(world, row => row.State == DeliveryState.Refused);

        refused.LastReply.ShouldNotBeNull();
        receiver.HasMore.ShouldBeFalse();
    }

    [Fact]
    public async Task L8_Clients_that_never_answer_hold_up_no_code()
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var world = await receiver.OpenWorldAsync();
        var clients = new List<RelyingParty>();
        for (var number = 0; number <= OutboxLimits.Lanes; number++)
        {
            clients.Add(await receiver.AddClientAsync(world, $"silent-{number}"));
            receiver.KeepSilent($"silent-{number}");
            await EnqueueManyAsync(world, clients[^1], 10);
        }

        await SignOutAsync(world, clients[0]);
        for (var taken = 0; taken < EgressTurns.PerHost; taken++)
        {
            await receiver.TakeAsync();
        }

        // All turns for notices are taken, by a client each, and stay so, since nobody turns the clock. One host is asked by a few of them at once.
        var other = await world.AddUserAsync();
        var back = await world.OpenBrowser().SignInAsync(clients[0].Start(), other);
        back.Parameter("code").ShouldNotBeNull();
        (await world.ReadAsync(db => db.OutboxMessages.CountAsync(row => row.ClientRowId != null && row.LeasedBy != null, Cancel))).ShouldBe(OutboxLimits.Lanes);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task L8_A_notice_is_written_with_the_end_of_the_session_or_not_at_all(bool postgreSql)
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var world = await receiver.OpenWorldAsync(postgreSql);
        var client = await receiver.AddClientAsync(world, "one");
        await client.SignInAsync(await world.AddUserAsync());
        var session = await world.ReadAsync(db => db.AuthenticationSessions.AsNoTracking().SingleAsync(Cancel));

        await world.Server.InScopeAsync(async services =>
        {
            var (ender, db) = (services.GetRequiredService<SessionEnder>(), services.GetRequiredService<IdentityServerDbContext>());
            await ender.EndAsync(session, Cancel);
            (await db.OutboxMessages.CountAsync(row => row.ClientRowId != null, Cancel)).ShouldBe(1, "it stands beside the end, in one transaction");
            (await world.ReadAsync(others => others.OutboxMessages.CountAsync(row => row.ClientRowId != null, Cancel))).ShouldBe(0);
            await services.GetRequiredService<UnitOfWork>().RollbackAsync(Cancel);
            return true;
        });

        (await world.ReadAsync(db => db.OutboxMessages.CountAsync(row => row.ClientRowId != null, Cancel))).ShouldBe(0);
        (await world.ReadAsync(db => db.AuthenticationSessions.CountAsync(row => row.EndedAt == null, Cancel))).ShouldBe(1);
        await world.AdvanceAsync(TimeSpan.FromSeconds(10));
        await world.QuietAsync();
        receiver.HasMore.ShouldBeFalse();
    }

    [Fact]
    public async Task L8_A_logout_token_is_no_hint_no_access_token_and_no_grant()
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var world = await receiver.OpenWorldAsync();
        var client = await receiver.AddClientAsync(world, "one");
        var email = await world.AddUserAsync();
        var (browser, other) = (world.OpenBrowser(), world.OpenBrowser());
        await browser.SignInAsync(client.Start(), email);
        var there = await client.ExchangeAsync((await other.SignInAsync(client.Start(), email)).Parameter("code")!);
        await other.GetAsync(EndSession(there.IdToken!));
        var token = (await receiver.TakeAsync()).Token;

        var asked = await browser.FollowAsync(await browser.GetAsync(EndSession(token)));
        asked.Location.ShouldBeNull();
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("code").ShouldNotBeNull("nothing has ended");
        (await world.OpenBrowser().GetAsync(EndSession(token))).Location!.ToString().ShouldNotStartWith(Bye);
        (await client.UserInfoAsync(token)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await client.PostAsync("/connect/introspect", new() { ["token"] = token })).Json.GetProperty("active").GetBoolean().ShouldBeFalse();
        (await client.RefreshAsync(token)).Error.ShouldBe("invalid_grant");
        (await client.ExchangeAsync(token)).Error.ShouldBe("invalid_grant");
    }

    [Fact]
    public async Task L8_What_a_client_was_told_goes_after_a_week()
    {
        await using var receiver = await LogoutReceiver.StartAsync();
        await using var world = await receiver.OpenWorldAsync();
        var client = await receiver.AddClientAsync(world, "one");
        await SignOutAsync(world, client);
        await receiver.TakeAsync();
        await UntilAsync(world, row => row.State == DeliveryState.HandedOver);

        await CleanAsync(world, LogoutNotification.Lifetime + LogoutNotification.Kept);
        (await CountAsync(world)).ShouldBe(1);
        await CleanAsync(world, LogoutNotification.Lifetime + LogoutNotification.Kept + TimeSpan.FromSeconds(1));
        (await CountAsync(world)).ShouldBe(0);
    }

    private static Task<int> CountAsync(World world) => world.ReadAsync(db => db.OutboxMessages.CountAsync(row => row.ClientRowId != null, Cancel));

    private static Task<int> CleanAsync(World world, TimeSpan after) => world.Server.InScopeAsync(services =>
        services.GetRequiredService<Storage.Operations.ExpiredRows>().DeleteAsync(world.Clock.GetUtcNow() + after, 500, Cancel));

    private static async Task SignOutAsync(World world, RelyingParty client)
    {
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!);
        (await browser.GetAsync(EndSession(tokens.IdToken!))).Status.ShouldBeOneOf(HttpStatusCode.Redirect, HttpStatusCode.SeeOther);
    }

    private static async Task VisitAsync(Browser browser, RelyingParty client) =>
        (await browser.FollowAsync(await browser.GetAsync(client.Start()))).Parameter("code").ShouldNotBeNull();

    private static Task<bool> EnqueueManyAsync(World world, RelyingParty client, int count) => world.Server.InScopeAsync(async services =>
    {
        var row = await services.GetRequiredService<IdentityServerDbContext>().Clients.Where(row => row.ClientId == client.Id).Select(row => row.Id).SingleAsync(Cancel);
        for (var index = 0; index < count; index++)
        {
            await services.GetRequiredService<Storage.Operations.LogoutOperations>().EnqueueAsync(Guid.NewGuid(), new(Guid.NewGuid(), row!), world.Clock.GetUtcNow(), Cancel);
        }

        return true;
    });

    private static async Task<OutboxMessage> UntilAsync(World world, Func<OutboxMessage, bool> condition)
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        limit.CancelAfter(TimeSpan.FromSeconds(30));
        while (true)
        {
            var row = await world.ReadAsync(db => db.OutboxMessages.AsNoTracking().SingleAsync(row => row.ClientRowId != null, limit.Token));
            if (condition(row) && row.LeasedBy is null)
            {
                return row;
            }

            await Task.Delay(5, limit.Token);
        }
    }

    private static string EndSession(string hint) => $"/connect/endsession?id_token_hint={hint}&post_logout_redirect_uri={Uri.EscapeDataString(Bye)}";
}
