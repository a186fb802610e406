using System.Net;
using IdentityServer.Ownership;
using IdentityServer.Portal.Snippets;
using IdentityServer.Settings;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Portal;

public sealed class SnippetsPageTests
{
    private const string SinglePage = """{"client_name":"Board","application_type":"web","token_endpoint_auth_method":"none","redirect_uris":["https://board.example.com/"]}""";

    // Auth.js listens on addresses of its own form, and this client has none of it.
    private const string AuthJs = "https://shop.example.com/api/auth/callback/idsrv";

    [Theory]
    [InlineData(Owners.WebApp)]
    [InlineData(SinglePage)]
    [InlineData(Owners.Machine)]
    public async Task Each_snippet_is_shown_whole_with_a_button_for_each_text_and_says_whether_it_is_verified(string wish)
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person, wish);
        var snippets = SnippetCatalogue.For(world.Server.Services.GetRequiredService<Installation>().Issuer, client.Metadata);
        snippets.ShouldNotBeEmpty();
        var (browser, first) = await world.OpenPortalAsync(person, client.PageOf("snippets"));
        first.Document.QuerySelectorAll("main nav:not(.back) a[href*='?stack=']").Select(link => link.TextContent).ShouldBe(snippets.Select(snippet => snippet.Title));

        foreach (var snippet in snippets)
        {
            var page = await browser.GetAsync($"{client.PageOf("snippets")}?stack={snippet.Key}");

            page.Status.ShouldBe(HttpStatusCode.OK);
            page.Document.QuerySelector("a[aria-current=true]")!.TextContent.ShouldBe(snippet.Title);
            page.Document.QuerySelector("h2")!.TextContent.ShouldBe(snippet.Title);
            page.Document.QuerySelectorAll(".badge.warning").Length.ShouldBe(snippet.Verified ? 0 : 1);
            var texts = page.Document.QuerySelectorAll("pre[tabindex='0'][role=region][aria-label]").ToList();
            string[] expected = [.. snippet.Install is [] ? [] : new[] { string.Join('\n', snippet.Install) },
                .. snippet.Files.Select(file => file.Content), string.Join('\n', snippet.Run)];
            texts.Select(text => text.TextContent.TrimEnd('\n')).ShouldBe(expected.Select(text => text.TrimStart('\n').TrimEnd('\n')));
            texts.Select(text => text.Id).Distinct().Count().ShouldBe(texts.Count);
            page.Document.QuerySelectorAll("button[data-copies]").Select(button => button.GetAttribute("data-copies")).ShouldBe(texts.Select(text => text.Id));
            page.Body.Length.ShouldBeLessThan(50 * 1024, snippet.Key);
        }
    }

    [Theory]
    [InlineData("")]
    [InlineData("?stack=")]
    [InlineData("?stack=cobol")]
    [InlineData("?stack=%3Cscript%3E")]
    public async Task Without_a_framework_that_there_is_the_likeliest_is_shown(string query)
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person);

        var (browser, _) = await world.OpenPortalAsync(person);

        var page = await browser.GetAsync(client.PageOf("snippets") + query);

        page.Document.QuerySelector("h2")!.TextContent.ShouldBe("ASP.NET Core");
    }

    [Fact]
    public async Task A_redirect_uri_that_a_framework_needs_is_registered_by_one_button()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person);
        var (browser, _) = await world.OpenPortalAsync(person);
        var page = await browser.GetAsync(client.PageOf("snippets") + "?stack=nextjs");
        page.Document.QuerySelector(".notice.warning")!.TextContent.ShouldContain(AuthJs);

        var sent = await browser.SendAsync(page, "snippets");
        var after = await browser.AfterAsync(sent);

        after.Notice().ShouldBe("The redirect URI is registered.");
        after.Document.QuerySelector("h2")!.TextContent.ShouldBe(page.Document.QuerySelector("h2")!.TextContent);
        after.Document.QuerySelector(".notice.warning").ShouldBeNull();
        var changed = (await world.FindAsync(person, client.ClientId))!.Metadata;
        changed.RedirectUris.ShouldBe([.. client.Metadata.RedirectUris, AuthJs]);
        (changed with { RedirectUris = client.Metadata.RedirectUris }).ToJson().ToString().ShouldBe(client.Metadata.ToJson().ToString());

        (await browser.AfterAsync(await browser.SendAsync(page, "snippets"))).Status.ShouldBe(HttpStatusCode.OK);
        (await world.FindAsync(person, client.ClientId))!.Metadata.RedirectUris.Count.ShouldBe(2, "the button was pressed twice");
    }

    [Fact]
    public async Task An_approved_app_gets_it_only_when_the_owner_gives_the_approval_up()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person);
        await world.ApproveAsync(client, await world.AddPersonAsync(administrator: true));
        var (browser, _) = await world.OpenPortalAsync(person);
        var page = await browser.GetAsync(client.PageOf("snippets") + "?stack=nextjs");

        var asked = await browser.SendAsync(page, "snippets");

        (asked.Status, asked.Alert!.Contains("lose its approval", StringComparison.Ordinal)).ShouldBe((HttpStatusCode.UnprocessableEntity, true));
        var before = (await world.FindAsync(person, client.ClientId))!.Metadata;
        (before.Verified, before.RedirectUris.Count).ShouldBe((true, 1));
        asked.Document.QuerySelector("form[action*=snippets] button")!.GetAttribute("name").ShouldBe("GivesUpApproval");
        await browser.AfterAsync(await browser.SendAsync(asked, "snippets", ("GivesUpApproval", "true")));
        var after = (await world.FindAsync(person, client.ClientId))!.Metadata;
        (after.Verified, after.RedirectUris[^1]).ShouldBe((false, AuthJs));
    }

    [Fact]
    public async Task What_speaks_against_registering_it_is_said()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var uris = Enumerable.Range(0, 50).Select(number => $"\"https://shop.example.com/callback{number}\"");
        var client = await world.RegisterAsync(person, $$"""{"client_name":"Shop","redirect_uris":[{{string.Join(',', uris)}}]}""");
        var (browser, _) = await world.OpenPortalAsync(person);
        var page = await browser.GetAsync(client.PageOf("snippets") + "?stack=nextjs");

        var refused = await browser.SendAsync(page, "snippets");

        refused.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        refused.Alert!.ShouldContain("redirect_uris");
        (await world.FindAsync(person, client.ClientId))!.Metadata.RedirectUris.Count.ShouldBe(50);
    }

    [Fact]
    public async Task An_app_that_no_code_fits_is_told_so()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person, """{"client_name":"Phone","application_type":"native","token_endpoint_auth_method":"none","redirect_uris":["com.example.phone:/callback"]}""");
        SnippetCatalogue.For(world.Server.Services.GetRequiredService<Installation>().Issuer, client.Metadata).ShouldBeEmpty();

        var (_, page) = await world.OpenPortalAsync(person, client.PageOf("snippets"));

        page.Status.ShouldBe(HttpStatusCode.OK);
        page.Document.QuerySelector(".empty")!.TextContent.ShouldContain("Any OpenID Connect library");
    }
}
