using System.Net;
using AngleSharp.Dom;
using AngleSharp.Html.Dom;
using IdentityServer.Ownership;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Portal;

/// <summary>An owner, signed in to the portal, who tries one of their clients.</summary>
internal sealed class TrialStage(World world, Actor.Person owner, OwnedClient client, Browser browser, bool ownsWorld = true) : IAsyncDisposable
{
    public const string WebApp =
        """{"client_name":"Shop","redirect_uris":["https://shop.example.com/callback"],"grant_types":["authorization_code","refresh_token"],"scope":"openid profile email offline_access"}""";

    public const string RunRoute = "portal/clients/{clientId}/try/{run:guid}";

    public const string CallbackRoute = "portal/trial/callback";

    public World World => world;

    public Actor.Person Owner => owner;

    public OwnedClient Client => client;

    public Browser Browser => browser;

    public string Page => $"/portal/clients/{client.ClientId}/try";

    public string Callback => new Uri(world.Server.Address, "/portal/trial/callback").AbsoluteUri;

    /// <summary>An owner with a client, before anything is tried; sign-ins may come back to us already.</summary>
    public static async Task<TrialStage> StartAsync(string wish = WebApp, bool postgreSql = false, bool withCallback = true, Action<TestServerSetup>? configure = null)
    {
        var world = await World.StartAsync(postgreSql, configure);
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner, wish);
        var browser = world.OpenBrowser();
        await browser.SignInAsync("/sign-in?then=/portal", owner.User.Email);
        var stage = new TrialStage(world, owner, client, browser);
        if (withCallback && !wish.Contains("client_credentials", StringComparison.Ordinal))
        {
            (await stage.PostAsync(stage.Page, "Add")).Status.ShouldBe(HttpStatusCode.SeeOther);
        }

        return stage;
    }

    /// <summary>The same client, tried by somebody else who owns it too.</summary>
    public async Task<TrialStage> WithCoOwnerAsync()
    {
        var other = await world.AddPersonAsync();
        var shared = await world.ShareAsync(client, other);
        var theirs = world.OpenBrowser();
        await theirs.SignInAsync("/sign-in?then=/portal", other.User.Email);
        return new(world, other, shared, theirs, ownsWorld: false);
    }

    /// <summary>Presses a button of a page: the handler of its form, with what was typed besides.</summary>
    public async Task<Answer> PostAsync(string page, string? handler, params IEnumerable<(string Name, string Value)> fields)
    {
        var shown = await browser.GetAsync(page);
        shown.Status.ShouldBe(HttpStatusCode.OK, shown.Body);
        var token = shown.Document.QuerySelector<IHtmlInputElement>("input[name=antiforgery]").ShouldNotBeNull(shown.Body);
        return await browser.PostAsync(
            page + (handler is null ? "" : $"?handler={handler}"),
            [KeyValuePair.Create("antiforgery", token.Value), .. fields.Select(field => KeyValuePair.Create(field.Name, field.Value))]);
    }

    /// <summary>Starts a run with every scope of the client.</summary>
    public Task<Answer> BeginAsync(params IEnumerable<(string Name, string Value)> fields) =>
        PostAsync(Page, null, [.. client.Metadata.Scopes.Select(scope => ("Scopes", scope)), .. fields]);

    /// <summary>From wherever the run has led to the answer that the client is sent back with.</summary>
    public async Task<Answer> AnswerAsync(Answer begun)
    {
        begun.Status.ShouldBe(HttpStatusCode.SeeOther, begun.Body);
        return await ConsentAsync(await browser.GetAsync(begun.Location!.ToString()));
    }

    /// <summary>Says yes to what the client asks for, and stops before the answer reaches it.</summary>
    public async Task<Answer> ConsentAsync(Answer page)
    {
        while (page.Location is { } location && !location.ToString().Contains("/portal/trial/callback", StringComparison.Ordinal))
        {
            page = await browser.GetAsync(location.ToString());
        }

        return page.Location is null && page.Document.QuerySelector("[name=Answer]") is not null
            ? await ConsentAsync(await browser.SubmitAsync(page, new Dictionary<string, string> { ["Answer"] = "allow" }))
            : page;
    }

    /// <summary>The whole way, to the run's page.</summary>
    public async Task<Answer> RunAsync(params IEnumerable<(string Name, string Value)> fields) => await browser.FollowAsync(await AnswerAsync(await BeginAsync(fields)));

    public ValueTask DisposeAsync() => ownsWorld ? world.DisposeAsync() : ValueTask.CompletedTask;
}

/// <summary>What a run's page says.</summary>
internal static class TrialPage
{
    /// <summary>The exchange of a title, the last of them.</summary>
    public static IElement Exchange(this Answer page, string title) =>
        page.Document.QuerySelectorAll(".exchanges > li").Last(item => item.QuerySelector("h3")!.TextContent == title);

    public static IReadOnlyList<string> Titles(this Answer page) =>
        [.. page.Document.QuerySelectorAll(".exchanges > li > h3").Select(title => title.TextContent)];

    /// <summary>The value of a field of an exchange, as it travelled.</summary>
    public static string? Field(this IElement exchange, string name) => exchange.QuerySelectorAll("tr")
        .FirstOrDefault(row => row.QuerySelector("th")?.TextContent.Trim() == name)?.QuerySelectorAll("td code")[^1].TextContent;

    public static int Status(this IElement exchange) =>
        int.Parse(exchange.QuerySelectorAll(".wire strong")[^1].TextContent, System.Globalization.CultureInfo.InvariantCulture);

    public static string Json(this IElement exchange) => exchange.QuerySelectorAll("pre code")[^1].TextContent;

    /// <summary>The checks that failed.</summary>
    public static IReadOnlyList<string> Failed(this Answer page) => [.. page.Document.QuerySelectorAll(".verdicts .failed").Select(item => item.TextContent.Trim())];

    /// <summary>The value of a claim of any token on the page, and what it says.</summary>
    public static (string Value, string? Meaning) Claim(this Answer page, string name)
    {
        var row = page.Document.QuerySelectorAll("table.claims tr").First(row => row.QuerySelector("th")?.TextContent.Trim() == name);
        return (row.QuerySelector("td > code")!.TextContent, row.QuerySelector(".meaning")?.TextContent);
    }
}
