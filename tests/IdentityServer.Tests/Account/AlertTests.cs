using IdentityServer.Tests.SignIn;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Account;

/// <summary>Owners are told of what they may want to stop, and not of what they do every day.</summary>
public sealed class AlertTests
{
    private const string Safari = "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) Safari/605.1.15";
    private const string NewBrowser = "sign-in from a new browser";

    [Fact]
    public async Task A_sign_in_from_a_browser_that_was_not_seen_before_is_told_and_one_from_the_usual_is_not()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var usual = world.OpenBrowser(network: "198.51.100.7");
        await usual.OpenAccountAsync(email); // the first of a new account
        await usual.OpenAccountAsync(email); // the same browser
        await world.OpenBrowser(network: "198.51.100.7").OpenAccountAsync(email); // without its cookies, from the same place
        (await CountAsync(world, email)).ShouldBe(0);

        var other = world.OpenBrowser(network: "198.51.100.7");
        other.Headers["User-Agent"] = Safari;
        await other.OpenAccountAsync(email);
        (await other.ReadMailAsync(email, NewBrowser)).Text.ShouldContain("Safari on macOS");
        await world.OpenBrowser(network: "203.0.113.5").OpenAccountAsync(email);
        (await other.ReadMailAsync(email, NewBrowser)).Text.ShouldContain("203.0.113.5");
        await usual.From("203.0.113.99").OpenAccountAsync(email); // known by its cookie, wherever it is
        (await CountAsync(world, email)).ShouldBe(2);
    }

    [Fact]
    public async Task An_account_that_slept_for_long_is_told_too()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        await world.AdvanceAsync(TimeSpan.FromDays(2));

        await world.OpenAccountAsync(email);

        (await CountAsync(world, email)).ShouldBe(1);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task An_app_that_is_connected_is_told_once_and_by_name_where_the_operator_vouches_for_it(bool verified)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var app = await world.AddClientAsync("client_secret_basic", verified ? "\"verified\":true" : "", firstParty: false);
        var (browser, _) = await world.OpenAccountAsync(email);

        for (var time = 0; time < 2; time++)
        {
            var consent = await browser.FollowAsync(await browser.GetAsync(app.Start(("prompt", "consent"))));
            await browser.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "allow" });
        }

        var mail = await browser.ReadMailAsync(email, "an app was connected");
        mail.Text.Contains("Test app", StringComparison.Ordinal).ShouldBe(verified);
        (await world.ReadAsync(db => db.OutboxMessages.CountAsync(message => message.Payload.Contains("AppConnected")))).ShouldBe(1);
    }

    [Fact]
    public async Task The_code_page_tells_its_own_browser_how_the_mail_gets_on_and_nobody_else()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        await browser.ReadCodeAsync(email);
        await world.AdvanceAsync(TimeSpan.FromSeconds(1));
        var address = page.Document.QuerySelector("#ending")!.GetAttribute("data-state")!;

        var told = await browser.GetAsync(address);

        told.Message.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        told.Body.ShouldContain("\"state\":\"handedover\"");
        told.Body.ShouldContain("\"final\":true");
        (await world.OpenBrowser().GetAsync(address)).Status.ShouldBe(System.Net.HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task The_code_page_says_when_the_mail_can_be_sent_again()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        await browser.ReadCodeAsync(email);
        var address = page.Message.RequestMessage!.RequestUri!.PathAndQuery;
        page.Document.QuerySelector("#resend-hint")!.TextContent.ShouldBe("The mail can be sent again in 60 seconds.");

        for (var send = 2; send <= 3; send++)
        {
            await world.AdvanceAsync(TimeSpan.FromSeconds(60));
            page = await browser.GetAsync(address);
            page.Document.QuerySelector("#resend-hint").ShouldBeNull();
            await browser.SubmitAsync(page, new Dictionary<string, string>(), formTarget: "handler=Resend");
            await browser.ReadCodeAsync(email);
        }

        (await browser.GetAsync(address)).Document.QuerySelector("#resend-hint")!.TextContent.ShouldStartWith("This code has been mailed three times");
    }

    [Fact]
    public async Task The_code_page_warns_five_minutes_before_the_code_ends()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        page.Document.QuerySelector("#ending")!.HasAttribute("hidden").ShouldBeTrue();
        await browser.ReadCodeAsync(email);
        var address = page.Message.RequestMessage!.RequestUri!.PathAndQuery;

        await world.AdvanceAsync(TimeSpan.FromMinutes(25));
        (await browser.GetAsync(address)).Document.QuerySelector("#ending")!.HasAttribute("hidden").ShouldBeTrue();
        await world.AdvanceAsync(TimeSpan.FromSeconds(1));
        var late = (await browser.GetAsync(address)).Document.QuerySelector("#ending")!;

        late.HasAttribute("hidden").ShouldBeFalse();
        late.TextContent.ShouldBe("This code ends in 5 minutes. Enter it now, or start over for a new one.");
    }

    private static async Task<int> CountAsync(World world, string email)
    {
        var id = (await world.ReadAsync(db => db.Users.SingleAsync(user => user.Email == email))).Id;
        return await world.ReadAsync(db => db.OutboxMessages.CountAsync(message => message.UserId == id && message.Payload.Contains("NewBrowser")));
    }
}
