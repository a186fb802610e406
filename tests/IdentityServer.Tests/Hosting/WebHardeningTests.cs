using System.Net;
using System.Text.RegularExpressions;
using AngleSharp.Html.Dom;
using IdentityServer.Mail;
using IdentityServer.Tests.Home;
using IdentityServer.Tests.SignIn;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Hosting;

/// <summary>What every answer carries, looked at on all pages and all endpoints of real walks.</summary>
public sealed partial class WebHardeningTests
{
    private const int LargestPage = 50 * 1024;
    private const string BarePolicy = "default-src 'none'; frame-ancestors 'none'";
    private const string PagePolicy = "default-src 'none'; style-src 'self'; img-src 'self'; base-uri 'none'; frame-ancestors 'none'";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task All_pages_of_a_ceremony_are_closed_small_and_never_kept()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddThirdPartyClientAsync();
        var browser = world.OpenBrowser();

        // Every page on the way, the refused attempts too.
        var passwordPage = await browser.FollowAsync(await browser.GetAsync(client.Start()));
        await browser.EnterPasswordAsync(passwordPage, email, "not-the-password");
        var codePage = await browser.FollowAsync(await browser.EnterPasswordAsync(passwordPage, email));
        await browser.EnterCodeAsync(codePage, "12");
        var code = await browser.ReadCodeAsync(email);
        await browser.EnterCodeAsync(codePage, Browser.WrongCode(code));
        var consent = await browser.FollowAsync(await browser.EnterCodeAsync(codePage, code));
        consent.Message.RequestMessage!.RequestUri!.AbsolutePath.ShouldBe("/consent");
        await browser.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "allow" });
        await browser.GetAsync("/sign-in?reason=code-void");
        await browser.AskForAccountAsync("somebody-new@example.com");
        await browser.AskForResetAsync(email);
        await browser.GetAsync(client.Start(("redirect_uri", "https://evil.example/")));
        await browser.GetAsync(client.Start(("response_type", "token")));
        await browser.GetAsync("/connect/endsession?id_token_hint=nonsense");
        await browser.GetAsync("/connect/endsession");
        await browser.FollowAsync(await browser.SubmitAsync(await browser.GetAsync("/sign-out"), new Dictionary<string, string>()));
        await browser.PostAsync("/sign-in", new Dictionary<string, string> { ["Email"] = email });
        await browser.GetAsync("/");
        await browser.GetAsync("/no/such/page");
        await browser.GetAsync("/error");

        var pages = browser.Seen.Where(IsPage).ToList();
        pages.Select(page => page.Document.Title!.Split('·')[0].Trim()).Distinct().ShouldBe(
            ["Sign in", "Enter your code", "Create an account", "Confirm your address", "Choose a new password", "Allow access", "This request could not be read", "Sign out", "Signed out", "Sign-in service", "There is no such page"],
            ignoreOrder: true);
        browser.Seen.ForEach(ShouldBeHardened);
        string[] chain = ["/sign-in", "/sign-in/code", "/consent", "/sign-up", "/sign-up/code", "/reset", "/reset/code"];
        foreach (var page in pages.Where(page => page.Status == HttpStatusCode.OK))
        {
            // Browsers hold form-action against the whole chain of redirects after a post, and a popup's opener must last.
            var ofChain = chain.Contains(page.Message.RequestMessage!.RequestUri!.AbsolutePath, StringComparer.Ordinal);
            Header(page, "Content-Security-Policy").ShouldBe(PagePolicy + ScriptPolicy(page) + (ofChain ? "" : "; form-action 'self'"));
            (Header(page, "Cross-Origin-Opener-Policy") == "same-origin").ShouldBe(!ofChain);
        }
    }

    [Fact]
    public async Task The_try_out_and_its_result_are_held_to_the_same()
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();

        await browser.TryItAsync();
        await browser.GetAsync("/try-it/callback?state=x&code=y");

        browser.Seen.ForEach(ShouldBeHardened);
        browser.Seen.Count(IsPage).ShouldBeGreaterThanOrEqualTo(4);
    }

    [Fact]
    public async Task The_mailbox_shows_a_mail_as_a_document_that_can_do_nothing()
    {
        await using var server = await TestServer.StartAsync(setup => setup.Relay = false);
        var services = server.Services;
        var mail = services.GetRequiredService<MailComposer>().Compose("ann@example.com", new MailText("A <b>subject</b>", "Text.", "<script>alert(1)</script><img src=//evil.example>"));
        await services.GetRequiredService<IMailTransport>().SendAsync(mail, Cancel);
        using var http = server.CreateClient();

        foreach (var path in new[] { "/dev/mailbox", "/dev/mailbox.json" })
        {
            ShouldBeHardened(await GetAsync(http, path));
        }

        var shown = await GetAsync(http, "/dev/mailbox/1");
        Header(shown, "Content-Security-Policy").ShouldBe(
            "sandbox; default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'");
        ShouldCarryWhatEverythingCarries(shown);
    }

    [Fact]
    public async Task All_protocol_answers_are_closed_and_what_holds_a_token_is_never_kept()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync("client_secret_post");
        var tokens = await client.SignInAsync(await world.AddUserAsync());
        using var http = world.Server.CreateClient(cookies: false);
        var own = new Dictionary<string, string> { ["client_id"] = client.Id, ["client_secret"] = client.Secret! };
        var answers = new List<(string Path, Answer Answer)>();
        foreach (var path in new[] { "/connect/token", "/connect/par", "/connect/introspect", "/connect/revoke", "/connect/userinfo" })
        {
            Dictionary<string, string> right = path switch
            {
                "/connect/token" => new(own) { ["grant_type"] = "refresh_token", ["refresh_token"] = tokens.RefreshToken! },
                "/connect/par" => new(client.Request()) { ["client_secret"] = client.Secret! },
                "/connect/userinfo" => new() { ["access_token"] = tokens.AccessToken! },
                _ => new(own) { ["token"] = path.EndsWith("revoke", StringComparison.Ordinal) ? "nonsense" : tokens.AccessToken! },
            };
            foreach (var fields in new[] { right, new() { ["client_id"] = "nobody" }, [] })
            {
                using var form = new FormUrlEncodedContent(fields);
                answers.Add((path, await ReadAsync(await http.PostAsync(path, form, Cancel))));
            }

            answers.Add((path, await GetAsync(http, path)));
        }

        answers.Count(answer => answer.Answer.Status is HttpStatusCode.OK or HttpStatusCode.Created).ShouldBe(5);
        foreach (var (path, answer) in answers)
        {
            ShouldBeHardened(answer);
            IsPage(answer).ShouldBeFalse($"{path} is for programs");
            Header(answer, "Cache-Control")!.ShouldContain("no-store", customMessage: path);
        }

        foreach (var path in new[] { "/.well-known/openid-configuration", "/.well-known/oauth-authorization-server", "/.well-known/jwks", "/health/ready", "/health/live", "/site.css", "/favicon.svg" })
        {
            ShouldBeHardened(await GetAsync(http, path));
        }
    }

    [Fact]
    public async Task What_a_page_loads_is_there_and_is_kept_for_as_long_as_it_does_not_change()
    {
        await using var server = await TestServer.StartAsync();
        using var http = server.CreateClient();
        var page = await GetAsync(http, "/sign-in");

        var loaded = page.Document.QuerySelectorAll("link[href]").Select(link => link.GetAttribute("href")!).ToList();

        loaded.Count.ShouldBe(2);
        foreach (var path in loaded)
        {
            var asset = await GetAsync(http, path);
            asset.Status.ShouldBe(HttpStatusCode.OK);
            Header(asset, "Cache-Control").ShouldBe("public, max-age=31536000, immutable");
            Header(await GetAsync(http, path.Split('?')[0] + "?v=other"), "Cache-Control").ShouldBe("public, max-age=3600");
        }
    }

    private static void ShouldBeHardened(Answer answer)
    {
        ShouldCarryWhatEverythingCarries(answer);
        if (IsPage(answer))
        {
            ShouldBeAClosedPage(answer);
        }
        else
        {
            Header(answer, "Content-Security-Policy").ShouldBe(BarePolicy);
        }
    }

    private static void ShouldCarryWhatEverythingCarries(Answer answer)
    {
        var address = answer.Message.RequestMessage!.RequestUri!.PathAndQuery;
        Header(answer, "X-Content-Type-Options").ShouldBe("nosniff", address);
        Header(answer, "Cross-Origin-Resource-Policy").ShouldBe("same-origin", address);
        Header(answer, "Referrer-Policy").ShouldBe("same-origin", address);
        var features = Header(answer, "Permissions-Policy")!.Split(", ");
        features.Length.ShouldBeGreaterThan(15);
        features.ShouldAllBe(feature => feature.EndsWith("=()"));
        Header(answer, "Cache-Control").ShouldNotBeNull(address);
        Header(answer, "Server").ShouldBeNull();
        Header(answer, "X-Powered-By").ShouldBeNull();
        Header(answer, "Access-Control-Allow-Credentials").ShouldBeNull();
    }

    private static void ShouldBeAClosedPage(Answer page)
    {
        Header(page, "Content-Security-Policy")!.ShouldStartWith(PagePolicy);
        Header(page, "Content-Security-Policy")!.ShouldNotContain("unsafe");
        Header(page, "X-Frame-Options").ShouldBe("DENY");
        Header(page, "Cache-Control").ShouldBe("no-store");
        System.Text.Encoding.UTF8.GetByteCount(page.Body).ShouldBeLessThan(LargestPage, page.Message.RequestMessage!.RequestUri!.PathAndQuery);
        var loaded = page.Document.QuerySelectorAll("link[href], script[src], img, iframe, object, embed, video, audio, source, use")
            .Select(element => element.GetAttribute("href") ?? element.GetAttribute("src") ?? element.OuterHtml);
        loaded.ShouldAllBe(address => address.StartsWith('/') && !address.StartsWith("//"), "nothing is loaded from another host");
        page.Document.QuerySelectorAll("style, script:not([src]):not([nonce]), [style], meta[http-equiv], base").ShouldBeEmpty("the policy would stop it");
        page.Document.All.SelectMany(element => element.Attributes).ShouldAllBe(attribute => !attribute.Name.StartsWith("on"));
        foreach (var form in page.Document.Forms.Where(form => form.Method == "post"))
        {
            // The try-out signs out as a client does: what it posts proves itself.
            (form.QuerySelector("input[name=antiforgery]") ?? form.QuerySelector("input[name=id_token_hint]")).ShouldNotBeNull();
        }

        HiddenState().IsMatch(page.Body).ShouldBeFalse("no page carries an address to return to");
    }

    private static bool IsPage(Answer answer) => answer.Message.Content.Headers.ContentType?.MediaType == "text/html";

    // A page without scripts lets none run; one with a script that one, by a nonce of its own.
    private static string ScriptPolicy(Answer page)
    {
        var nonces = page.Document.QuerySelectorAll("script").Select(script => script.GetAttribute("nonce")).ToList();
        nonces.ShouldAllBe(nonce => nonce != null && nonce.Length >= 22);
        var asks = page.Document.QuerySelector("script[src^='/code.js']") is not null; // the script that keeps a code page up to date
        return nonces is [] ? "" : $"; script-src 'nonce-{nonces.Distinct().ShouldHaveSingleItem()}'" + (asks ? "; connect-src 'self'" : "");
    }

    private static string? Header(Answer answer, string name) =>
        answer.Message.Headers.TryGetValues(name, out var values) ? string.Join(", ", values)
        : answer.Message.Content.Headers.TryGetValues(name, out values) ? string.Join(", ", values)
        : null;

    private static async Task<Answer> GetAsync(HttpClient http, string path) => await ReadAsync(await http.GetAsync(path, Cancel));

    private static async Task<Answer> ReadAsync(HttpResponseMessage response) =>
        new(response.StatusCode, response.Headers.Location, await response.Content.ReadAsStringAsync(Cancel), response);

    [GeneratedRegex("name=\"(?:return|returnUrl|redirect|redirect_uri|next)\"", RegexOptions.IgnoreCase | RegexOptions.CultureInvariant)]
    private static partial Regex HiddenState();
}
