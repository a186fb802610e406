using System.Net;
using IdentityServer.Clients;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Portal;

/// <summary>An owner asks, and an administrator decides on exactly what people will be shown.</summary>
public sealed class ApprovalPagesTests
{
    [Fact]
    public async Task An_owner_asks_is_refused_with_a_reason_asks_again_and_is_approved()
    {
        await using var world = await World.StartAsync();
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(
            owner, """{"client_name":"Shop","redirect_uris":["https://shop.example.com/callback"],"post_logout_redirect_uris":["https://shop.example.com/bye"]}""");
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("approval"));
        var (admin, none) = await world.OpenPortalAsync(administrator, "/portal/approvals");
        none.Document.QuerySelector(".empty").ShouldNotBeNull();

        (await browser.AfterAsync(await browser.SendAsync(page, "approval", ("Note", "For our customers.")))).Notice().ShouldBe("Approval is asked for.");
        var waiting = await admin.GetAsync("/portal/approvals");
        foreach (var shown in new[] { "Shop", "https://shop.example.com/callback", "Redirect URIs after sign-out", "https://shop.example.com/bye", owner.User.Email, "For our customers.", client.ClientId })
        {
            waiting.Document.QuerySelector("main")!.TextContent.ShouldContain(shown);
        }

        var mute = await admin.SendAsync(waiting, "handler=Refuse", ("Reason", " "));
        (mute.Status, mute.Alert!).ShouldBe((HttpStatusCode.UnprocessableEntity, "Tell the owners why, so that they can mend it."));
        (await admin.AfterAsync(await admin.SendAsync(waiting, "handler=Refuse", ("Reason", "No terms of use.")))).Notice()!.ShouldContain("not approved");
        var refused = await browser.GetAsync(client.PageOf("approval"));
        refused.Document.QuerySelector("blockquote")!.TextContent.ShouldBe("No terms of use.");

        await browser.AfterAsync(await browser.SendAsync(refused, "approval", ("Note", "")));
        waiting = await admin.GetAsync("/portal/approvals");
        var approved = await admin.PostAsync("/portal/approvals?handler=Approve", new Dictionary<string, string>
        {
            ["Client"] = waiting.Field("Client")!,
            ["Version"] = waiting.Field("Version")!,
            ["antiforgery"] = waiting.Field("antiforgery")!,
        });
        (await admin.AfterAsync(approved)).Notice().ShouldBe("The app is approved.");
        (await browser.GetAsync(client.PageOf("approval"))).Document.QuerySelector("main")!.TextContent.ShouldContain("This app is approved");
        (await browser.GetAsync("/portal")).Document.QuerySelector(".badge")!.TextContent.ShouldBe("Approved");
    }

    [Fact]
    public async Task An_app_that_was_changed_while_the_administrator_looked_is_not_approved()
    {
        await using var world = await World.StartAsync();
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("approval"));
        await browser.AfterAsync(await browser.SendAsync(page, "approval", ("Note", "")));
        var (admin, waiting) = await world.OpenPortalAsync(administrator, "/portal/approvals");
        (await world.ChangeAsync(client, metadata => metadata with { ClientName = "Bank" })).ShouldBeOfType<EditOutcome.Stored>();

        var answer = await admin.PostAsync("/portal/approvals?handler=Approve", new Dictionary<string, string>
        {
            ["Client"] = client.ClientId,
            ["Version"] = waiting.Field("Version")!,
            ["antiforgery"] = waiting.Field("antiforgery")!,
        });

        answer.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        answer.Alert!.ShouldContain("changed while you looked");
        answer.Document.QuerySelector(".items h2")!.TextContent.ShouldBe("Bank");
        (await world.FindAsync(owner, client.ClientId))!.Settings.Verified.ShouldBeFalse();
    }

    [Fact]
    public async Task A_picture_that_could_change_after_the_approval_is_not_part_of_it_and_both_sides_are_told_what_to_do()
    {
        await using var site = await ClientDocument.StartAsync("image/png");
        site.Body = [0x89, (byte)'P', (byte)'N', (byte)'G', 1, 2, 3];
        await using var world = await World.StartAsync(configure: site.Allow);
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(
            owner, $$"""{"client_name":"Shop","redirect_uris":["https://shop.example.com/callback"],"logo_uri":"{{site.Address}}logo.png"}""");
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("approval"));
        await browser.AfterAsync(await browser.SendAsync(page, "approval", ("Note", "")));

        var (admin, waiting) = await world.OpenPortalAsync(administrator, "/portal/approvals");

        foreach (var shown in new[] { page, waiting, await browser.GetAsync(client.PageOf("logo")) })
        {
            shown.Document.QuerySelector("img.client-logo").ShouldBeNull();
            shown.Document.QuerySelector("main")!.TextContent.ShouldContain("once it is taken from there");
        }

        (await admin.GetAsync($"/portal/approvals/logo/{client.ClientId}")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.GetAsync(client.PageOf("logo/picture"))).Status.ShouldBe(HttpStatusCode.NotFound);
        site.Asked.ShouldBe(0);
    }

    [Fact]
    public async Task An_administrator_who_is_none_any_more_decides_nothing()
    {
        await using var world = await World.StartAsync();
        var (owner, person) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("approval"));
        await browser.AfterAsync(await browser.SendAsync(page, "approval", ("Note", "")));
        var version = (await world.FindAsync(owner, client.ClientId))!.Version;
        var (other, home) = await world.OpenPortalAsync(person, "/portal/new");

        foreach (var handler in new[] { "Approve", "Refuse" })
        {
            (await other.PostAsync($"/portal/approvals?handler={handler}", new Dictionary<string, string>
            {
                ["Client"] = client.ClientId,
                ["Version"] = version,
                ["Reason"] = "no",
                ["antiforgery"] = home.Field("antiforgery")!,
            })).Status.ShouldBe(HttpStatusCode.NotFound);
        }

        (await world.FindAsync(owner, client.ClientId))!.Settings.Verified.ShouldBeFalse();
    }

    [Fact]
    public async Task An_unapproved_app_works_and_people_are_told_that_it_is_not_verified_and_see_no_logo()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(
            owner, """{"client_name":"Shop","redirect_uris":["https://shop.example.com/callback"],"require_pkce":false,"logo_uri":"https://shop.example.com/logo.png"}""");
        var (browser, _) = await world.OpenPortalAsync(owner);

        var consent = await browser.FollowAsync(await browser.GetAsync(
            $"/connect/authorize?client_id={client.ClientId}&response_type=code&scope=openid&state=s&redirect_uri=https://shop.example.com/callback"));

        consent.Path().ShouldBe("/consent");
        consent.Document.QuerySelector(".notice.warning").ShouldNotBeNull();
        consent.Document.QuerySelector("img.client-logo").ShouldBeNull();
        (await browser.GetAsync($"/client-logo?client_id={client.ClientId}")).Status.ShouldBe(HttpStatusCode.NotFound);
    }
}
