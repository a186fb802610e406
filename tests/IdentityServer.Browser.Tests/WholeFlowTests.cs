using System.Text.RegularExpressions;
using Microsoft.Playwright;

namespace IdentityServer.Browser.Tests;

public sealed partial class WholeFlowTests(Chromium chromium, Stage stage)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_person_signs_in_sees_the_claims_refreshes_asks_userinfo_and_signs_out(bool javaScript)
    {
        await using var context = await chromium.OpenAsync(Screen.Phone, javaScript);
        await stage.StartAsync();
        var person = await stage.AddPersonAsync();
        var page = await context.NewPageAsync();
        var complaints = page.Complaints();

        await page.SignInAsync(stage, person);

        var claims = await page.ClaimsAsync();
        claims["iss"].ShouldBe(stage.Server.Address.AbsoluteUri);
        claims["aud"].ShouldBe("demo-web");
        claims["sub"].ShouldBe(person.Id.ToString("D"));
        claims["amr"].ShouldContain("pwd");
        claims["amr"].ShouldContain("otp");
        claims.ShouldContainKey("acr");
        claims.ShouldContainKey("sid");
        claims.ShouldContainKey("auth_time");

        await page.Button("Refresh the tokens").ClickAsync();
        (await page.GetByRole(AriaRole.Status).InnerTextAsync()).ShouldMatch("^Refreshed: .* lasted until .* UTC, the new one lasts until .* UTC\\.$");
        var refreshed = await page.ClaimsAsync();
        foreach (var lasting in (string[])["iss", "aud", "sub", "sid", "auth_time"])
        {
            refreshed[lasting].ShouldBe(claims[lasting]);
        }

        await page.Button("Call userinfo").ClickAsync();
        var userinfo = await page.Locator("pre").InnerTextAsync();
        userinfo.ShouldContain(person.Id.ToString("D"));
        userinfo.ShouldContain(person.Email);
        userinfo.ShouldContain("Ada Lovelace");

        await page.Button("Call the API").ClickAsync();
        (await page.Locator("pre").InnerTextAsync()).ShouldContain("Buy tea.");

        await page.Button("Sign out").ClickAsync();
        await Assertions.Expect(page).ToHaveURLAsync(stage.Sample.Address.AbsoluteUri);
        await Assertions.Expect(page.Button("Sign in")).ToBeVisibleAsync();

        // Signed out at the provider too: it asks for the password again.
        await page.LeaveForProviderAsync(stage);
        complaints.ShouldBeEmpty();
    }

    [Fact]
    public async Task A10_Someone_signed_in_at_the_provider_reaches_the_sample_without_being_asked_again()
    {
        await using var context = await chromium.OpenAsync(Screen.Desktop);
        await stage.StartAsync();
        var person = await stage.AddPersonAsync();
        var page = await context.NewPageAsync();
        await page.SignInAsync(stage, person);
        var first = await page.ClaimsAsync();

        await context.ClearCookiesAsync(new() { NameRegex = SampleCookies() });
        await page.GotoAsync(stage.Sample.Address.AbsoluteUri);
        await page.Button("Sign in").ClickAsync();

        await Assertions.Expect(page.Button("Refresh the tokens")).ToBeVisibleAsync();
        var second = await page.ClaimsAsync();
        second["auth_time"].ShouldBe(first["auth_time"]);
        second["sid"].ShouldBe(first["sid"]);
    }

    [Fact]
    public async Task The_field_to_fill_next_has_the_focus()
    {
        await using var context = await chromium.OpenAsync(Screen.Desktop);
        await stage.StartAsync();
        var person = await stage.AddPersonAsync();
        var page = await context.NewPageAsync();

        await page.LeaveForProviderAsync(stage);
        await Assertions.Expect(page.Address()).ToBeFocusedAsync();
        await page.EnterPasswordAsync(person);
        await Assertions.Expect(page.Code()).ToBeFocusedAsync();
    }

    [GeneratedRegex("^WebClient")]
    private static partial Regex SampleCookies();
}
