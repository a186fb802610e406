using System.Net;
using System.Text.RegularExpressions;
using IdentityServer.Ownership;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Portal;

/// <summary>Who gets onto which page of the portal: every page that there is against everybody who may come.</summary>
public sealed partial class PortalAccessTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_page_of_the_portal_asks_for_a_sign_in_and_is_where_it_leads_back_to()
    {
        await using var world = await World.StartAsync();
        var client = await world.RegisterAsync(await world.AddPersonAsync());
        var pages = await world.PagesOfPortalAsync(client);
        pages.Count.ShouldBeGreaterThan(14);

        foreach (var path in pages.Select(page => page.Path))
        {
            var stranger = world.OpenBrowser();
            var shown = await stranger.GetAsync(path);
            (shown.Status, shown.Target()).ShouldBe((HttpStatusCode.SeeOther, "/sign-in"), path);
            shown.Parameter("then").ShouldBe(path);
            (await stranger.PostAsync(path, new Dictionary<string, string>())).Status.ShouldBe(HttpStatusCode.BadRequest, "no token against forgery");
        }
    }

    [Fact]
    public async Task A_page_about_a_client_is_for_its_owners_and_nobody_else_learns_that_there_is_one()
    {
        await using var world = await World.StartAsync();
        var (owner, other, stranger, administrator) = (
            await world.AddPersonAsync(), await world.AddPersonAsync(), await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(owner);
        await world.ShareAsync(client, other);
        var pages = await world.PagesOfPortalAsync(client);

        foreach (var (person, owns) in new[] { (owner, true), (other, true), (stranger, false), (administrator, false) })
        {
            var (browser, _) = await world.OpenPortalAsync(person);
            foreach (var (_, path, whose) in pages)
            {
                var shown = await browser.GetAsync(path);
                var admitted = whose switch { PageOf.Owners => owns, PageOf.Administrators => person == administrator, _ => true };
                var why = $"{path} for {(owns ? "an owner" : person == administrator ? "an administrator" : "a stranger")}";
                shown.Status.ShouldBe(admitted ? HttpStatusCode.OK : HttpStatusCode.NotFound, why);
                if (!admitted)
                {
                    shown.Body.ShouldNotContain(client.Settings.Name);
                    var nothing = await browser.GetAsync(path.Replace(client.ClientId, "nobody-has-this", StringComparison.Ordinal));
                    Reference().Replace(shown.Body, "").ShouldBe(Reference().Replace(nothing.Body, ""), why);
                }
            }
        }
    }

    [Fact]
    public async Task A_test_user_manages_nothing()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var client = await world.RegisterAsync(person);
        var pages = await world.PagesOfPortalAsync(client);
        var (browser, _) = await world.OpenPortalAsync(person);
        await world.ReadAsync(db => db.Users.Where(user => user.Id == person.User.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(user => user.TestOfClientId, client.RowId), Cancel));

        foreach (var path in pages.Select(page => page.Path))
        {
            (await browser.GetAsync(path)).Status.ShouldBe(HttpStatusCode.Forbidden, path);
        }
    }

    [Fact]
    public async Task What_makes_or_retires_secrets_changes_owners_or_deletes_asks_for_both_steps_again()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, _) = await world.OpenPortalAsync(owner);
        var page = await browser.GetAsync(client.PageOf("delete"));
        await world.AdvanceAsync(TimeSpan.FromMinutes(10));

        foreach (var sensitive in new[] { "secrets", "keys", "owners", "delete", $"secrets/{Guid.NewGuid()}/retire" })
        {
            var late = await browser.GetAsync(client.PageOf(sensitive));
            (late.Target(), late.Parameter("reason"), late.Parameter("then")).ShouldBe(("/sign-in", "stale", client.PageOf(sensitive)), sensitive);
        }

        (await browser.SendAsync(page, "delete", ("Name", client.Settings.Name))).Parameter("reason").ShouldBe("stale");
        (await world.FindAsync(owner, client.ClientId)).ShouldNotBeNull();
        foreach (var plain in new[] { "", "snippets", "settings", "approval", "logo" })
        {
            (await browser.GetAsync(client.PageOf(plain))).Status.ShouldBe(HttpStatusCode.OK, plain);
        }
    }

    [Fact]
    public async Task What_an_administrator_decides_asks_for_both_steps_again()
    {
        await using var world = await World.StartAsync();
        var client = await world.RegisterAsync(await world.AddPersonAsync());
        (await world.WithAsync<Approvals, bool>(approvals => approvals.AskAsync(client, "", Cancel))).ShouldBeTrue();
        var (browser, page) = await world.OpenPortalAsync(await world.AddPersonAsync(administrator: true), "/portal/approvals");
        await world.AdvanceAsync(TimeSpan.FromMinutes(10));

        foreach (var handler in new[] { "Approve", "Refuse", "TakeLogo" })
        {
            var late = await browser.PostAsync($"/portal/approvals?handler={handler}", [.. page.Standing("form[action*=Refuse]")]);
            (late.Target(), late.Parameter("reason"), late.Parameter("then")).ShouldBe(("/sign-in", "stale", "/portal/approvals"), handler);
        }

        (await world.FindAsync(client.Actor, client.ClientId))!.Settings.Verified.ShouldBeFalse();
    }

    [GeneratedRegex("[0-9a-f]{12}")]
    private static partial Regex Reference();
}
