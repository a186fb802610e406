using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

/// <summary>samples/SpaClient: a browser that calls the provider from another origin, held to that by nobody's mercy.</summary>
public sealed class SinglePageTests(Chromium chromium, Stage stage)
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [MemberData(nameof(Screen.All), MemberType = typeof(Screen))]
    public async Task A_person_signs_in_sees_the_claims_refreshes_asks_userinfo_and_signs_out(string screenName)
    {
        var screen = Screen.Named(screenName);
        await using var context = await chromium.OpenAsync(screen);
        await stage.StartAsync();
        RequireLibrary();
        var person = await stage.AddPersonAsync();
        var page = await context.NewPageAsync();
        var complaints = page.Complaints();
        var home = stage.SinglePage.Address.AbsoluteUri;

        await page.GotoAsync(home);
        await Assertions.Expect(page.Button("Sign in")).ToBeVisibleAsync();
        await page.InspectAsync("spa-home", screen);

        await page.Button("Sign in").ClickAsync();
        await Assertions.Expect(page.Address()).ToBeVisibleAsync();
        await page.EnterPasswordAsync(person);
        await page.EnterCodeAsync(await stage.NextCodeAsync(person));
        await page.AllowAsync();
        page.Url.ShouldBe(home, "the code does not stay in the address");
        var claims = await page.ClaimsAsync();
        claims["iss"].ShouldBe(stage.Server.Address.AbsoluteUri);
        claims["aud"].ShouldBe("spa");
        claims["sub"].ShouldBe(person.Id.ToString("D"));
        claims["amr"].ShouldContain("otp");
        claims.ShouldContainKey("auth_time");

        // Twice, with what the first time gave: the refresh token rotates.
        for (var time = 0; time < 2; time++)
        {
            await page.Button("Refresh the tokens").ClickAsync();
            await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Refreshed: the access token lasted until");
            await Assertions.Expect(page.Button("Refresh the tokens")).ToBeEnabledAsync();
        }

        (await page.ClaimsAsync())["sid"].ShouldBe(claims["sid"]);

        await page.Button("Call userinfo").ClickAsync();
        await Assertions.Expect(page.Locator("#userinfo pre")).ToContainTextAsync(person.Email);
        await Assertions.Expect(page.Locator("#userinfo pre")).ToContainTextAsync("Ada Lovelace");
        await page.InspectAsync("spa-claims", screen);

        await page.Button("Sign out").ClickAsync();
        await Assertions.Expect(page.Button("Sign in")).ToBeVisibleAsync();
        page.Url.ShouldBe(home);

        // Signed out at the provider too: it asks for the password again.
        await page.Button("Sign in").ClickAsync();
        await Assertions.Expect(page.Address()).ToBeVisibleAsync();
        complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A_refresh_token_works_once_and_the_page_says_so_when_it_is_shown_again()
    {
        await using var context = await chromium.OpenAsync(Screen.Desktop);
        await stage.StartAsync();
        RequireLibrary();
        var person = await stage.AddPersonAsync();
        var page = await context.NewPageAsync();
        var spent = new TaskCompletionSource<string>(TaskCreationOptions.RunContinuationsAsynchronously);
        page.Request += (_, request) =>
        {
            if (request.PostData?.Contains("grant_type=refresh_token", StringComparison.Ordinal) == true)
            {
                spent.TrySetResult(request.PostData);
            }
        };
        await SignInAsync(page, person);
        await page.Button("Refresh the tokens").ClickAsync();
        await Assertions.Expect(page.GetByRole(AriaRole.Status)).ToContainTextAsync("Refreshed");

        // The page's own origin may read the refusal, and the family is dead for the page itself.
        (await FetchAsync(page, new Uri(stage.Server.Address, "/connect/token").AbsoluteUri, await spent.Task)).ShouldContain("invalid_grant");
        await page.Button("Refresh the tokens").ClickAsync();

        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToBeVisibleAsync();
        await page.InspectAsync("spa-refused", Screen.Desktop);
    }

    [Theory]
    [InlineData("/.well-known/openid-configuration", true)]
    [InlineData("/.well-known/jwks", true)]
    [InlineData("/connect/userinfo", true)]
    [InlineData("/connect/introspect", false)]
    [InlineData("/connect/par", false)]
    [InlineData("/connect/authorize?client_id=spa", false)]
    [InlineData("/sign-in", false)]
    [InlineData("/health/ready", false)]
    public async Task A_page_reads_what_is_meant_for_pages_and_no_other_origin_reads_anything(string path, bool readable)
    {
        await using var context = await chromium.OpenAsync(Screen.Desktop);
        await stage.StartAsync();
        var page = await context.NewPageAsync();
        var address = new Uri(stage.Server.Address, path).AbsoluteUri;
        await page.GotoAsync(stage.SinglePage.Address.AbsoluteUri);
        (await FetchAsync(page, address, null)).StartsWith("read ", StringComparison.Ordinal).ShouldBe(readable);

        // Another port of the same machine: the other sample, whose client has a secret and a server to keep it on.
        await page.GotoAsync(stage.Sample.Address.AbsoluteUri);
        (await FetchAsync(page, address, null)).ShouldBe("not read");
    }

    [Fact]
    public async Task Without_a_provider_the_page_says_how_to_start_it()
    {
        Requires.Chromium();
        RequireLibrary();
        await using var sample = await SampleProcess.StartAsync(new($"http://localhost:{FreePort.Find()}"), FreePort.Find(), Cancel, "SpaClient");
        await ShouldSayHowToStartAsync(sample, "spa-unreachable");
    }

    [Fact]
    public async Task A_provider_that_does_not_know_the_page_is_told_from_its_address()
    {
        Requires.Chromium();
        await stage.StartAsync();
        RequireLibrary();
        await using var sample = await SampleProcess.StartAsync(stage.Server.Address, FreePort.Find(), Cancel, "SpaClient");
        await ShouldSayHowToStartAsync(sample, "spa-unknown");
    }

    [Fact]
    public async Task Without_its_library_the_page_says_where_it_comes_from()
    {
        await using var context = await chromium.OpenAsync(Screen.Phone);
        await stage.StartAsync();
        var page = await context.NewPageAsync();
        await page.RouteAsync("**/lib/*", route => route.FulfillAsync(new() { Status = 404 }));

        await page.GotoAsync(stage.SinglePage.Address.AbsoluteUri);

        await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("Install Node.js with npm");
        await page.InspectAsync("spa-no-library", Screen.Phone);
    }

    private async Task SignInAsync(IPage page, Person person)
    {
        await page.GotoAsync(stage.SinglePage.Address.AbsoluteUri);
        await page.Button("Sign in").ClickAsync();
        await page.EnterPasswordAsync(person);
        await page.EnterCodeAsync(await stage.NextCodeAsync(person));
        await page.AllowAsync();
    }

    private async Task ShouldSayHowToStartAsync(SampleProcess sample, string name)
    {
        foreach (var screen in Screen.Every)
        {
            await using var context = await chromium.OpenAsync(screen);
            var page = await context.NewPageAsync();
            await page.GotoAsync(sample.Address.AbsoluteUri);
            await page.Button("Sign in").ClickAsync();

            await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync("dotnet run --project src/IdentityServer");
            await Assertions.Expect(page.GetByRole(AriaRole.Alert)).ToContainTextAsync(sample.Address.GetLeftPart(UriPartial.Authority));
            await page.InspectAsync(name, screen);
        }
    }

    // What script of the page gets to read. The header is one that a form cannot send, so the browser asks first.
    private static Task<string> FetchAsync(IPage page, string address, string? form) => page.EvaluateAsync<string>(
        """
        async ([address, form]) => {
          try {
            const answer = await fetch(address, form
              ? { method: "POST", body: form, headers: { "Content-Type": "application/x-www-form-urlencoded" } }
              : { headers: { Authorization: "Bearer nonsense" } });
            return `read ${answer.status} ${await answer.text()}`;
          } catch {
            return "not read";
          }
        }
        """,
        new[] { address, form });

    private static void RequireLibrary() =>
        Requires.File(Path.Combine(Path.GetDirectoryName(Repository.Built("samples/SpaClient", "SpaClient.dll"))!, "lib", "oidc-client-ts.min.js"), "npm, when samples/SpaClient was built");
}
