using System.Net;
using IdentityServer.Audit;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Audit;

/// <summary>Sessions and consent are never without the event that tells of them, nor an event without its fact.</summary>
public sealed class SecurityEventTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_session_is_told_of_when_it_opens_and_when_it_ends()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.SignInAsync(client.Start(), email);

        var session = await world.ReadAsync(db => db.AuthenticationSessions.AsNoTracking().SingleAsync(Cancel));
        var opened = await SingleAsync(world, AuditEvents.SessionOpened);
        (opened.SessionId, opened.ChallengeId, opened.UserId, opened.ClientId, opened.Network, opened.At)
            .ShouldBe((session.Id, session.ChallengeId, session.UserId, client.Id, session.Network, session.AuthenticatedAt));
        (await NamesAsync(world)).ShouldNotContain(AuditEvents.SessionEnded);

        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        await SignOutAsync(browser);

        session = await world.ReadAsync(db => db.AuthenticationSessions.AsNoTracking().SingleAsync(Cancel));
        var ended = await SingleAsync(world, AuditEvents.SessionEnded);
        (ended.SessionId, ended.UserId, ended.At).ShouldBe((session.Id, session.UserId, session.EndedAt!.Value));
    }

    [Theory]
    [InlineData("allow", AuditEvents.ConsentGiven, AuditEvents.ConsentRefused)]
    [InlineData("deny", AuditEvents.ConsentRefused, AuditEvents.ConsentGiven)]
    public async Task An_answer_about_consent_is_told_of(string answer, string told, string untold)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddThirdPartyClientAsync();
        var browser = world.OpenBrowser();
        var question = await browser.SignInAsync(client.Start(), email);
        (await NamesAsync(world)).ShouldNotContain(told, "asking is no answer");

        await AnswerAsync(browser, question, answer);

        var entry = await SingleAsync(world, told);
        var row = await world.ReadAsync(db => db.ConsentQuestions.AsNoTracking().SingleAsync(Cancel));
        (entry.UserId, entry.ClientId).ShouldBe((row.UserId, client.Id));
        entry.Details.ShouldBe("""{"scopes":"openid profile email offline_access"}""");
        row.Allowed.ShouldBe(answer == "allow");
        (await NamesAsync(world)).ShouldNotContain(untold);
    }

    [Fact]
    public async Task A_session_whose_opening_cannot_be_told_of_does_not_open()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync(client.Start(), email);
        var code = await browser.ReadCodeAsync(email);
        await RefuseAsync(world, AuditEvents.SessionOpened);

        (await browser.EnterCodeAsync(page, code)).Status.ShouldBe(HttpStatusCode.InternalServerError);

        (await world.ReadAsync(db => db.AuthenticationSessions.AnyAsync(Cancel))).ShouldBeFalse();
        (await SilentlyAsync(browser, client)).Parameter("error").ShouldBe("login_required");
        await TakeAgainAsync(world);
        (await browser.FollowAsync(await browser.EnterCodeAsync(page, code))).Parameter("code").ShouldNotBeNull("the code was not used up");
    }

    [Fact]
    public async Task A_session_whose_end_cannot_be_told_of_does_not_end()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), email)).Parameter("code")!);
        await RefuseAsync(world, AuditEvents.SessionEnded);

        (await browser.GetAsync("/connect/endsession?id_token_hint=" + tokens.IdToken)).Status.ShouldBe(HttpStatusCode.InternalServerError);

        (await SilentlyAsync(browser, client)).Parameter("code").ShouldNotBeNull();
        (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.OK);
        await TakeAgainAsync(world);
        await SignOutAsync(browser);
        (await SilentlyAsync(browser, client)).Parameter("error").ShouldBe("login_required");
    }

    [Theory]
    [InlineData("allow", AuditEvents.ConsentGiven)]
    [InlineData("deny", AuditEvents.ConsentRefused)]
    public async Task An_answer_about_consent_that_cannot_be_told_of_was_not_given(string answer, string told)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddThirdPartyClientAsync();
        var browser = world.OpenBrowser();
        var question = await browser.SignInAsync(client.Start(), email);
        await RefuseAsync(world, told);

        (await AnswerAsync(browser, question, answer)).Status.ShouldBe(HttpStatusCode.InternalServerError);

        (await world.ReadAsync(db => db.ConsentQuestions.AsNoTracking().SingleAsync(Cancel))).Allowed.ShouldBeNull();
        (await world.ReadAsync(db => db.ConsentGrants.AnyAsync(Cancel))).ShouldBeFalse();
        await TakeAgainAsync(world);
        var back = await browser.FollowAsync(await AnswerAsync(browser, question, answer));
        back.Parameter(answer == "allow" ? "code" : "error").ShouldNotBeNull();
    }

    // As on a full disk, for one kind of event.
    private static Task<int> RefuseAsync(World world, string name)
    {
        var trigger = """
            CREATE TRIGGER refuse BEFORE INSERT ON audit_events WHEN NEW."Name" = '(name)' BEGIN SELECT RAISE(ABORT, 'no room'); END
            """.Replace("(name)", name, StringComparison.Ordinal);
        return world.ReadAsync(db => db.Database.ExecuteSqlRawAsync(trigger, Cancel));
    }

    private static Task<int> TakeAgainAsync(World world) => world.ReadAsync(db => db.Database.ExecuteSqlRawAsync("DROP TRIGGER refuse", Cancel));

    private static Task<AuditEvent> SingleAsync(World world, string name) =>
        world.ReadAsync(db => db.AuditEvents.AsNoTracking().SingleAsync(entry => entry.Name == name, Cancel));

    private static Task<List<string>> NamesAsync(World world) =>
        world.ReadAsync(db => db.AuditEvents.Select(entry => entry.Name).ToListAsync(Cancel));

    private static async Task<Answer> SilentlyAsync(Browser browser, RelyingParty client) =>
        await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))));

    private static async Task SignOutAsync(Browser browser)
    {
        var page = await browser.GetAsync("/sign-out");
        (await browser.SubmitAsync(page, new Dictionary<string, string>())).Location!.ToString().ShouldBe("/signed-out");
    }

    private static Task<Answer> AnswerAsync(Browser browser, Answer question, string answer) =>
        browser.SubmitAsync(question, new Dictionary<string, string> { ["Answer"] = answer });
}
