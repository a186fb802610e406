using System.Net;
using IdentityServer.Settings;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Settings;

/// <summary>How an installation looks is configured; what people could not read, or what is not there, stops the start.</summary>
public sealed class BrandingTests
{
    private const string Mark = """<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><rect width="1" height="1"/></svg>""";

    [Theory]
    [InlineData("Product:Color", "blue", "is not a colour")]
    [InlineData("Product:Color", "#2450b", "is not a colour")]
    [InlineData("Product:Color", "#ffcc00", "has a contrast of")]
    [InlineData("Product:Color", "#8a8a8a", "has a contrast of")]
    [InlineData("Product:SupportContact", "two\nlines", "is not a contact")]
    [InlineData("Product:TermsUrl", "http://example.com/terms", "is not an https address")]
    [InlineData("Product:PrivacyUrl", "javascript:alert(1)", "is not an https address")]
    [InlineData("Product:Logo", "/no/such/logo.svg", "is not there")]
    public async Task What_does_not_do_stops_the_start_and_is_named(string key, string value, string problem)
    {
        var refused = await Refusals.OfAsync("Development", [new("Mail:From", "sign-in@example.com"), new(key, value)]);

        var found = refused.ShouldNotBeNull().Problems.ShouldHaveSingleItem();
        found.Key.ShouldBe(key);
        found.Problem.ShouldContain(problem);
        found.Mend.ShouldNotBeEmpty();
    }

    [Fact]
    public async Task A_dark_colour_must_be_light_and_needs_a_light_one_beside_it()
    {
        (await Refusals.OfAsync("Development", [new("Mail:From", "a@example.com"), new("Product:Color", "#7a1f5c"), new("Product:DarkColor", "#7a1f5c")]))
            .ShouldNotBeNull().Problems.ShouldHaveSingleItem().Key.ShouldBe("Product:DarkColor");
        (await Refusals.OfAsync("Development", [new("Mail:From", "a@example.com"), new("Product:DarkColor", "#e7a6d0")]))
            .ShouldNotBeNull().Problems.ShouldHaveSingleItem().Key.ShouldBe("Product:DarkColor");
    }

    [Theory]
    [InlineData("#000000", "#ffffff", 21)]
    [InlineData("#777777", "#ffffff", 4.48)]
    [InlineData("#767676", "#ffffff", 4.54)]
    public void Contrast_is_measured_as_WCAG_does(string one, string other, double ratio)
    {
        Rgb.TryParse(one, out var a).ShouldBeTrue();
        Rgb.TryParse(other, out var b).ShouldBeTrue();

        Contrast.Ratio(a, b).ShouldBe(ratio, 0.01);
        Contrast.Ratio(b, a).ShouldBe(ratio, 0.01);
    }

    [Theory]
    [InlineData("#7a1f5c")]
    [InlineData("#000000")]
    [InlineData("#004d40")]
    public void The_shade_for_dark_pages_can_be_read_there(string color)
    {
        Rgb.TryParse(color, out var light).ShouldBeTrue();

        Contrast.OnLight(light).ShouldBeGreaterThanOrEqualTo(Contrast.Least);
        Contrast.OnDark(Contrast.ForDark(light)).ShouldBeGreaterThanOrEqualTo(Contrast.Least);
    }

    [Fact]
    public async Task A_page_shows_name_logo_colour_contact_and_links_from_this_host_alone()
    {
        var logo = Path.Combine(Directory.CreateTempSubdirectory("identityserver-logo-").FullName, "logo.svg");
        await File.WriteAllTextAsync(logo, Mark, TestContext.Current.CancellationToken);
        await using var world = await World.StartAsync(configure: setup =>
        {
            setup.Settings["Product:Name"] = "Tea & Co";
            setup.Settings["Product:Logo"] = logo;
            setup.Settings["Product:Color"] = "#7a1f5c";
            setup.Settings["Product:SupportContact"] = "help@example.com";
            setup.Settings["Product:TermsUrl"] = "https://example.com/terms";
            setup.Settings["Product:PrivacyUrl"] = "https://example.com/privacy";
        });
        var browser = world.OpenBrowser();

        var page = (await browser.GetAsync("/sign-in")).Document;
        var stylesheet = await browser.GetAsync(page.QuerySelector("link[rel=stylesheet]")!.GetAttribute("href")!);
        var shown = await browser.GetAsync(page.QuerySelector(".brand img")!.GetAttribute("src")!);

        page.QuerySelector(".brand")!.TextContent.Trim().ShouldBe("Tea & Co");
        page.QuerySelector(".footer")!.TextContent.ShouldContain("Help: help@example.com");
        page.QuerySelectorAll(".footer a").Select(link => link.GetAttribute("href")).ShouldBe(["https://example.com/terms", "https://example.com/privacy"]);
        stylesheet.Body.ShouldContain("--accent: #7a1f5c");
        stylesheet.Body.ShouldContain(".card {");
        shown.Status.ShouldBe(HttpStatusCode.OK);
        shown.Message.Content.Headers.ContentType!.MediaType.ShouldBe("image/svg+xml");
        shown.Message.Headers.GetValues("Content-Security-Policy").Single().ShouldStartWith("default-src 'none'"); // opened by itself, it runs nothing
    }
}
