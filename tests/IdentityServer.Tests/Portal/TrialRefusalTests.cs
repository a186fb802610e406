using System.Net;
using IdentityServer.Clients;
using IdentityServer.Clients.Credentials;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Sessions;
using IdentityServer.Ownership;
using IdentityServer.Sessions;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Clients;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using IdentityServer.Trials;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Portal;

/// <summary>A run belongs to one owner and one browser, takes one answer, and is over after an hour.</summary>
public sealed class TrialRefusalTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_answer_counts_in_the_browser_alone_that_began_the_run()
    {
        await using var stage = await TrialStage.StartAsync();
        await using var coOwner = await stage.WithCoOwnerAsync();
        var answer = (await stage.AnswerAsync(await stage.BeginAsync())).Location!.PathAndQuery;

        foreach (var elsewhere in new[] { stage.World.OpenBrowser(), coOwner.Browser })
        {
            await NothingAsync(elsewhere, answer);
        }

        // Nor in one that knows the run's name, and not the secret that its own browser was given with it.
        var run = await stage.World.ReadAsync(db => db.TrialRuns.Select(row => row.Id).SingleAsync(Cancel));
        var pretender = stage.World.OpenBrowser();
        pretender.Headers["Cookie"] = $"idsrv.trial={HandleCookie.Create(run).Reveal()}";
        await NothingAsync(pretender, answer);

        // Nor in one that waits for an answer of its own.
        await coOwner.BeginAsync();
        await NothingAsync(coOwner.Browser, answer);
        (await stage.Browser.FollowAsync(await stage.Browser.GetAsync(answer))).Failed().ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_answer_counts_once(bool postgreSql)
    {
        await using var stage = await TrialStage.StartAsync(postgreSql: postgreSql);
        var answer = (await stage.AnswerAsync(await stage.BeginAsync())).Location!.PathAndQuery;
        var cookies = stage.Browser.Cookies.GetAllCookies().Select(cookie => $"{cookie.Name}={cookie.Value}").ToList();

        // Twice at once, and once more with the cookies as they were.
        var both = await Task.WhenAll(stage.Browser.GetAsync(answer), stage.Browser.GetAsync(answer));
        both.Count(taken => taken.Status == HttpStatusCode.SeeOther).ShouldBe(1);
        both.Count(taken => taken.Status == HttpStatusCode.BadRequest).ShouldBe(1);
        var replaying = stage.World.OpenBrowser();
        replaying.Headers["Cookie"] = string.Join("; ", cookies);
        await NothingAsync(replaying, answer);
        var page = await stage.Browser.FollowAsync(both.Single(taken => taken.Status == HttpStatusCode.SeeOther));
        page.Titles().Count(title => title == "The app trades the code for tokens").ShouldBe(1);
        page.Exchange("The app trades the code for tokens").Status().ShouldBe(200);
    }

    [Theory]
    [InlineData("wrong")]
    [InlineData("")]
    [InlineData(null)]
    public async Task An_answer_with_another_state_is_none_and_does_the_run_no_harm(string? state)
    {
        await using var stage = await TrialStage.StartAsync();
        var answer = await stage.AnswerAsync(await stage.BeginAsync());
        var right = answer.Location!.PathAndQuery;
        var code = answer.Parameter("code")!;
        var iss = Uri.EscapeDataString(answer.Parameter("iss")!);

        await NothingAsync(stage.Browser, $"/portal/trial/callback?code={code}&iss={iss}{(state is null ? "" : $"&state={state}")}");
        await NothingAsync(stage.Browser, $"{right}&state={answer.Parameter("state")}"); // twice is not once

        (await stage.Browser.FollowAsync(await stage.Browser.GetAsync(right))).Failed().ShouldBeEmpty();
    }

    [Fact]
    public async Task A_code_from_another_server_is_not_traded()
    {
        await using var stage = await TrialStage.StartAsync();
        var answer = await stage.AnswerAsync(await stage.BeginAsync());

        var page = await stage.Browser.FollowAsync(await stage.Browser.GetAsync(
            $"/portal/trial/callback?code={answer.Parameter("code")}&state={answer.Parameter("state")}&iss=https%3A%2F%2Fevil.example%2F"));

        page.Titles().ShouldNotContain("The app trades the code for tokens");
        page.Failed().Single().ShouldContain("(iss)");
        page.Document.QuerySelector(".notice.error")!.TextContent.ShouldContain("another server");
    }

    [Fact]
    public async Task A_run_is_over_after_an_hour()
    {
        await using var stage = await TrialStage.StartAsync();
        var page = await stage.RunAsync();
        var run = page.Message.RequestMessage!.RequestUri!.AbsolutePath;
        var late = (await stage.AnswerAsync(await stage.BeginAsync())).Location!.PathAndQuery;
        await stage.World.AdvanceAsync(TrialRuns.Lifetime);

        await NothingAsync(stage.Browser, late);
        (await stage.Browser.GetAsync(run)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await stage.Browser.GetAsync(stage.Page)).Body.ShouldNotContain("Your runs of the last hour");
    }

    [Fact]
    public async Task Nobody_but_the_owner_who_began_it_sees_a_run_or_does_anything_with_it()
    {
        await using var stage = await TrialStage.StartAsync();
        var page = await stage.RunAsync();
        var run = page.Message.RequestMessage!.RequestUri!.AbsolutePath;
        await using var coOwner = await stage.WithCoOwnerAsync();
        var (stranger, administrator) = (stage.World.OpenBrowser(), stage.World.OpenBrowser());
        await stranger.SignInAsync("/sign-in?then=/portal", await stage.World.AddUserAsync());
        await administrator.SignInAsync("/sign-in?then=/portal", (await stage.World.AddPersonAsync(administrator: true)).User.Email);

        foreach (var browser in new[] { coOwner.Browser, stranger, administrator })
        {
            (await browser.GetAsync(run)).Status.ShouldBe(HttpStatusCode.NotFound);
        }

        (await stage.World.OpenBrowser().GetAsync(run)).Location!.ToString().ShouldStartWith("/sign-in");
        (await stranger.GetAsync(stage.Page)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await administrator.GetAsync(stage.Page)).Status.ShouldBe(HttpStatusCode.NotFound);

        // Nor under another client of the same owner; and a co-owner's form, which has a token of its own, does nothing to it.
        var second = await stage.World.RegisterAsync(stage.Owner);
        (await stage.Browser.GetAsync(run.Replace(stage.Client.ClientId, second.ClientId, StringComparison.Ordinal))).Status.ShouldBe(HttpStatusCode.NotFound);
        var form = (await coOwner.Browser.GetAsync(coOwner.Page)).Document.QuerySelector("input[name=antiforgery]")!.GetAttribute("value")!;
        (await coOwner.Browser.PostAsync($"{run}?handler=Forget", [KeyValuePair.Create("antiforgery", form)])).Status.ShouldBe(HttpStatusCode.NotFound);
        (await coOwner.Browser.GetAsync(coOwner.Page)).Body.ShouldNotContain("Your runs of the last hour");
        (await stage.Browser.GetAsync(run)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task Who_is_no_owner_any_more_gets_no_tokens()
    {
        await using var stage = await TrialStage.StartAsync();
        await using var coOwner = await stage.WithCoOwnerAsync();
        var answer = (await coOwner.AnswerAsync(await coOwner.BeginAsync())).Location!.PathAndQuery;
        (await stage.World.RemoveAsync(stage.Client, coOwner.Owner.User.Id)).ShouldBe(OwnerRemoval.Done);

        await NothingAsync(coOwner.Browser, answer);

        (await stage.World.ReadAsync(db => db.Set<Storage.Entities.Token>().AnyAsync(token => token.Type!.EndsWith("access_token"), Cancel))).ShouldBeFalse();
    }

    [Fact]
    public async Task Power_over_clients_is_neither_tried_nor_shown_without_a_fresh_sign_in()
    {
        await using var stage = await TrialStage.StartAsync(
            """{"client_name":"Robot","grant_types":["client_credentials"],"scope":"clients.read clients.secrets"}""");
        (string, string)[] power = [("Scopes", "clients.read"), ("Scopes", "clients.secrets")];
        var page = await stage.Browser.FollowAsync(await stage.PostAsync(stage.Page, "Itself", power));
        page.Exchange("The app asks for a token for itself").Status().ShouldBe(200);
        var run = page.Message.RequestMessage!.RequestUri!.AbsolutePath;
        await stage.World.AdvanceAsync(SessionPolicy.FreshFor);

        var late = await stage.PostAsync(stage.Page, "Itself", power);
        (late.Target(), late.Parameter("reason"), late.Parameter("then")).ShouldBe(("/sign-in", "stale", stage.Page));
        var shown = await stage.Browser.GetAsync(run);
        (shown.Target(), shown.Parameter("reason"), shown.Parameter("then")).ShouldBe(("/sign-in", "stale", run), "its token is power, too");
        (await stage.World.ReadAsync(db => db.TrialRuns.CountAsync(Cancel))).ShouldBe(1);

        // A run without such a scope takes nothing that a session could be misused for; and after both steps all of it is there again.
        (await stage.Browser.FollowAsync(await stage.PostAsync(stage.Page, "Itself"))).Exchange("The app asks for a token for itself").Status().ShouldBe(200);
        await stage.Browser.SignInAsync(shown.Location!.ToString(), stage.Owner.User.Email);
        (await stage.Browser.GetAsync(run)).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("Scopes", "clients.write", "may not ask for one of these scopes")]
    [InlineData("Prompt", "create", "not offered")]
    [InlineData("ResponseMode", "fragment", "not offered")]
    [InlineData("MaxAge", "soon", "whole number")]
    [InlineData("MaxAge", "-1", "whole number")]
    [InlineData("Claims", "[]", "no JSON object")]
    [InlineData("Claims", "{", "no JSON object")]
    public async Task What_a_client_cannot_ask_for_is_refused_before_anything_is_sent(string field, string value, string problem)
    {
        await using var stage = await TrialStage.StartAsync();

        var refused = await stage.BeginAsync((field, value));

        refused.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        refused.Alert!.ShouldContain(problem);
        (await stage.World.ReadAsync(db => db.TrialRuns.AnyAsync(Cancel))).ShouldBeFalse();
    }

    [Fact]
    public async Task Without_our_redirect_uri_there_is_no_run()
    {
        await using var stage = await TrialStage.StartAsync(withCallback: false);

        var refused = await stage.BeginAsync();

        refused.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await stage.World.ReadAsync(db => db.TrialRuns.AnyAsync(Cancel))).ShouldBeFalse();
    }

    [Fact]
    public async Task A_person_begins_twenty_runs_in_an_hour_and_no_more()
    {
        await using var stage = await TrialStage.StartAsync();
        for (var run = 0; run < TrialRuns.MostOfPerson; run++)
        {
            (await stage.BeginAsync()).Status.ShouldBe(HttpStatusCode.SeeOther);
        }

        var refused = await stage.BeginAsync();

        refused.Status.ShouldBe(HttpStatusCode.TooManyRequests);
        refused.Alert!.ShouldContain("20 runs");
    }

    [Fact]
    public async Task A_client_with_as_many_secrets_as_it_may_have_gets_none_for_a_run_and_the_page_says_so()
    {
        await using var stage = await TrialStage.StartAsync();
        for (var more = 1; more < SecretRotation.MostActive; more++)
        {
            await stage.World.Server.HaveSecretAsync(stage.Client.ClientId);
        }

        var page = await stage.RunAsync();

        page.Alert!.ShouldContain("Retire one first");
        page.Titles().ShouldNotContain("The app trades the code for tokens");
        (await stage.World.Server.SecretsAsync(stage.Client.ClientId)).Count.ShouldBe(SecretRotation.MostActive);
    }

    [Fact]
    public async Task What_is_kept_of_a_run_cannot_be_read_from_the_database_nor_moved_and_goes_with_its_client()
    {
        await using var stage = await TrialStage.StartAsync();
        var page = await stage.RunAsync();
        var access = page.Exchange("The app trades the code for tokens").Json().Split("\"access_token\": \"")[1].Split('"')[0];
        var row = await stage.World.ReadAsync(db => db.TrialRuns.AsNoTracking().SingleAsync(Cancel));
        row.ProtectedState.ShouldNotContain(access);
        row.ProtectedState.ShouldNotContain("access_token");

        // The same text in a row of somebody else opens nothing.
        var other = await stage.World.AddPersonAsync();
        await stage.World.ReadAsync(db => db.TrialRuns.ExecuteUpdateAsync(set => set.SetProperty(run => run.UserId, other.User.Id), Cancel));
        (await stage.World.WithAsync<TrialRuns, Trial?>(runs => runs.FindAsync(row.Id, Cancel))).ShouldBeNull();
        await stage.World.ReadAsync(db => db.TrialRuns.ExecuteUpdateAsync(set => set.SetProperty(run => run.UserId, stage.Owner.User.Id), Cancel));
        (await stage.World.WithAsync<TrialRuns, Trial?>(runs => runs.FindAsync(row.Id, Cancel))).ShouldNotBeNull();

        (await stage.World.WithAsync<OwnedClients, bool>(clients => clients.DeleteAsync(stage.Client, Cancel))).ShouldBeTrue();
        (await stage.World.ReadAsync(db => db.TrialRuns.AnyAsync(Cancel))).ShouldBeFalse();
    }

    // Nothing is told, and nothing was done: no code was traded.
    private static async Task NothingAsync(Browser browser, string answer)
    {
        var told = await browser.GetAsync(answer);
        told.Status.ShouldBe(HttpStatusCode.BadRequest, told.Location?.ToString());
        told.Document.QuerySelector("h1")!.TextContent.ShouldBe("No run waits for this answer");
        told.Body.ShouldNotContain("/clients/");
    }
}
