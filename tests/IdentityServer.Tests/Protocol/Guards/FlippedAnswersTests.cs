using System.Net;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Protocol.Guards;

/// <summary>Threat 19: what a browser says of itself decides nothing. Only rows of ours do.</summary>
public sealed class FlippedAnswersTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whoever_walks_past_the_code_page_by_itself_arrives_at_the_password()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync(client.Start(), email);
        var query = System.Web.HttpUtility.ParseQueryString(page.Message.RequestMessage!.RequestUri!.Query);
        var success = $"/connect/authorize?client_id={client.Id}&request_uri={Uri.EscapeDataString(query["request_uri"]!)}";
        foreach (var claim in new[] { "", "&code=00000", "&amr=otp", "&acr=urn:identityserver:acr:pwd-emailotp", "&challenge=" + query["challenge"], "&verified=true" })
        {
            foreach (var answer in new[] { await browser.GetAsync(success + claim), await browser.PostAsync(success + claim, new Dictionary<string, string> { ["accepted"] = "true" }) })
            {
                (await browser.FollowAsync(answer)).Parameter("code").ShouldBeNull();
            }

            (await browser.FollowAsync(await browser.GetAsync(success + claim))).Document.QuerySelector("#password").ShouldNotBeNull();
        }

        await ShouldBeSignedOutAsync(world, browser, client);
    }

    [Fact]
    public async Task Fields_that_nobody_asked_for_change_nothing()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync(client.Start(), email);
        var wrong = Browser.WrongCode(await browser.ReadCodeAsync(email));

        var answer = await browser.SubmitAsync(page, new Dictionary<string, string>
        {
            ["Digits"] = wrong,
            ["Accepted"] = "true",
            ["success"] = "true",
            ["verdict"] = "Accepted",
            ["State"] = "1",
            ["AttemptsLeft"] = "99",
            ["UserId"] = (await world.IdOfAsync(email)).ToString(),
            ["View.Challenge.State"] = "Consumed",
            ["View.Challenge.AttemptsLeft"] = "99",
            ["ExpiresAt"] = "2099-01-01",
            ["sub"] = "admin",
            ["skip"] = "1",
            ["remember"] = "on",
        }, formTarget: "/sign-in/code");

        answer.Alert!.ShouldContain("4 more tries");
        (await RowAsync(world)).AttemptsLeft.ShouldBe(4);
        await ShouldBeSignedOutAsync(world, browser, client);
    }

    [Fact]
    public async Task The_right_code_of_ones_own_challenge_does_not_answer_anybody_elses()
    {
        await using var world = await World.StartAsync();
        var (victim, attacker) = (await world.AddUserAsync(), await world.AddUserAsync());
        var client = await world.AddClientAsync();
        var (theirs, own) = (world.OpenBrowser(), world.OpenBrowser());
        await theirs.ReachCodePageAsync(client.Start(), victim);
        var victimsChallenge = await RowAsync(world);
        var page = await own.ReachCodePageAsync(client.Start(), attacker);
        var code = await own.ReadCodeAsync(attacker);
        var address = page.Document.QuerySelector("form")!.GetAttribute("action")!;
        var ownChallenge = System.Web.HttpUtility.ParseQueryString(address[address.IndexOf('?', StringComparison.Ordinal)..])["challenge"]!;
        var antiforgery = page.Document.QuerySelector("input[name=antiforgery]")!.GetAttribute("value")!;
        var flipped = address.Replace(ownChallenge, victimsChallenge.Id.ToString("N"), StringComparison.Ordinal);
        var fields = new Dictionary<string, string> { ["antiforgery"] = antiforgery, ["Digits"] = code };

        // With the handle it holds, and with that handle's secret put under the other challenge's name.
        (await own.PostAsync(flipped, fields)).Parameter("reason").ShouldBe("code-void");
        var pending = own.Cookies.GetAllCookies().Single(cookie => cookie.Name.StartsWith("idsrv.pending.", StringComparison.Ordinal)).Value;
        var moved = Convert.ToBase64String([.. victimsChallenge.Id.ToByteArray(), .. Decode(pending)[16..]]).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        own.Cookies.Add(world.Server.Address, new Cookie("idsrv.pending." + victimsChallenge.Id.ToString("N"), moved));
        (await own.PostAsync(flipped, fields)).Parameter("reason").ShouldBe("code-void");
        await ShouldBeSignedOutAsync(world, own, client);
        (await world.ReadAsync(db => db.OtpChallenges.AsNoTracking().SingleAsync(row => row.Id == victimsChallenge.Id, Cancel))).AttemptsLeft.ShouldBe(5, "the victim is not charged");

        // Named twice, it is one of the two, and only for whom that one was made.
        await own.PostAsync(address + "&challenge=" + victimsChallenge.Id.ToString("N"), fields);
        var attackerId = await world.IdOfAsync(attacker);
        (await world.ReadAsync(db => db.AuthenticationSessions.CountAsync(row => row.UserId != attackerId, Cancel))).ShouldBe(0);
    }

    [Fact]
    public async Task A_handle_put_under_anothers_challenge_shows_nothing_of_it_and_has_nothing_mailed()
    {
        await using var world = await World.StartAsync();
        var (victim, attacker) = (await world.AddUserAsync(), await world.AddUserAsync());
        await world.OpenBrowser().ReachCodePageAsync("/sign-in", victim);
        var victims = await RowAsync(world);
        var own = world.OpenBrowser();
        var page = await own.ReachCodePageAsync("/sign-in", attacker);
        var pending = own.Cookies.GetAllCookies().Single(cookie => cookie.Name.StartsWith("idsrv.pending.", StringComparison.Ordinal)).Value;
        var moved = Convert.ToBase64String([.. victims.Id.ToByteArray(), .. Decode(pending)[16..]]).Replace('+', '-').Replace('/', '_').TrimEnd('=');
        own.Cookies.Add(world.Server.Address, new Cookie("idsrv.pending." + victims.Id.ToString("N"), moved));
        var address = "/sign-in/code?challenge=" + victims.Id.ToString("N");
        await world.AdvanceAsync(TimeSpan.FromSeconds(61)); // a resend would be allowed

        (await own.GetAsync(address)).Parameter("reason").ShouldBe("code-void");
        var antiforgery = page.Document.QuerySelector("input[name=antiforgery]")!.GetAttribute("value")!;
        var resent = await own.PostAsync(address + "&handler=Resend", new Dictionary<string, string> { ["antiforgery"] = antiforgery });

        resent.Parameter("reason").ShouldBe("code-void");
        (await world.ReadAsync(db => db.OtpChallenges.AsNoTracking().SingleAsync(row => row.Id == victims.Id, Cancel))).Sends.ShouldBe(1);
    }

    [Theory]
    [InlineData("idsrv.pending.")]
    [InlineData("antiforgery")]
    public async Task A_browser_that_drops_a_cookie_cannot_answer(string name)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync(client.Start(), email);
        var code = await browser.ReadCodeAsync(email);
        browser.Cookies.GetAllCookies().Where(cookie => cookie.Name.Contains(name, StringComparison.Ordinal)).ShouldHaveSingleItem().Expired = true;

        var answer = await browser.EnterCodeAsync(page, code);

        answer.Location?.ToString().ShouldNotStartWith("/connect");
        (await RowAsync(world)).AttemptsLeft.ShouldBe(5);
        await ShouldBeSignedOutAsync(world, browser, client);
    }

    [Fact]
    public async Task A_client_that_claims_success_gets_no_token()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync(client.Start(), email);
        var mailed = await browser.ReadCodeAsync(email);
        var query = System.Web.HttpUtility.ParseQueryString(page.Message.RequestMessage!.RequestUri!.Query);
        var pending = browser.Cookies.GetAllCookies().Single(cookie => cookie.Name.StartsWith("idsrv.pending.", StringComparison.Ordinal)).Value;
        foreach (var claimed in new[] { mailed, query["challenge"]!, query["request_uri"]!, pending, "null", "[]", "true" })
        {
            (await client.ExchangeAsync(claimed, ("amr", "otp"), ("otp", mailed), ("username", email), ("password", World.Password))).Error.ShouldBe("invalid_grant");
            (await client.RefreshAsync(claimed)).Error.ShouldBe("invalid_grant");
            (await client.UserInfoAsync(claimed)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        }

        (await world.TokensOfPeopleAsync()).ShouldBeEmpty();
    }

    private static async Task ShouldBeSignedOutAsync(World world, Browser browser, RelyingParty client)
    {
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
        (await world.ReadAsync(db => db.AuthenticationSessions.CountAsync(Cancel))).ShouldBe(0);
        (await world.TokensOfPeopleAsync()).ShouldBeEmpty();
    }

    private static Task<OtpChallenge> RowAsync(World world) => world.ReadAsync(db => db.OtpChallenges.AsNoTracking().SingleAsync(Cancel));

    private static byte[] Decode(string text) => System.Buffers.Text.Base64Url.DecodeFromChars(text);
}
