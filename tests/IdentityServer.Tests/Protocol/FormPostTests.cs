using System.Net;
using AngleSharp.Html.Dom;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>OAuth 2.0 Form Post Response Mode: the answer is a page that posts itself to the client.</summary>
public sealed class FormPostTests
{
    private const string HostileState = "\"'><script>alert(1)</script></form><img src=x onerror=alert(2)>&amp;\u2028%22 é";

    [Fact]
    public async Task A20_The_code_is_posted_by_a_page_that_may_post_to_the_client_and_nowhere_else()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();

        var page = await browser.SignInAsync(client.Start(("response_mode", "form_post"), ("state", HostileState)), email);

        var fields = ReadForm(page, RelyingParty.RedirectUri);
        fields["state"].ShouldBe(HostileState);
        fields["iss"].ShouldBe(world.Server.Address.ToString());
        fields.Keys.ShouldBe(["code", "state", "iss"], ignoreOrder: true);
        (await client.ExchangeAsync(fields["code"])).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A20_An_error_is_posted_the_same_way()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();

        var page = await browser.FollowAsync(await browser.GetAsync(
            client.Start(("response_mode", "form_post"), ("prompt", "none"), ("state", HostileState))));

        var fields = ReadForm(page, RelyingParty.RedirectUri);
        fields["error"].ShouldBe("login_required");
        fields["state"].ShouldBe(HostileState);
        fields["iss"].ShouldBe(world.Server.Address.ToString());
    }

    [Theory]
    [InlineData("http://127.0.0.1:4711/callback", "http://127.0.0.1:4711")]
    [InlineData("http://[::1]:4711/callback", "http:")]
    [InlineData("com.example.app:/callback", "com.example.app:")]
    [InlineData("https://app.example.com:8443/callback?a=b&c=d", "https://app.example.com:8443")]
    public async Task A20_The_policy_names_the_origin_of_the_redirect_uri(string uri, string source)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync(extra: "\"application_type\":\"native\"", redirectUris: uri);
        var browser = world.OpenBrowser();
        var page = await browser.FollowAsync(await browser.GetAsync(
            client.Start(("redirect_uri", uri), ("response_mode", "form_post"), ("prompt", "none"))));
        Policy(page)["form-action"].ShouldBe([source]);
        page.Document.Forms.Single().GetAttribute("action").ShouldBe(uri);
    }

    // Checks what every such page must keep to, and returns what it posts.
    private static Dictionary<string, string> ReadForm(Answer page, string target)
    {
        page.Status.ShouldBe(HttpStatusCode.OK);
        page.Location.ShouldBeNull();
        page.Message.Content.Headers.ContentType!.ToString().ShouldBe("text/html; charset=utf-8");
        page.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
        page.Message.Headers.Contains("Cross-Origin-Opener-Policy").ShouldBeFalse("a popup's opener must keep its hold");
        page.Message.Headers.GetValues("X-Frame-Options").ShouldBe(["DENY"]);

        var script = page.Document.Scripts.Single();
        var policy = Policy(page);
        policy["script-src"].ShouldBe([$"'nonce-{script.GetAttribute("nonce")}'"]);
        script.GetAttribute("nonce")!.Length.ShouldBeGreaterThan(20);
        policy["form-action"].ShouldBe([new Uri(target).GetLeftPart(UriPartial.Authority)]);
        policy["default-src"].ShouldBe(["'none'"]);
        policy["frame-ancestors"].ShouldBe(["'none'"]);

        var form = page.Document.Forms.Single();
        form.Method.ShouldBe("post");
        form.GetAttribute("action").ShouldBe(target);
        form.QuerySelectorAll("button[type=submit]").Length.ShouldBe(1, "a person without scripts goes on by it");
        page.Document.QuerySelector("noscript").ShouldBeNull();
        page.Document.Images.ShouldBeEmpty();
        return form.QuerySelectorAll("input").OfType<IHtmlInputElement>().ToDictionary(input => input.Name!, input => input.Value, StringComparer.Ordinal);
    }

    private static Dictionary<string, string[]> Policy(Answer page) =>
        page.Message.Headers.GetValues("Content-Security-Policy").Single().Split("; ")
            .Select(directive => directive.Split(' '))
            .ToDictionary(words => words[0], words => words[1..], StringComparer.Ordinal);
}
