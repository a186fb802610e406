using System.Net;
using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Clients.Showing;
using IdentityServer.Ownership;
using IdentityServer.Tests.Api;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using SkiaSharp;

namespace IdentityServer.Tests.Portal;

/// <summary>The picture at a client's logo_uri is taken when somebody says so, once, and is then like one that was uploaded.</summary>
public sealed class RegisteredLogoTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A21_People_see_the_picture_that_was_taken_and_approved_whatever_its_address_gives_later()
    {
        await using var site = await ClientDocument.StartAsync("image/png");
        site.Body = MatrixPosts.Picture;
        await using var world = await World.StartAsync(configure: site.Allow);
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await RegisterAsync(world, owner, site);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("logo"));
        page.Document.QuerySelector("form[action$=Take] button")!.TextContent.ShouldBe("Use the picture at 127.0.0.1");
        site.Asked.ShouldBe(0, "nobody has said that it is wanted");

        (await browser.AfterAsync(await browser.SendAsync(page, "handler=Take"))).Notice().ShouldBe("The logo is saved.");
        (await world.OpenBrowser().GetAsync(Shown(client))).Status.ShouldBe(HttpStatusCode.NotFound, "nobody has vouched for it");
        var taken = await BytesAsync(await browser.GetAsync(client.PageOf("logo/picture")));
        await world.ApproveAsync((await world.FindAsync(owner, client.ClientId))!, administrator);
        site.Body = LogoTests.Picture(SKEncodedImageFormat.Png, 30, 30);
        world.Clock.Advance(TimeSpan.FromDays(1));

        taken.ShouldBe((await DrawnAsync(MatrixPosts.Picture)).Png, "drawn anew, like an upload");
        (await BytesAsync(await world.OpenBrowser().GetAsync(Shown(client)))).ShouldBe(taken);
        site.Asked.ShouldBe(1);
    }

    [Fact]
    public async Task Taking_another_picture_takes_the_approval_back()
    {
        await using var site = await ClientDocument.StartAsync("image/png");
        site.Body = MatrixPosts.Picture;
        await using var world = await World.StartAsync(configure: site.Allow);
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await RegisterAsync(world, owner, site);
        await world.ApproveAsync(client, administrator);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("logo"));
        page.Document.QuerySelector(".notice.warning")!.TextContent.ShouldContain("takes the approval back");

        await browser.AfterAsync(await browser.SendAsync(page, "handler=Take"));

        (await world.FindAsync(owner, client.ClientId))!.Settings.Verified.ShouldBeFalse();
        (await world.OpenBrowser().GetAsync(Shown(client))).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A21_What_only_claims_to_be_a_picture_or_is_too_large_is_not_taken_and_nothing_is_lost_by_it()
    {
        await using var site = await ClientDocument.StartAsync("image/png");
        await using var world = await World.StartAsync(configure: site.Allow);
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await RegisterAsync(world, owner, site);
        var kept = await DrawnAsync(MatrixPosts.Picture);
        (await world.WithAsync<ClientLogos, bool>(logos => logos.PutAsync(client, kept, Cancel))).ShouldBeTrue();
        await world.ApproveAsync((await world.FindAsync(owner, client.ClientId))!, administrator);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("logo"));
        var picture = MatrixPosts.Picture;
        var largest = picture.Concat(new byte[LogoDrawing.LargestFile - picture.Length]).ToArray();

        foreach (var (type, body, word) in new[]
        {
            ("image/png", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"u8.ToArray(), "no PNG, JPEG or WebP"),
            ("image/png", picture[..60], "damaged"),
            ("image/svg+xml", picture, "could not be read"),
            ("image/png", [.. largest, 0], "at most 512 KB"),
        })
        {
            (site.MediaType, site.Body) = (type, body);
            var refused = await browser.SendAsync(page, "handler=Take");
            refused.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
            refused.Alert!.ShouldContain("The picture at 127.0.0.1 is not taken, and nothing is changed. Upload the file instead.");
            refused.Alert!.ShouldContain(word);
            refused.Document.GetElementById("upload")!.HasAttribute("aria-invalid").ShouldBeFalse("no file was sent");
            (await BytesAsync(await world.OpenBrowser().GetAsync(Shown(client)))).ShouldBe(kept.Png);
            world.Clock.Advance(TimeSpan.FromMinutes(1));
        }

        (site.MediaType, site.Body) = ("image/png", largest);
        await browser.AfterAsync(await browser.SendAsync(page, "handler=Take"));
    }

    [Fact]
    public async Task A_client_without_a_logo_uri_has_nothing_to_take()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("logo"));
        page.Document.QuerySelector("form[action$=Take]").ShouldBeNull();

        var answer = await browser.PostAsync(client.PageOf("logo?handler=Take"), new Dictionary<string, string> { ["antiforgery"] = page.Field("antiforgery")! });

        (answer.Status, answer.Location!.ToString()).ShouldBe((HttpStatusCode.SeeOther, client.PageOf("logo")));
    }

    [Fact]
    public async Task An_administrator_takes_it_looks_at_it_and_approves_what_they_saw()
    {
        await using var site = await ClientDocument.StartAsync("image/png");
        site.Body = MatrixPosts.Picture;
        await using var world = await World.StartAsync(configure: site.Allow);
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await AskingAsync(world, owner, site);
        var (admin, waiting) = await world.OpenPortalAsync(administrator, "/portal/approvals");
        waiting.Document.QuerySelector("form[action$=TakeLogo] button")!.GetAttribute("aria-label").ShouldBe("Use the picture at 127.0.0.1: Shop");

        var taken = await admin.AfterAsync(await admin.SendAsync(waiting, "handler=TakeLogo"));

        taken.Notice().ShouldBe("The picture is taken. Look at it before you decide.");
        taken.Document.QuerySelector("form[action$=TakeLogo]").ShouldBeNull();
        var seen = await BytesAsync(await admin.GetAsync(taken.Document.QuerySelector("img.client-logo")!.GetAttribute("src")!));
        (await world.ReadAsync(db => db.AuditEvents.Where(entry => entry.Name == AuditEvents.ClientLogoChanged).Select(entry => entry.UserId).ToListAsync(Cancel)))
            .ShouldBe([administrator.User.Id]);
        (await ApproveAsync(admin, waiting)).Alert!.ShouldContain("changed while you looked", customMessage: "what was shown before has no picture");
        await admin.AfterAsync(await ApproveAsync(admin, taken));
        (await BytesAsync(await world.OpenBrowser().GetAsync(Shown(client)))).ShouldBe(seen);
        site.Asked.ShouldBe(1);
    }

    [Fact]
    public async Task An_administrator_is_told_what_is_no_picture_and_who_can_mend_it()
    {
        await using var site = await ClientDocument.StartAsync("text/html");
        await using var world = await World.StartAsync(configure: site.Allow);
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        await AskingAsync(world, owner, site);
        var (admin, waiting) = await world.OpenPortalAsync(administrator, "/portal/approvals");

        var answer = await admin.SendAsync(waiting, "handler=TakeLogo");

        answer.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        answer.Alert!.ShouldContain("An owner can upload the file instead.");
        answer.Field("Version").ShouldBe(waiting.Field("Version"));
    }

    [Fact]
    public async Task An_administrator_puts_no_picture_in_place_of_one_that_they_did_not_see()
    {
        await using var site = await ClientDocument.StartAsync("image/png");
        site.Body = MatrixPosts.Picture;
        await using var world = await World.StartAsync(configure: site.Allow);
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await AskingAsync(world, owner, site);
        var (admin, waiting) = await world.OpenPortalAsync(administrator, "/portal/approvals");
        var uploaded = await DrawnAsync(LogoTests.Picture(SKEncodedImageFormat.Png, 30, 30));
        (await world.WithAsync<ClientLogos, bool>(logos => logos.PutAsync(client, uploaded, Cancel))).ShouldBeTrue();

        var answer = await admin.SendAsync(waiting, "handler=TakeLogo");

        (answer.Status, answer.Alert).ShouldBe((HttpStatusCode.UnprocessableEntity, "The app was changed while you looked at it. Look again before you decide."));
        site.Asked.ShouldBe(0);
        (await BytesAsync(await admin.GetAsync($"/portal/approvals/logo/{client.ClientId}"))).ShouldBe(uploaded.Png);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_happened_while_a_picture_was_fetched_for_an_administrator_counts(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(owner);
        (await world.WithAsync<Approvals, bool>(approvals => approvals.AskAsync(client, "", Cancel))).ShouldBeTrue();
        var picture = await DrawnAsync(MatrixPosts.Picture);
        var stale = await PendingAsync(world, administrator);
        (await world.ChangeAsync(client, metadata => metadata with { ClientName = "Bank" })).ShouldBeOfType<EditOutcome.Stored>();

        (await PutAsync(world, administrator, stale, picture)).ShouldBe(ApprovalOutcome.Changed);
        var seen = await PendingAsync(world, administrator);
        (await PutAsync(world, owner, seen, picture)).ShouldBe(ApprovalOutcome.NotAdmitted);
        (await PutAsync(world, administrator, seen, picture)).ShouldBe(ApprovalOutcome.Done);
        var again = await PendingAsync(world, administrator);
        (await PutAsync(world, administrator, again, picture)).ShouldBe(ApprovalOutcome.Changed, "there is one that can be looked at");
        await world.WithAsync<Approvals, ApprovalOutcome>(approvals => approvals.RefuseAsync(administrator.User, client.ClientId, again.Version, "no", Cancel));
        (await PutAsync(world, administrator, again, picture)).ShouldBe(ApprovalOutcome.Gone);
    }

    private static Task<ApprovalOutcome> PutAsync(World world, Actor.Person person, PendingApproval seen, LogoVerdict.Drawn picture) =>
        world.WithAsync<ClientLogos, ApprovalOutcome>(logos => logos.PutAsync(person.User, seen, picture, Cancel));

    private static async Task<PendingApproval> PendingAsync(World world, Actor.Person administrator) =>
        (await world.WithAsync<Approvals, IReadOnlyList<PendingApproval>>(approvals => approvals.PendingAsync(administrator.User, Cancel))).Single();

    private static Task<OwnedClient> RegisterAsync(World world, Actor.Person owner, ClientDocument site) => world.RegisterAsync(
        owner, $$"""{"client_name":"Shop","redirect_uris":["https://shop.example.com/callback"],"logo_uri":"{{site.Address}}logo.png"}""");

    private static async Task<OwnedClient> AskingAsync(World world, Actor.Person owner, ClientDocument site)
    {
        var client = await RegisterAsync(world, owner, site);
        (await world.WithAsync<Approvals, bool>(approvals => approvals.AskAsync(client, "", Cancel))).ShouldBeTrue();
        return client;
    }

    private static Task<Answer> ApproveAsync(Browser admin, Answer page) => admin.PostAsync("/portal/approvals?handler=Approve", new Dictionary<string, string>
    {
        ["Client"] = page.Field("Client")!,
        ["Version"] = page.Field("Version")!,
        ["antiforgery"] = page.Field("antiforgery")!,
    });

    private static string Shown(OwnedClient client) => $"/client-logo?client_id={client.ClientId}";

    private static async Task<LogoVerdict.Drawn> DrawnAsync(byte[] file)
    {
        using var drawing = new LogoDrawing();
        return (await drawing.DrawAsync(file, Cancel)).ShouldBeOfType<LogoVerdict.Drawn>();
    }

    private static async Task<byte[]> BytesAsync(Answer answer)
    {
        answer.Status.ShouldBe(HttpStatusCode.OK);
        return await answer.Message.Content.ReadAsByteArrayAsync(Cancel);
    }
}
