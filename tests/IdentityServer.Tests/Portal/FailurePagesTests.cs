using System.Net;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Ownership;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Diagnosis;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Portal;

/// <summary>What an application's owners see of its failures, and nobody else.</summary>
public sealed class FailurePagesTests
{
    private const string Received = "http://shop.example.com/callback";
    private const string Registered = "https://shop.example.com/callback";

    [Fact]
    public async Task An_owner_finds_the_entry_by_the_reference_and_sees_the_characters_that_differ()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person);
        var reference = await FailAsync(world, client.ClientId, "https://shop.example.com/callback/");
        var (browser, _) = await world.OpenAccountAsync(person.User.Email);

        var list = await browser.GetAsync($"{Address(client)}/failures?reference=%20{reference.ToUpperInvariant()}%20");
        list.Status.ShouldBe(HttpStatusCode.OK);
        var link = list.Document.QuerySelector(".failures a").ShouldNotBeNull(list.Body);
        link.TextContent.ShouldContain("is not registered");
        var page = await browser.GetAsync(link.GetAttribute("href")!);

        page.Document.QuerySelectorAll("mark").Select(mark => mark.TextContent).ShouldBe(["/"]);
        page.Document.QuerySelectorAll(".comparison code").Select(code => code.TextContent).ShouldBe(["https://shop.example.com/callback/", Registered]);
        page.Document.QuerySelector(".comparison li")!.TextContent.ShouldBe("Only in what was received: /");
        page.Document.QuerySelectorAll(".facts dd").Select(fact => fact.TextContent).ShouldContain(reference);
        page.Body.Length.ShouldBeLessThan(50_000);
        list.Body.Length.ShouldBeLessThan(50_000);
        var explained = await browser.GetAsync(page.Document.QuerySelector("a[href^='/portal/errors']")!.GetAttribute("href")!);
        explained.Document.QuerySelector("h1")!.TextContent.ShouldBe(FailureCodes.RedirectUriMismatch);
        explained.Document.QuerySelector("pre code").ShouldNotBeNull();
    }

    [Fact]
    public async Task The_mend_registers_what_was_received_and_is_offered_only_where_the_rules_allow_it()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person);
        var (browser, _) = await world.OpenAccountAsync(person.User.Email);

        var refused = await browser.GetAsync(Entry(client, await FailAsync(world, client.ClientId, Received)));
        refused.Document.QuerySelector("form .primary").ShouldBeNull("http elsewhere is against the rules");
        var hidden = await browser.GetAsync(Entry(client, await FailAsync(world, client.ClientId, Registered + "?token=x")));
        hidden.Document.QuerySelector("form .primary").ShouldBeNull("what is not kept cannot be registered");

        var page = await browser.GetAsync(Entry(client, await FailAsync(world, client.ClientId, Registered + "/two")));
        var done = await browser.SubmitAsync(page, new Dictionary<string, string>(), "failure");
        done.Status.ShouldBe(HttpStatusCode.SeeOther);
        page = await browser.FollowAsync(done);

        page.Document.QuerySelector("[role=status]")!.TextContent.ShouldContain("registered");
        page.Document.QuerySelector("form .primary").ShouldBeNull();
        (await world.FindAsync(person, client.ClientId))!.Metadata.RedirectUris.ShouldBe([Registered, Registered + "/two"], ignoreOrder: true);
        (await world.OpenBrowser().GetAsync(Start(client.ClientId, Registered + "/two"))).Location.ShouldNotBeNull();
    }

    [Fact]
    public async Task The_mend_of_an_approved_app_is_made_only_when_the_owner_gives_the_approval_up()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person);
        await world.ApproveAsync(client, await world.AddPersonAsync(administrator: true));
        var (browser, _) = await world.OpenAccountAsync(person.User.Email);
        var page = await browser.GetAsync(Entry(client, await FailAsync(world, client.ClientId, Registered + "/two")));

        var asked = await browser.SendAsync(page, "failures");

        (asked.Status, asked.Alert!.Contains("lose its approval", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.UnprocessableEntity, true));
        var before = (await world.FindAsync(person, client.ClientId))!.Metadata;
        (before.Verified, before.RedirectUris.Count).ShouldBe((true, 1));
        asked.Document.QuerySelector("form[action*=failures] button")!.GetAttribute("name").ShouldBe("GivesUpApproval");
        await browser.AfterAsync(await browser.SendAsync(asked, "failures", ("GivesUpApproval", "true")));
        var after = (await world.FindAsync(person, client.ClientId))!.Metadata;
        (after.Verified, after.RedirectUris.Count).ShouldBe((false, 2));
    }

    [Fact]
    public async Task For_others_there_is_no_entry_and_no_button_not_even_beside_a_client_of_their_own()
    {
        await using var world = await World.StartAsync();
        var (owner, stranger) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var (client, own) = (await world.RegisterAsync(owner), await world.RegisterAsync(stranger));
        var reference = await FailAsync(world, client.ClientId, Registered + "/two");
        var (browser, _) = await world.OpenAccountAsync(stranger.User.Email);
        var form = await browser.GetAsync(Entry(own, await FailAsync(world, own.ClientId, Registered + "/three")));

        (await browser.GetAsync($"{Address(client)}/failures")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.GetAsync(Entry(client, reference))).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.GetAsync(Entry(own, reference))).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.GetAsync($"{Address(own)}/failures?reference={reference}")).Document.QuerySelectorAll(".failures li").ShouldBeEmpty();
        var token = form.Document.QuerySelector("form[action*=failure] input[type=hidden]").ShouldNotBeNull(form.Body);
        foreach (var target in new[] { Entry(client, reference), Entry(own, reference) })
        {
            (await browser.PostAsync(target, new Dictionary<string, string> { [token.GetAttribute("name")!] = token.GetAttribute("value")! })).Status.ShouldBe(HttpStatusCode.NotFound);
        }

        (await world.FindAsync(owner, client.ClientId))!.Metadata.RedirectUris.ShouldBe([Registered]);
        (await world.OpenBrowser().GetAsync($"{Address(client)}/failures")).Location!.ToString().ShouldContain("/sign-in");
    }

    [Fact]
    public async Task Entries_come_a_page_at_a_time_and_by_reason()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person);
        for (var index = 0; index < 30; index++)
        {
            await world.OpenBrowser().GetAsync(Start(client.ClientId, index == 0 ? "" : $"{Registered}/{index}"));
            world.Clock.Advance(TimeSpan.FromMilliseconds(5));
        }

        await world.Server.StopWritingAsync();
        var (browser, _) = await world.OpenAccountAsync(person.User.Email);

        var first = await browser.GetAsync($"{Address(client)}/failures");
        first.Document.QuerySelectorAll(".failures li").Length.ShouldBe(25);
        var second = await browser.GetAsync(first.Document.QuerySelectorAll("a").Single(link => link.TextContent == "Earlier ones").GetAttribute("href")!);
        second.Document.QuerySelectorAll(".failures li").Length.ShouldBe(5);
        var missing = await browser.GetAsync($"{Address(client)}/failures?code={FailureCodes.RedirectUriMissing}");
        missing.Document.QuerySelectorAll(".failures li").Length.ShouldBe(1);
        (await browser.GetAsync($"{Address(client)}/failures?after=nonsense&code=nonsense")).Document.QuerySelectorAll(".failures li").Length.ShouldBe(25);
    }

    [Fact]
    public async Task Each_code_is_explained_and_what_is_none_is_not()
    {
        await using var world = await World.StartAsync();
        var (browser, _) = await world.OpenAccountAsync((await world.AddPersonAsync()).User.Email);
        foreach (var link in (await browser.GetAsync("/portal/errors")).Document.QuerySelectorAll("main ul a"))
        {
            (await browser.GetAsync(link.GetAttribute("href")!)).Document.QuerySelector("pre code").ShouldNotBeNull(link.TextContent);
        }

        (await browser.GetAsync("/portal/errors/nonsense")).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    private static string Address(OwnedClient client) => $"/portal/clients/{client.ClientId}";

    private static string Entry(OwnedClient client, string reference) => $"{Address(client)}/failures/{reference}";

    private static string Start(string clientId, string redirectUri) =>
        $"/connect/authorize?client_id={clientId}&response_type=code&scope=openid&redirect_uri={Uri.EscapeDataString(redirectUri)}"
        + "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

    // What somebody would read on the error page, and tell the application's owner.
    private static async Task<string> FailAsync(World world, string clientId, string redirectUri)
    {
        var page = await world.OpenBrowser().GetAsync(Start(clientId, redirectUri));
        await world.Server.StopWritingAsync();
        return page.Document.QuerySelector(".reference code").ShouldNotBeNull(page.Body).TextContent;
    }
}
