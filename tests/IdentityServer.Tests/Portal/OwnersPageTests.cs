using System.Net;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Portal;

/// <summary>Owners share a client, part from it, and let machines manage it.</summary>
public sealed class OwnersPageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_colleague_is_invited_takes_it_and_is_removed_again()
    {
        await using var world = await World.StartAsync();
        var (owner, colleague) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("owners"));

        var invited = await browser.AfterAsync(await browser.SendAsync(page, "handler=Invite", ("Email", colleague.User.Email)));
        invited.Notice()!.ShouldContain("on its way");
        invited.Document.QuerySelector("main")!.TextContent.ShouldContain("open until");
        var (theirs, home) = await world.OpenPortalAsync(colleague);
        home.Document.QuerySelector("main")!.TextContent.ShouldContain(owner.User.Email);
        var invitation = home.Field("Invitation")!;
        var accepted = await theirs.PostAsync("/portal?handler=Accept", new Dictionary<string, string>
        {
            ["Invitation"] = invitation,
            ["antiforgery"] = home.Field("antiforgery")!,
        });
        (await theirs.AfterAsync(accepted)).Document.QuerySelector("main")!.TextContent.ShouldContain("Shop");

        (await theirs.GetAsync(client.PageOf("owners"))).Status.ShouldBe(HttpStatusCode.OK);
        var shared = await browser.GetAsync(client.PageOf("owners"));
        await browser.AfterAsync(await browser.SendAsync(shared, "handler=Remove", ("Id", colleague.User.Id.ToString())));
        (await theirs.GetAsync(client.PageOf("owners"))).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task Whoever_owns_as_many_as_they_may_is_told_what_to_do_and_keeps_the_invitation()
    {
        await using var world = await World.StartAsync(configure: setup => setup.Settings["Portal:ClientsPerPerson"] = "1");
        var (owner, colleague) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        await world.InviteAsync(await world.RegisterAsync(owner), colleague.User.Email);
        await world.RegisterAsync(colleague);
        var (browser, home) = await world.OpenPortalAsync(colleague);

        var refused = await browser.PostAsync("/portal?handler=Accept", new Dictionary<string, string>
        {
            ["Invitation"] = home.Field("Invitation")!,
            ["antiforgery"] = home.Field("antiforgery")!,
        });

        refused.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        refused.Alert!.ShouldContain("delete or leave an app");
        refused.Field("Invitation").ShouldBe(home.Field("Invitation"));
    }

    [Fact]
    public async Task An_invitation_is_withdrawn_and_refusals_keep_the_address()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("owners"));
        var invited = await browser.AfterAsync(await browser.SendAsync(page, "handler=Invite", ("Email", "new@example.com")));

        (await browser.AfterAsync(await browser.SendAsync(invited, "handler=Withdraw"))).Notice()!.ShouldContain("withdrawn");
        (await world.ReadAsync(db => db.ClientInvitations.CountAsync(Cancel))).ShouldBe(0);
        foreach (var (email, problem) in new[] { ("nobody", "no e-mail address"), ("buyer.k3v9xq2m@test-users.invalid", "the person’s own address"), (owner.User.Email, "owns the app already") })
        {
            var refused = await browser.SendAsync(page, "handler=Invite", ("Email", email));
            (refused.Status, refused.Field("Email")).ShouldBe((HttpStatusCode.UnprocessableEntity, email));
            refused.Problem("email")!.ShouldContain(problem);
        }
    }

    [Fact]
    public async Task The_last_owner_stays_and_another_may_leave()
    {
        await using var world = await World.StartAsync();
        var (owner, other) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var client = await world.RegisterAsync(owner);
        await world.ShareAsync(client, other);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("owners"));
        await browser.AfterAsync(await browser.SendAsync(page, "handler=Remove", ("Id", other.User.Id.ToString())));

        var last = await browser.SendAsync(page, "handler=Remove", ("Id", owner.User.Id.ToString()));
        last.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        last.Alert!.ShouldContain("only owner");
        (await world.FindAsync(owner, client.ClientId)).ShouldNotBeNull();

        await world.ShareAsync(client, other);
        var left = await browser.SendAsync(page, "handler=Remove", ("Id", owner.User.Id.ToString()));
        left.Location!.OriginalString.ShouldBe("/portal?done=left");
        (await browser.FollowAsync(left)).Notice()!.ShouldContain("any more");
    }

    [Fact]
    public async Task A_machine_of_ones_own_is_let_in_and_out_and_nobody_elses_is()
    {
        await using var world = await World.StartAsync();
        var (owner, stranger) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var (client, machine, foreign) = (await world.RegisterAsync(owner), await world.RegisterAsync(owner, Owners.Machine), await world.RegisterAsync(stranger, Owners.Machine));
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("owners"));

        page.Document.QuerySelectorAll("#machine option").Select(option => option.GetAttribute("value")).ShouldBe([machine.ClientId]);
        (await browser.SendAsync(page, "handler=AddMachine", ("Machine", foreign.ClientId))).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        var added = await browser.AfterAsync(await browser.SendAsync(page, "handler=AddMachine", ("Machine", machine.ClientId)));
        (await world.ReadAsync(db => db.ClientAgents.CountAsync(Cancel))).ShouldBe(1);
        await browser.AfterAsync(await browser.SendAsync(added, "handler=RemoveMachine"));
        (await world.ReadAsync(db => db.ClientAgents.CountAsync(Cancel))).ShouldBe(0);
    }

    [Fact]
    public async Task What_somebody_owns_and_is_invited_to_is_in_what_is_kept_of_them_without_the_addresses_of_others()
    {
        await using var world = await World.StartAsync();
        var (owner, other) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var (client, theirs) = (await world.RegisterAsync(owner), await world.RegisterAsync(other, Owners.Machine));
        await world.InviteAsync(client, "new@example.com");
        await world.InviteAsync(theirs, owner.User.Email);
        var (browser, page) = await world.OpenPortalAsync(owner, "/account/data");

        var data = Owners.Json((await browser.SubmitAsync(page, new Dictionary<string, string>())).Body);

        data.GetProperty("owned_applications").EnumerateArray().Select(app => app.GetProperty("client_id").GetString()).ShouldBe([client.ClientId]);
        data.GetProperty("invitations_to_own").EnumerateArray().Select(row => (row.GetProperty("client_id").GetString(), row.GetProperty("sent").GetBoolean()))
            .ShouldBe([(client.ClientId, true), (theirs.ClientId, false)], ignoreOrder: true);
        data.GetRawText().ShouldNotContain("new@example.com");
        data.GetRawText().ShouldNotContain(other.User.Email);
    }
}
