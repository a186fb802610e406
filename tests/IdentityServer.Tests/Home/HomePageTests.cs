using System.Net;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Home;

public sealed class HomePageTests
{
    [Fact]
    public async Task In_Development_the_page_offers_a_sign_in_with_the_demo_account_and_its_mailbox()
    {
        await using var server = await TestServer.StartAsync(setup => setup.Relay = false);

        var page = await HomeAsync(server);

        page.Document.QuerySelector("a.primary")!.GetAttribute("href").ShouldBe(new Uri(server.Address, "/try-it").AbsoluteUri);
        page.Document.QuerySelector(".credentials")!.TextContent.ShouldContain(TryItWorld.Email);
        page.Document.QuerySelector("a[href='/dev/mailbox']").ShouldNotBeNull();
        page.Document.QuerySelector("a[href='/.well-known/openid-configuration']").ShouldNotBeNull();
        page.Body.ShouldContain("dotnet run --project samples/WebClient");
    }

    [Fact]
    public async Task With_a_relay_it_does_not_point_to_a_mailbox_that_is_not_there()
    {
        await using var server = await TestServer.StartAsync();

        var page = await HomeAsync(server);

        page.Document.QuerySelector("a[href='/dev/mailbox']").ShouldBeNull();
        page.Body.ShouldContain("the configured relay delivers it");
    }

    [Fact]
    public async Task Without_the_try_out_client_it_says_what_is_missing()
    {
        await using var server = await TestServer.StartAsync(setup => setup.Settings["Demo:Clients:1:client_id"] = "renamed");

        var page = await HomeAsync(server);

        page.Document.QuerySelector("a.primary").ShouldBeNull();
        page.Body.ShouldContain("is not registered here");
    }

    [Fact]
    public async Task It_says_who_is_signed_in_and_leads_to_signing_out()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        (await browser.GetAsync("/")).Document.QuerySelector("a[href='/sign-out']").ShouldBeNull();

        var page = await browser.SignInAsync("/sign-in", email);

        page.Message.RequestMessage!.RequestUri!.PathAndQuery.ShouldBe("/");
        page.Document.QuerySelector("[role=status]")!.TextContent.ShouldBe($"You are signed in as {email}.");
        var question = await browser.GetAsync(page.Document.QuerySelector("a[href='/sign-out']")!.GetAttribute("href")!);
        await browser.SubmitAsync(question, new Dictionary<string, string>());
        (await browser.GetAsync("/")).Document.QuerySelector("[role=status]").ShouldBeNull();
    }

    [Theory]
    [InlineData("/try-it")]
    [InlineData("/try-it?prompt=login")]
    [InlineData("/try-it/callback")]
    [InlineData("/try-it/callback?state=x&code=y")]
    [InlineData("/try-it/result")]
    [InlineData("/Home/TryIt/Start")]
    public async Task In_Production_there_is_no_try_out_even_where_its_client_is_registered(string path)
    {
        await using var world = await World.StartAsync(configure: Production);
        await world.Server.InScopeAsync(services => services.GetRequiredService<ClientImport>().ImportAsync(
            JsonDocument.Parse("""
                {"client_id":"try-it","client_name":"Try a sign-in","token_endpoint_auth_method":"none","first_party":true,
                 "redirect_uris":["https://id.example/try-it/callback"],"scope":"openid profile email"}
                """).RootElement, TestContext.Current.CancellationToken));
        var browser = Open(world);

        (await browser.GetAsync(path)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.PostAsync(path, [])).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task In_Production_the_page_is_two_sentences_and_gives_nothing_away()
    {
        await using var world = await World.StartAsync(configure: Production);

        var page = await Open(world).GetAsync("/?state=signed-out");

        page.Status.ShouldBe(HttpStatusCode.OK);
        page.Document.QuerySelectorAll("main section").Length.ShouldBe(1);
        page.Document.QuerySelectorAll("main a").ShouldBeEmpty();
        page.Document.QuerySelector("body")!.InnerHtml.ShouldNotContain("try", Case.Insensitive); // the head names hashes of files, which may hold any letters
        page.Body.ShouldNotContain("Development");
        page.Body.ShouldNotContain(TryItWorld.Email);
    }

    private static async Task<Answer> HomeAsync(TestServer server)
    {
        var response = await server.CreateClient().GetAsync("/", TestContext.Current.CancellationToken);
        return new(response.StatusCode, response.Headers.Location, await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), response);
    }

    // Behind the proxy that ends TLS for it: these tests are the proxy.
    private static void Production(TestServerSetup setup)
    {
        setup.Environment = "Production";
        setup.Settings["Issuer"] = "https://127.0.0.1";
    }

    private static Browser Open(World world)
    {
        var browser = world.OpenBrowser();
        browser.Headers["X-Forwarded-Proto"] = "https";
        return browser;
    }
}
