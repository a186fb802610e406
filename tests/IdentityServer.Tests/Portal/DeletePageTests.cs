using System.Net;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Portal;

/// <summary>A client goes when its owner has read what goes with it and typed its name.</summary>
public sealed class DeletePageTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_page_says_what_goes_in_numbers_and_the_typed_name_does_it()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var party = await world.AddThirdPartyClientAsync();
        var person = world.OpenBrowser();
        var consent = await person.SignInAsync(party.Start(), await world.AddUserAsync());
        var back = await person.FollowAsync(await person.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "allow" }));
        (await party.ExchangeAsync(back.Parameter("code")!)).RefreshToken.ShouldNotBeNull();
        var rowId = await world.ReadAsync(db => db.Clients.Where(row => row.ClientId == party.Id).Select(row => row.Id!).SingleAsync(Cancel));
        await world.ReadAsync(async db =>
        {
            db.ClientOwners.Add(new() { ClientRowId = rowId, UserId = owner.User.Id, AddedAt = world.Clock.GetUtcNow() });
            return await db.SaveChangesAsync(Cancel);
        });
        var client = (await world.FindAsync(owner, party.Id))!;
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("delete"));

        page.Document.QuerySelectorAll(".consequences li").Select(item => item.TextContent).ShouldBe(
        [
            "1 person has agreed that it sees something of them", "1 sign-in in the last 30 days", "1 refresh token is in use and stops working",
            "1 secret stops working", "1 owner loses it",
        ]);
        var wrong = await browser.SendAsync(page, "delete", ("Name", "test app"));
        (wrong.Status, wrong.Field("Name")).ShouldBe((HttpStatusCode.UnprocessableEntity, "test app"));
        (await world.FindAsync(owner, party.Id)).ShouldNotBeNull();

        var gone = await browser.AfterAsync(await browser.SendAsync(page, "delete", ("Name", "Test app")));
        gone.Notice().ShouldBe("The app is deleted.");
        (await browser.GetAsync(client.PageOf())).Status.ShouldBe(HttpStatusCode.NotFound);
        (await world.ReadAsync(db => db.Tokens.CountAsync(token => token.ApplicationId == rowId, Cancel))).ShouldBe(0);
    }
}
