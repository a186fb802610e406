using System.Net;
using IdentityServer.Audit;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.SignIn;

/// <summary>How often a code is mailed, and to whom: threat 12, and the limits that keep a mailbox from being flooded.</summary>
public sealed class CodeMailLimitsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_seventh_code_mail_in_an_hour_is_refused_with_the_time_to_wait_and_makes_no_challenge()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        for (var mail = 1; mail <= 6; mail++)
        {
            await world.OpenBrowser().ReachCodePageAsync("/sign-in", email);
            await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        }

        var browser = world.OpenBrowser();
        var refused = await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), email);

        refused.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Message.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromMinutes(54));
        refused.Alert!.ShouldContain("54 minutes");
        (await world.ReadAsync(db => db.OtpChallenges.CountAsync(Cancel))).ShouldBe(6);
        await world.AdvanceAsync(TimeSpan.FromMinutes(54));
        await world.OpenBrowser().ReachCodePageAsync("/sign-in", email);
    }

    [Fact]
    public async Task The_same_code_is_mailed_again_after_a_minute_twice_at_most_and_lives_no_longer_for_it()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        var code = await browser.ReadCodeAsync(email);
        var expires = (await world.ReadAsync(db => db.OtpChallenges.AsNoTracking().SingleAsync(Cancel))).ExpiresAt;

        var early = await ResendAsync(browser, page);
        early.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        early.Message.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(60));
        for (var resend = 1; resend <= 2; resend++)
        {
            await world.AdvanceAsync(TimeSpan.FromSeconds(60));
            (await ResendAsync(browser, page)).Body.ShouldContain("on its way again");
            (await browser.ReadCodeAsync(email)).ShouldBe(code);
        }

        await world.AdvanceAsync(TimeSpan.FromMinutes(5));
        (await ResendAsync(browser, page)).Alert!.ShouldContain("mailed three times");
        (await world.ReadAsync(db => db.OtpChallenges.AsNoTracking().SingleAsync(Cancel))).ExpiresAt.ShouldBe(expires);
        (await MailsAsync(world)).ShouldBe(3);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_many_wishes_to_resend_at_once_one_is_met(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        await world.AdvanceAsync(TimeSpan.FromSeconds(60));

        await Task.WhenAll(Enumerable.Range(0, 20).Select(_ => ResendAsync(browser, page)));

        (await MailsAsync(world)).ShouldBe(2);
    }

    [Fact]
    public async Task A_resend_counts_among_the_accounts_mails()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync("/sign-in", email);
        for (var mail = 2; mail <= 6; mail++)
        {
            page = await browser.ReachCodePageAsync("/sign-in", email);
        }

        await world.AdvanceAsync(TimeSpan.FromSeconds(60));
        var refused = await ResendAsync(browser, page);

        refused.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Message.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromMinutes(59));
        (await MailsAsync(world)).ShouldBe(6);
        (await world.ReadAsync(db => db.OtpChallenges.MaxAsync(row => row.Sends, Cancel))).ShouldBe(1, "a refused send is not counted");
    }

    [Fact]
    public async Task A_fourth_sign_in_elsewhere_closes_the_oldest_that_is_not_its_own()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browsers = new List<(Browser Browser, string Page)>();
        for (var index = 0; index < 4; index++)
        {
            var browser = world.OpenBrowser();
            var page = await browser.ReachCodePageAsync("/sign-in", email);
            browsers.Add((browser, page.Message.RequestMessage!.RequestUri!.PathAndQuery));
            await world.AdvanceAsync(TimeSpan.FromSeconds(1));
        }

        (await browsers[0].Browser.GetAsync(browsers[0].Page)).Parameter("reason").ShouldBe("code-void");
        foreach (var (browser, page) in browsers.Skip(1))
        {
            (await browser.GetAsync(page)).Status.ShouldBe(HttpStatusCode.OK);
        }

        await browsers[1].Browser.ReachCodePageAsync("/sign-in", email);
        (await browsers[1].Browser.GetAsync(browsers[1].Page)).Status.ShouldBe(HttpStatusCode.OK, "one's own waits on; another's is closed");
        (await browsers[2].Browser.GetAsync(browsers[2].Page)).Parameter("reason").ShouldBe("code-void");
    }

    [Theory]
    [InlineData("  ADA.{0}@EXAMPLE.COM ")]
    [InlineData("ａda.{0}@example.com")]
    public async Task However_an_address_is_typed_the_mail_goes_to_the_one_that_is_registered(string typed)
    {
        await using var world = await World.StartAsync();
        var unique = Guid.NewGuid().ToString("N");
        var stored = await world.AddUserAsync($"Ada.{unique}@example.com");
        var browser = world.OpenBrowser();

        await browser.ReachCodePageAsync("/sign-in", string.Format(System.Globalization.CultureInfo.InvariantCulture, typed, unique));

        var mail = await world.Smtp.WaitForAsync(_ => true, Cancel);
        mail.Recipients.ShouldBe([stored]);
        mail.Message.To.ToString().ShouldBe(stored);
    }

    [Theory]
    [InlineData("{0},thief@evil.example")]
    [InlineData("{0};thief@evil.example")]
    [InlineData("{0} thief@evil.example")]
    [InlineData("{0}\r\nBcc: thief@evil.example")]
    [InlineData("{0}\nthief@evil.example")]
    [InlineData("<{0}>, <thief@evil.example>")]
    [InlineData("[\"{0}\",\"thief@evil.example\"]")]
    [InlineData("{0}\0thief@evil.example")]
    [InlineData("thief@evil.example,{0}")]
    public async Task An_address_with_a_second_one_in_it_is_nobodys(string typed)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();

        var answer = await browser.EnterPasswordAsync(
            await browser.GetAsync("/sign-in"), string.Format(System.Globalization.CultureInfo.InvariantCulture, typed, email));

        answer.Location.ShouldBeNull();
        (await MailsAsync(world)).ShouldBe(0);
    }

    [Fact]
    public async Task An_address_given_twice_reaches_nobody_but_an_owner_whose_password_was_given()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        foreach (var names in new[] { ("Email", "Email"), ("Email", "email"), ("Email", "Email[]"), ("Email[0]", "Email[1]"), ("Email", "to"), ("Email", "address") })
        {
            foreach (var (first, second) in new[] { (email, "thief@evil.example"), ("thief@evil.example", email) })
            {
                await world.AdvanceAsync(TimeSpan.FromHours(4));
                var browser = world.OpenBrowser();
                var page = await browser.GetAsync("/sign-in");
                await browser.PostAsync("/sign-in", new KeyValuePair<string, string>[]
                {
                    new("antiforgery", page.Document.QuerySelector("input[name=antiforgery]")!.GetAttribute("value")!),
                    new(names.Item1, first), new(names.Item2, second), new("Password", World.Password),
                });
            }
        }

        // What was enqueued first comes first: once this one is there, nothing of the others is still under way.
        await world.OpenBrowser().ReachCodePageAsync("/sign-in", await world.AddUserAsync("last@example.com"));
        await world.Smtp.WaitForAsync(mail => mail.IsTo("last@example.com"), Cancel);
        world.Smtp.Mails.SelectMany(mail => mail.Recipients).Distinct().ShouldBeSubsetOf([email, "last@example.com"]);
        world.Smtp.Mails.ShouldAllBe(mail => !mail.Source.Contains("evil.example", StringComparison.Ordinal));
    }

    private static Task<Answer> ResendAsync(Browser browser, Answer page) => browser.SubmitAsync(page, new Dictionary<string, string>(), "handler=Resend");

    private static Task<int> MailsAsync(World world) => world.ReadAsync(db => db.AuditEvents.CountAsync(
        entry => entry.Name == AuditEvents.CodeIssued || entry.Name == AuditEvents.CodeResent, Cancel));
}
