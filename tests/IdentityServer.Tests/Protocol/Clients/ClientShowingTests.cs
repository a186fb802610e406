using System.Net;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Protocol.Clients;

/// <summary>What people are shown of the application that they sign in to.</summary>
public sealed class ClientShowingTests
{
    private const string Links = """
        "logo_uri":"https://app.example.com/logo.png","policy_uri":"https://app.example.com/privacy","tos_uri":"https://app.example.com/terms"
        """;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A21_Name_policy_and_terms_stand_on_the_sign_in_and_the_consent_page()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync("client_secret_basic", Links, firstParty: false);
        var browser = world.OpenBrowser();

        var signIn = await browser.FollowAsync(await browser.GetAsync(client.Start()));
        var consent = await browser.SignInAsync(client.Start(), await world.AddUserAsync());

        foreach (var page in new[] { signIn, consent })
        {
            page.Body.ShouldContain("Test app");
            page.Document.QuerySelectorAll(".client-links a").Select(link => link.GetAttribute("href"))
                .ShouldBe(["https://app.example.com/privacy", "https://app.example.com/terms"]);
            page.Document.QuerySelector(".client-logo").ShouldBeNull("nobody has verified who is behind the name");
        }
    }

    [Fact]
    public async Task A21_The_logo_of_a_verified_client_is_served_by_us_and_of_no_other()
    {
        await using var world = await World.StartAsync();
        var verified = await world.AddClientAsync("client_secret_basic", "\"verified\":true", firstParty: false);
        var unknown = await world.AddClientAsync("client_secret_basic", firstParty: false);
        byte[] picture = [0x89, (byte)'P', (byte)'N', (byte)'G', 1, 2, 3];
        await world.ReadAsync(async db =>
        {
            var rows = await db.Clients.Where(client => client.ClientId == verified.Id || client.ClientId == unknown.Id).Select(client => client.Id!).ToListAsync(Cancel);
            db.ClientLogos.AddRange(rows.Select(row => new ClientLogoImage { ClientRowId = row, Content = picture, UploadedAt = world.Clock.GetUtcNow() }));
            return await db.SaveChangesAsync(Cancel);
        });
        var browser = world.OpenBrowser();

        (await browser.GetAsync($"/client-logo?client_id={unknown.Id}")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.FollowAsync(await browser.GetAsync(unknown.Start()))).Document.QuerySelector(".client-logo").ShouldBeNull();
        (await browser.GetAsync("/client-logo")).Status.ShouldBe(HttpStatusCode.NotFound);
        var page = await browser.FollowAsync(await browser.GetAsync(verified.Start()));
        var answer = await browser.GetAsync(page.Document.QuerySelector(".client-logo")!.GetAttribute("src")!);

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Message.Content.Headers.ContentType!.MediaType.ShouldBe("image/png");
        (await answer.Message.Content.ReadAsByteArrayAsync(Cancel)).ShouldBe(picture);
    }

    [Fact]
    public async Task A21_A_picture_that_could_change_after_the_approval_is_neither_shown_nor_asked_for()
    {
        await using var site = await ClientDocument.StartAsync("image/png");
        site.Body = [0x89, (byte)'P', (byte)'N', (byte)'G', 1, 2, 3];
        await using var world = await World.StartAsync(configure: site.Allow);
        var client = await world.AddClientAsync("client_secret_basic", $"\"logo_uri\":\"{site.Address}logo.png\",\"verified\":true", firstParty: false);
        var browser = world.OpenBrowser();

        var page = await browser.FollowAsync(await browser.GetAsync(client.Start()));

        page.Document.QuerySelector(".client-logo").ShouldBeNull();
        page.Body.ShouldNotContain("logo.png");
        (await browser.GetAsync($"/client-logo?client_id={client.Id}")).Status.ShouldBe(HttpStatusCode.NotFound);
        site.Asked.ShouldBe(0);
    }

    [Fact]
    public async Task R5_People_begin_a_sign_in_at_an_application_from_their_account_where_it_registered_how()
    {
        await using var world = await World.StartAsync();
        var begins = await world.AddClientAsync(extra: "\"initiate_login_uri\":\"https://app.example.com/begin?tenant=7\"");
        var silent = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.SignInAsync(begins.Start(), await world.AddUserAsync());
        await browser.FollowAsync(await browser.GetAsync(silent.Start()));

        var links = (await browser.GetAsync("/account/apps")).Document.QuerySelectorAll("a[href^='https://app.example.com']");

        links.ShouldHaveSingleItem().GetAttribute("href")
            .ShouldBe($"https://app.example.com/begin?tenant=7&iss={Uri.EscapeDataString(world.Server.Address.AbsoluteUri)}");
    }
}
