using System.Net;
using IdentityServer.Domain.Clients;
using IdentityServer.Settings;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Portal;

/// <summary>A kind, a name and a redirect URI are enough to connect an application.</summary>
public sealed class NewClientTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("web-server", "https://shop.example.com/callback", true)]
    [InlineData("single-page", "https://shop.example.com/", false)]
    [InlineData("native", "com.example.shop:/callback", false)]
    [InlineData("machine", "", true)]
    public async Task Each_kind_is_connected_with_what_suits_it(string kind, string redirect, bool secret)
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var (browser, page) = await world.OpenPortalAsync(person, "/portal/new");

        var answer = await browser.SendAsync(page, "/portal/new", ("kind", kind), ("Name", " Shop "), ("RedirectUris", redirect));

        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Alert);
        var client = (await world.FindAsync(person, answer.Text("client-id")!)).ShouldNotBeNull();
        ClientKinds.NameOf(ClientKinds.Of(client.Metadata)).ShouldBe(kind);
        client.Settings.Name.ShouldBe("Shop");
        client.Metadata.RedirectUris.ShouldBe(redirect.Length == 0 ? [] : [redirect]);
        (answer.Text("client-secret") is not null).ShouldBe(secret);
        answer.Text("issuer").ShouldBe(world.Server.Services.GetRequiredService<Installation>().Issuer.AbsoluteUri);
        (await browser.GetAsync("/portal")).Document.QuerySelector("main")!.TextContent.ShouldContain("Shop");
    }

    [Fact]
    public async Task The_secret_that_is_shown_works_and_is_shown_once_only()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var (browser, page) = await world.OpenPortalAsync(person, "/portal/new");
        var answer = await browser.SendAsync(page, "/portal/new", ("kind", "machine"), ("Name", "Night job"));
        var (id, secret) = (answer.Text("client-id")!, answer.Text("client-secret")!);

        var token = await browser.PostAsync("/connect/token", new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["client_id"] = id,
            ["client_secret"] = secret,
        });
        token.Status.ShouldBe(HttpStatusCode.Unauthorized, "it is registered for the header");
        browser.Headers["Authorization"] = $"Basic {Convert.ToBase64String(System.Text.Encoding.ASCII.GetBytes($"{id}:{secret}"))}";
        (await browser.PostAsync("/connect/token", new Dictionary<string, string> { ["grant_type"] = "client_credentials" })).Status.ShouldBe(HttpStatusCode.OK);
        browser.Headers.Remove("Authorization");

        foreach (var other in new[] { "", "/snippets", "/settings", "/secrets", "/owners", "/approval", "/delete" })
        {
            (await browser.GetAsync($"/portal/clients/{id}{other}")).Status.ShouldBe(HttpStatusCode.OK, other);
        }

        browser.Seen.Count(seen => seen.Body.Contains(secret, StringComparison.Ordinal)).ShouldBe(1);
        answer.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
    }

    [Fact]
    public async Task A_reload_makes_no_second_client_and_shows_no_secret()
    {
        await using var world = await World.StartAsync();
        var person = await world.AddPersonAsync();
        var (browser, page) = await world.OpenPortalAsync(person, "/portal/new");
        (string, string?)[] fields = [("kind", "web-server"), ("Name", "Shop"), ("RedirectUris", "https://shop.example.com/callback")];

        var secret = (await browser.SendAsync(page, "/portal/new", fields)).Text("client-secret")!;
        var again = await browser.SendAsync(page, "/portal/new", fields);

        again.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        again.Alert!.ShouldContain("sent before");
        again.Body.ShouldNotContain(secret);
        (await world.ReadAsync(db => db.ClientOwners.CountAsync(owner => owner.UserId == person.User.Id, Cancel))).ShouldBe(1);
        (await browser.SendAsync(again, "/portal/new", fields)).Status.ShouldBe(HttpStatusCode.OK, "the form that came with it is a new one");
        (await browser.SendAsync(page, "/portal/new", [.. fields, ("Attempt", "nonsense")])).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
    }

    [Fact]
    public async Task Mistakes_stand_beside_the_field_and_what_was_typed_is_kept()
    {
        await using var world = await World.StartAsync();
        var (browser, page) = await world.OpenPortalAsync(await world.AddPersonAsync(), "/portal/new");

        var answer = await browser.SendAsync(
            page, "/portal/new", ("kind", "single-page"), ("Name", " "), ("RedirectUris", "https://shop.example.com/\n\nhttp://shop.example.com/<callback>"));

        answer.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        answer.Problem("name")!.ShouldContain("is not 1 to 100 characters");
        answer.Problem("redirecturis")!.ShouldStartWith("http://shop.example.com/<callback> ");
        answer.Field("RedirectUris")!.ShouldContain("http://shop.example.com/<callback>");
        answer.Document.QuerySelector("[value=single-page]")!.HasAttribute("checked").ShouldBeTrue();
        answer.Document.QuerySelector("#redirecturis")!.GetAttribute("aria-describedby")!.ShouldContain("redirecturis-problem");
    }

    [Fact]
    public async Task Whoever_owns_as_many_as_they_may_is_told_so_and_whoever_may_not_is_shown_no_form()
    {
        await using var world = await World.StartAsync(configure: setup =>
        {
            setup.Settings["Portal:ClientsPerPerson"] = "1";
            setup.Settings["Portal:Access"] = "Administrators";
        });
        var (browser, page) = await world.OpenPortalAsync(await world.AddPersonAsync(administrator: true), "/portal/new");
        (string, string?)[] machine = [("kind", "machine"), ("Name", "Night job")];
        var first = await browser.SendAsync(page, "/portal/new", machine);
        var second = await browser.SendAsync(await browser.GetAsync("/portal/new"), "/portal/new", machine);
        var (other, shown) = await world.OpenPortalAsync(await world.AddPersonAsync(), "/portal/new");

        (first.Status, second.Status).ShouldBe((HttpStatusCode.OK, HttpStatusCode.UnprocessableEntity));
        second.Alert!.ShouldContain("You own 1 app");
        shown.Document.Forms.ShouldBeEmpty();
        (await other.GetAsync("/portal")).Document.QuerySelector("a[href='/portal/new']").ShouldBeNull();
    }
}
