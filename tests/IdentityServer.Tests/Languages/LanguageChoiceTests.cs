using System.Text.Json;
using IdentityServer.Domain.Users;
using IdentityServer.Languages;
using IdentityServer.Tests.SignIn;
using IdentityServer.Tests.Support;
using IdentityServer.Users;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Languages;

/// <summary>The client's wish comes first, then the account's language, then the browser's.</summary>
public sealed class LanguageChoiceTests
{
    [Theory]
    [InlineData("de-AT,de;q=0.9,en;q=0.5", "de")]
    [InlineData("en;q=0.3, fr-CA;q=0.8", "fr")]
    [InlineData("xx, *;q=0.1", "en")]
    [InlineData("de;q=0, es", "es")]
    [InlineData("", "en")]
    [InlineData("\"><script>", "en")]
    public async Task A_page_speaks_the_browsers_language(string accepted, string spoken)
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();
        browser.Headers["Accept-Language"] = accepted;

        (await browser.GetAsync("/sign-in")).Document.DocumentElement.GetAttribute("lang").ShouldBe(spoken);
    }

    [Theory]
    [InlineData("/no-such-page?ui_locales=it", "Questa pagina non esiste")]
    [InlineData("/connect/authorize?client_id=nobody&ui_locales=it", "Non è stato possibile leggere questa richiesta")]
    public async Task An_error_page_speaks_the_language_that_was_wished_for(string address, string heading)
    {
        await using var world = await World.StartAsync();

        var page = await world.OpenBrowser().GetAsync(address);

        page.Document.DocumentElement.GetAttribute("lang").ShouldBe("it");
        page.Document.QuerySelector("h1")!.TextContent.ShouldBe(heading);
    }

    [Fact]
    public async Task The_clients_wish_goes_through_the_whole_flow_and_into_the_mail()
    {
        await using var world = await World.StartAsync();
        var (client, email) = (await world.AddThirdPartyClientAsync(), await world.AddUserAsync());
        var browser = world.OpenBrowser();
        browser.Headers["Accept-Language"] = "fr";

        var password = await browser.FollowAsync(await browser.GetAsync(client.Start(("ui_locales", "xx it-CH de"))));
        var code = await browser.FollowAsync(await browser.EnterPasswordAsync(password, email));
        var mail = await browser.ReadMailAsync(email, "codice di accesso");
        var consent = await browser.FollowAsync(await browser.EnterCodeAsync(code, mail.Code));

        foreach (var page in new[] { password, code, consent })
        {
            page.Document.DocumentElement.GetAttribute("lang").ShouldBe("it");
        }

        consent.Document.QuerySelector("h1")!.TextContent.ShouldBe("Consentire a Test app di vedere questo?");
        mail.Message.HtmlBody!.ShouldContain("""<html lang="it" dir="ltr">""");
    }

    [Fact]
    public async Task The_accounts_language_is_spoken_as_soon_as_the_account_is_known()
    {
        await using var world = await World.StartAsync();
        var email = await AddUserAsync(world, "pt-BR");
        var browser = world.OpenBrowser();
        browser.Headers["Accept-Language"] = "fr";

        var password = await browser.GetAsync("/sign-in");
        var code = await browser.FollowAsync(await browser.EnterPasswordAsync(password, email));

        password.Document.DocumentElement.GetAttribute("lang").ShouldBe("fr");
        code.Document.DocumentElement.GetAttribute("lang").ShouldBe("pt");
        var mail = await browser.ReadMailAsync(email, "código de início de sessão");
        var home = await browser.FollowAsync(await browser.EnterCodeAsync(code, mail.Code));
        home.Document.DocumentElement.GetAttribute("lang").ShouldBe("pt");
        (await browser.GetAsync("/sign-out")).Document.DocumentElement.GetAttribute("lang").ShouldBe("pt");
    }

    [Fact]
    public async Task A_reset_that_a_stranger_asks_for_does_not_speak_the_accounts_language()
    {
        await using var world = await World.StartAsync();
        var email = await AddUserAsync(world, "de");
        var stranger = world.OpenBrowser();

        (await stranger.AskForResetAsync(email)).Document.DocumentElement.GetAttribute("lang").ShouldBe("en");
        await stranger.ReadMailAsync(email, "Code für ein neues Passwort"); // its owner reads the mail
    }

    [Fact]
    public async Task Arabic_runs_from_right_to_left_on_page_and_in_mail()
    {
        await using var world = await World.StartAsync();
        var email = await AddUserAsync(world, "ar");
        var browser = world.OpenBrowser();
        browser.Headers["Accept-Language"] = "ar";

        var code = await browser.ReachCodePageAsync("/sign-in", email);

        code.Document.DocumentElement.GetAttribute("dir").ShouldBe("rtl");
        code.Body.ShouldContain("أدخل الرمز");
        code.Document.QuerySelector("#code")!.GetAttribute("dir").ShouldBe("ltr");
        (await browser.ReadMailAsync(email, "رمز تسجيل الدخول")).Message.HtmlBody!.ShouldContain("""<html lang="ar" dir="rtl">""");
    }

    [Fact]
    public async Task Discovery_lists_the_languages()
    {
        await using var world = await World.StartAsync();

        var discovery = JsonDocument.Parse((await world.OpenBrowser().GetAsync("/.well-known/openid-configuration")).Body).RootElement;

        discovery.GetProperty("ui_locales_supported").EnumerateArray().Select(tag => tag.GetString()).ShouldBe(["en", "it", "de", "fr", "es", "pt", "ar"]);
    }

    [Theory]
    [InlineData("en", 1, "1 minute")]
    [InlineData("fr", 0, "0 minute")]
    [InlineData("de", 2, "2 Minuten")]
    [InlineData("ar", 2, "دقيقتين")]
    [InlineData("ar", 7, "7 دقائق")]
    [InlineData("ar", 11, "11 دقيقة")]
    [InlineData("ar", 102, "102 دقيقة")]
    public void A_number_takes_the_plural_form_of_its_language(string tag, int count, string said) =>
        Words.In(tag).Say("time.minutes", (Text.Count, count)).ShouldBe(said);

    [Fact]
    public void A_value_cannot_bring_markup_or_emphasis_along()
    {
        var html = Words.In("en").Html("sign-in.for", ("client", "<b>*Bank*</b>")).ToString();

        html.ShouldBe("""to continue to <strong><bdi class="client">&lt;b&gt;*Bank*&lt;/b&gt;</bdi></strong>""");
    }

    private static async Task<string> AddUserAsync(World world, string locale)
    {
        var address = $"user-{Guid.NewGuid():N}@example.com";
        await world.Server.InScopeAsync(async services =>
        {
            var hash = await services.GetRequiredService<IPasswordHasher>().HashAsync(World.Password, TestContext.Current.CancellationToken);
            EmailAddress.TryParse(address, out var parsed).ShouldBeTrue();
            StandardClaims.TryParse([new("locale", JsonSerializer.SerializeToElement(locale))], out var claims, out var problems).ShouldBeTrue(string.Join(' ', problems));
            return await services.GetRequiredService<UserDirectory>().CreateAsync(new(parsed!, hash, EmailVerified: true, claims!), TestContext.Current.CancellationToken);
        });
        return address;
    }
}
