using System.Net;
using System.Text.Json;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Api;

/// <summary>Test users through the management API, as a build server has them.</summary>
public sealed class TestUserResourceTests
{
    [Fact]
    public async Task A_build_server_signs_in_through_the_same_code_step_as_everybody()
    {
        await using var stage = await ApiStage.StartAsync();
        var email = await stage.World.AddUserAsync();
        var owner = await stage.PersonAsync(email);
        var shop = await owner.PostAsync("/clients", new { kind = "web-server", client_name = "Shop", redirect_uris = new[] { RelyingParty.RedirectUri } });
        var robot = await ApiStage.CreateAsync(owner, "machine", "clients.test-users");
        await stage.LetAsync(email, robot.Text("client_id")!, shop.Text("client_id")!);
        var machine = await stage.MachineAsync(robot, "clients.test-users");

        var path = $"/clients/{shop.Text("client_id")}/test-users";
        var made = await machine.PostAsync(path, new { name = "buyer", claims = new { name = "Bea Buyer" } });
        made.Status.ShouldBe(HttpStatusCode.Created, made.Body);
        made.Text("email")!.ShouldEndWith("@test-users.invalid");
        (await machine.GetAsync(path)).Json.GetProperty("items")[0].TryGetProperty("password", out _).ShouldBeFalse();

        var began = Uri.EscapeDataString(stage.World.Clock.GetUtcNow().ToString("O"));
        var party = new RelyingParty(
            stage.World.Server.CreateClient(cookies: false), () => stage.World.OpenBrowser(), shop.Text("client_id")!, shop.Text("client_secret"), "client_secret_basic");
        var browser = stage.World.OpenBrowser();
        var page = await browser.FollowAsync(await browser.GetAsync(party.Start(("scope", "openid profile"))));
        var codePage = await browser.FollowAsync(await browser.EnterPasswordAsync(page, made.Text("email")!, made.Text("password")!));
        await stage.World.QuietAsync();
        var mails = await machine.GetAsync($"{path}/{made.Text("user_id")}/mails?since={began}");
        var code = mails.Json.GetProperty("items")[0].GetProperty("code").GetString();
        code!.Length.ShouldBe(5);
        var consent = await browser.FollowAsync(await browser.EnterCodeAsync(codePage, code));
        consent.Status.ShouldBe(HttpStatusCode.OK, consent.Location?.ToString());

        (await machine.DeleteAsync($"{path}/{made.Text("user_id")}")).Status.ShouldBe(HttpStatusCode.NoContent);
        (await machine.GetAsync($"{path}/{made.Text("user_id")}/mails")).Problem.ShouldBe("not-found");
    }

    [Fact]
    public async Task The_mail_of_a_person_or_of_another_clients_test_user_is_never_read()
    {
        await using var stage = await ApiStage.StartAsync();
        var (owner, stranger) = (await stage.PersonAsync(), await stage.PersonAsync());
        var mine = (await ApiStage.CreateAsync(owner)).Text("client_id");
        var theirs = (await ApiStage.CreateAsync(stranger)).Text("client_id");
        var other = (await stranger.PostAsync($"/clients/{theirs}/test-users", new { })).Text("user_id");
        var person = await stage.World.ReadAsync(db => Task.FromResult(db.Users.First(user => user.TestOfClientId == null).Id));
        foreach (var user in (string[])[other!, person.ToString(), "nonsense"])
        {
            (await owner.GetAsync($"/clients/{mine}/test-users/{user}/mails")).Problem.ShouldBe("not-found");
            (await owner.DeleteAsync($"/clients/{mine}/test-users/{user}")).Problem.ShouldBe("not-found");
        }
    }

    [Fact]
    public async Task What_is_wrong_with_a_wish_is_told()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var path = $"/clients/{(await ApiStage.CreateAsync(owner)).Text("client_id")}/test-users";
        (await owner.PostAsync(path, new { name = "no blanks please" })).Fields.ShouldBe(["name"]);
        (await owner.PostAsync(path, new { password = "short" })).Fields.ShouldBe(["password"]);
        (await owner.PostAsync(path, new { claims = new { name = 5 } })).Fields.ShouldBe(["claims.name"]);
        (await owner.PostAsync(path, new { email = "somebody@example.com" })).Fields.ShouldBe(["email"]);
    }
}
