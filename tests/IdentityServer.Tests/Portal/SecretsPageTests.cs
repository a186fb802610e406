using System.Net;
using System.Text;
using IdentityServer.Clients.Credentials;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Portal;

/// <summary>Secrets are changed without an outage, on evidence that the owner reads.</summary>
public sealed class SecretsPageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_rotation_from_the_first_secret_to_the_retirement_by_evidence()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner, Owners.Machine);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("secrets"));
        page.Document.QuerySelector(".secrets")!.TextContent.ShouldContain("the only secret");

        var first = (await browser.MakeAsync(page, "spring")).Text("client-secret")!;
        var second = (await browser.MakeAsync(await browser.GetAsync(client.PageOf("secrets")), "autumn", "90")).Text("client-secret")!;
        first.ShouldNotBe(second);
        await UseAsync(world, client, first);
        Evidence(await browser.GetAsync(client.PageOf("secrets")), "spring").ShouldContain("No newer secret has been used yet");
        await UseAsync(world, client, second);
        Evidence(await browser.GetAsync(client.PageOf("secrets")), "spring").ShouldContain("something still holds it");

        // Days in which only the new one is used.
        await world.AdvanceAsync(SecretRotation.Idle);
        await UseAsync(world, client, second);
        (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("secrets"));
        Evidence(page, "spring").ShouldContain("“autumn” is in use");
        page.Document.QuerySelectorAll("button[aria-label='Retire: spring']").Length.ShouldBe(1);
        var spring = page.Document.QuerySelector("button[aria-label='Retire: spring']")!.Closest("form")!.QuerySelector("[name=Secret]")!.GetAttribute("value")!;
        (await browser.AfterAsync(await browser.SendAsync(page, "handler=Retire", ("Secret", spring)))).Notice()!.ShouldContain("retired");

        (await TokenAsync(world, client, first)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        await UseAsync(world, client, second);
        browser.Seen.ShouldAllBe(seen => !seen.Body.Contains(first) && !seen.Body.Contains(second));
    }

    [Fact]
    public async Task A_secret_is_shown_in_one_answer_only_and_a_reload_makes_another_one_that_is_listed()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner, Owners.Machine);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("secrets"));

        var secret = (await browser.MakeAsync(page, "build")).Text("client-secret")!;
        foreach (var other in new[] { "", "snippets", "settings", "secrets", "owners" })
        {
            await browser.GetAsync(client.PageOf(other));
        }

        browser.Seen.Count(seen => seen.Body.Contains(secret, StringComparison.Ordinal)).ShouldBe(1);
        for (var further = 0; further < SecretRotation.MostActive - 2; further++)
        {
            (await browser.MakeAsync(page, "more")).Text("client-secret").ShouldNotBeNull();
        }

        var full = await browser.MakeAsync(page, "one too many");
        full.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        full.Alert!.ShouldContain("5 secrets already");
        full.Field("Label").ShouldBe("one too many");
    }

    [Fact]
    public async Task What_may_still_be_held_goes_only_after_a_page_that_says_what_happens()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner, Owners.Machine);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("secrets"));
        var made = await browser.MakeAsync(page, "leaked");
        var secret = made.Text("client-secret")!;
        var id = await world.ReadAsync(db => db.ClientSecrets.Where(row => row.Label == "leaked").Select(row => row.Id).SingleAsync(Cancel));
        await UseAsync(world, client, secret);

        var warned = await browser.AfterAsync(await browser.SendAsync(made, "handler=Let", ("Secret", id.ToString())));
        warned.Notice()!.ShouldContain("by itself");
        var refused = await browser.PostAsync($"{client.PageOf("secrets")}?handler=Retire", new Dictionary<string, string>
        {
            ["Secret"] = id.ToString(),
            ["antiforgery"] = warned.Field("antiforgery")!,
        });
        var asked = await browser.AfterAsync(refused);
        asked.Document.QuerySelector("main")!.TextContent.ShouldContain("leaked");
        (await TokenAsync(world, client, secret)).Status.ShouldBe(HttpStatusCode.OK, "nothing has happened yet");

        await browser.AfterAsync(await browser.SendAsync(asked, "retire"));
        (await TokenAsync(world, client, secret)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await browser.AfterAsync(await browser.SendAsync(asked, "retire"))).Document.QuerySelector("main")!.TextContent.ShouldContain("over already");
    }

    [Fact]
    public async Task A_secret_ends_when_its_owner_said_so_and_a_day_that_is_none_is_refused()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner, Owners.Machine);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("secrets"));

        foreach (var (expiry, day, problem) in new[] { ("day", "", true), ("day", "31.12.2026", true), ("0", "", true), ("tomorrow", "", true), ("day", "2026-03-01", true) })
        {
            var refused = await browser.MakeAsync(page, "kept", expiry, day);
            (refused.Status == HttpStatusCode.UnprocessableEntity).ShouldBe(problem, $"{expiry} {day}");
            refused.Field("Label").ShouldBe("kept");
        }

        (await browser.MakeAsync(page, "today", "day", "2026-03-02")).Text("client-secret").ShouldNotBeNull();
        (await browser.MakeAsync(page, "always", "never")).Text("client-secret").ShouldNotBeNull();
        var ends = await world.ReadAsync(db => db.ClientSecrets.Where(row => row.Label == "today").Select(row => row.ExpiresAt).SingleAsync(Cancel));
        ends.ShouldBe(new DateTimeOffset(2026, 3, 3, 0, 0, 0, TimeSpan.Zero));
        (await browser.GetAsync(client.PageOf())).Document.QuerySelector(".notice.warning")!.TextContent.ShouldContain("today ends at");
    }

    [Fact]
    public async Task Nobody_reaches_a_secret_of_another_client_through_ones_own()
    {
        await using var world = await World.StartAsync();
        var (owner, other) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var (client, foreign) = (await world.RegisterAsync(owner, Owners.Machine), await world.RegisterAsync(other, Owners.Machine));
        var secret = await world.ReadAsync(db => db.ClientSecrets.SingleAsync(row => row.ClientRowId == foreign.RowId, Cancel));
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("secrets"));

        (await browser.GetAsync(client.PageOf($"secrets/{secret.Id}/retire"))).Status.ShouldBe(HttpStatusCode.NotFound);
        await browser.PostAsync(client.PageOf($"secrets/{secret.Id}/retire"), new Dictionary<string, string> { ["antiforgery"] = page.Field("antiforgery")! });
        await browser.SendAsync(page, "handler=Let", ("Secret", secret.Id.ToString()));
        var now = await world.ReadAsync(db => db.ClientSecrets.AsNoTracking().SingleAsync(row => row.Id == secret.Id, Cancel));
        (now.RetiredAt, now.RetiresItself).ShouldBe((null, false));
    }

    private static string Evidence(Answer page, string label) =>
        page.Document.QuerySelectorAll(".secrets li").Single(item => item.QuerySelector("h2")!.TextContent == label).QuerySelector(".hint")!.TextContent;

    private static async Task UseAsync(World world, OwnedClient client, string secret)
    {
        (await TokenAsync(world, client, secret)).Status.ShouldBe(HttpStatusCode.OK);
        await world.Server.InScopeAsync<bool>(async services =>
        {
            await ((InsightWriter)services.GetService(typeof(InsightWriter))!).FlushAsync(Cancel);
            return true;
        });
    }

    private static Task<Answer> TokenAsync(World world, OwnedClient client, string secret)
    {
        var machine = world.OpenBrowser();
        machine.Headers["Authorization"] = $"Basic {Convert.ToBase64String(Encoding.ASCII.GetBytes($"{client.ClientId}:{secret}"))}";
        return machine.PostAsync("/connect/token", new Dictionary<string, string> { ["grant_type"] = "client_credentials" });
    }
}

/// <summary>Makes secrets on their page.</summary>
internal static class SecretsPage
{
    public static Task<Answer> MakeAsync(this Browser browser, Answer page, string label, string expiry = "365", string day = "") =>
        browser.SendAsync(page, "handler=Make", ("Label", label), ("Expiry", expiry), ("Day", day));
}
