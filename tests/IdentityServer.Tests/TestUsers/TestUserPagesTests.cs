using System.Net;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.TestUsers;

/// <summary>An owner makes a test user in the portal, reads its code there and signs in with it; nobody else sees any of it.</summary>
public sealed class TestUserPagesTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_owner_makes_a_test_user_reads_its_code_and_deletes_it()
    {
        await using var world = await World.StartAsync();
        var (client, owner, page) = await OpenAsync(world);

        var made = await owner.SubmitAsync(
            page, new Dictionary<string, string> { ["Name"] = "buyer", ["ClaimsJson"] = """{"name":"Ada Buyer","locale":"en"}""" });

        made.Status.ShouldBe(HttpStatusCode.OK);
        made.Message.Headers.CacheControl!.NoStore.ShouldBeTrue();
        var address = made.Document.QuerySelector(".notice code")!.TextContent;
        var password = made.Document.QuerySelector("#made-password")!.TextContent;
        (await owner.GetAsync(Address(client))).Body.ShouldNotContain(password);

        var browser = world.OpenBrowser();
        var codePage = await browser.FollowAsync(await browser.EnterPasswordAsync(await browser.FollowAsync(await browser.GetAsync(client.Start())), address, password));
        await world.QuietAsync();
        var mail = await owner.GetAsync(made.Document.QuerySelector(".notice a")!.GetAttribute("href")!);
        var code = mail.Document.QuerySelector(".code-shown")!.TextContent.Trim();
        var back = await browser.FollowAsync(await browser.EnterCodeAsync(codePage, code));
        var tokens = await client.ExchangeAsync(back.Parameter("code")!);
        (await client.UserInfoAsync(tokens.AccessToken!)).Json.GetProperty("name").GetString().ShouldBe("Ada Buyer");

        var list = await owner.GetAsync(Address(client));
        var deleted = await owner.SubmitAsync(list, new Dictionary<string, string> { ["UserId"] = (await world.ListAsync(client)).Single().Id.ToString() });
        (deleted.Status, deleted.Parameter("done")).ShouldBe((HttpStatusCode.SeeOther, "deleted"));
        (await world.ListAsync(client)).ShouldBeEmpty();
        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
    }

    [Fact]
    public async Task A_form_that_is_sent_twice_makes_one()
    {
        await using var world = await World.StartAsync();
        var (client, owner, page) = await OpenAsync(world);
        var fields = new Dictionary<string, string> { ["Name"] = "buyer" };

        (await owner.SubmitAsync(page, fields)).Status.ShouldBe(HttpStatusCode.OK);
        var again = await owner.SubmitAsync(page, fields);

        again.Alert.ShouldNotBeNull().ShouldContain("counts once");
        (await world.ListAsync(client)).Count.ShouldBe(1);
    }

    [Theory]
    [InlineData("b.c", "", "", "1 to 40 letters, digits and dashes")]
    [InlineData("buyer", "short", "", "12")]
    [InlineData("buyer", "", "[1]", "not a JSON object")]
    [InlineData("buyer", "", "{", "not a JSON object")]
    [InlineData("buyer", "", """{"shoe_size":43}""", "shoe_size")]
    public async Task A_mistake_is_named_and_makes_nobody(string name, string password, string claims, string problem)
    {
        await using var world = await World.StartAsync();
        var (client, owner, page) = await OpenAsync(world);

        var refused = await owner.SubmitAsync(page, new Dictionary<string, string> { ["Name"] = name, ["Password"] = password, ["ClaimsJson"] = claims });

        refused.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        refused.Alert.ShouldNotBeNull().ShouldContain(problem);
        (await world.ListAsync(client)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Nobody_but_the_owners_of_that_client_sees_a_page_and_nobody_reads_a_person()
    {
        await using var world = await World.StartAsync();
        var (client, owner, _) = await OpenAsync(world);
        var (other, stranger, _) = await OpenAsync(world);
        var user = await world.AddTestUserAsync(client);
        var person = await world.ReadAsync(db => db.Users.Where(row => row.TestOfClientId == null).Select(row => row.Id).FirstAsync(Cancel));

        foreach (var page in new[] { Address(client), $"{Address(client)}/{user.Id}" })
        {
            (await owner.GetAsync(page)).Status.ShouldBe(HttpStatusCode.OK);
            (await stranger.GetAsync(page)).Status.ShouldBe(HttpStatusCode.NotFound);
            (await world.OpenBrowser().GetAsync(page)).Target().ShouldBe("/sign-in");
        }

        (await owner.GetAsync($"{Address(client)}/{person}")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await stranger.GetAsync($"{Address(other)}/{user.Id}")).Status.ShouldBe(HttpStatusCode.NotFound);

        // The test user itself is no owner of anything, and no portal's guest.
        var tester = world.OpenBrowser();
        await world.SignInAsync(tester, "/sign-in?then=/account", client, user);
        (await tester.GetAsync($"{Address(client)}/{user.Id}")).Status.ShouldBe(HttpStatusCode.Forbidden);
    }

    private static string Address(RelyingParty client) => $"/portal/clients/{client.Id}/test-users";

    private static async Task<(RelyingParty Client, Browser Owner, Answer Page)> OpenAsync(World world)
    {
        var client = await world.AddClientAsync();
        var email = await world.AddUserAsync();
        var row = (await world.SettingsAsync(client)).Id;
        await world.ReadAsync(async db =>
        {
            var user = await db.Users.SingleAsync(each => each.Email == email, Cancel);
            db.ClientOwners.Add(new ClientOwner { ClientRowId = row, UserId = user.Id, AddedAt = world.Clock.GetUtcNow() });
            return await db.SaveChangesAsync(Cancel);
        });
        var browser = world.OpenBrowser();
        await browser.SignInAsync("/sign-in?then=/portal", email);
        return (client, browser, await browser.GetAsync(Address(client)));
    }
}
