using System.Net;
using System.Text.Json;

namespace IdentityServer.Tests.Api;

/// <summary>Secrets and keys through the management API.</summary>
public sealed class SecretResourceTests
{
    [Fact]
    public async Task A_secret_is_made_beside_the_others_used_and_retired_on_evidence()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var made = await ApiStage.CreateAsync(owner, "machine");
        var path = $"/clients/{made.Text("client_id")}/secrets";
        var first = (await owner.GetAsync(path)).Json.GetProperty("items")[0];
        first.GetProperty("retirement").GetString().ShouldBe("only_one");
        var only = await owner.DeleteAsync($"{path}/{first.GetProperty("secret_id").GetString()}");
        only.Status.ShouldBe(HttpStatusCode.Conflict);
        only.Problem.ShouldBe("not-safe-to-retire");
        only.Text("detail")!.ShouldContain("only secret");

        stage.World.Clock.Advance(TimeSpan.FromSeconds(1)); // the youngest stands first
        var second = await owner.PostAsync(path, new { label = "after the move", expires_at = stage.World.Clock.GetUtcNow().AddDays(90) });
        second.Status.ShouldBe(HttpStatusCode.Created, second.Body);
        second.Json.GetProperty("secret").GetProperty("label").GetString().ShouldBe("after the move");
        var unused = await owner.DeleteAsync($"{path}/{first.GetProperty("secret_id").GetString()}");
        unused.Text("detail")!.ShouldContain("No younger secret");
        (await owner.PatchAsync($"{path}/{first.GetProperty("secret_id").GetString()}", new { retires_itself = true })).Json.GetProperty("retires_itself").GetBoolean().ShouldBeTrue();

        (await owner.DeleteAsync($"{path}/{first.GetProperty("secret_id").GetString()}?force=true")).Status.ShouldBe(HttpStatusCode.NoContent);
        (await owner.DeleteAsync($"{path}/{first.GetProperty("secret_id").GetString()}?force=true")).Status.ShouldBe(HttpStatusCode.NotFound);
        var listed = (await owner.GetAsync(path)).Json.GetProperty("items").EnumerateArray().ToList();
        listed.Select(secret => secret.GetProperty("active").GetBoolean()).ShouldBe([true, false]);
        listed.ShouldAllBe(secret => !secret.GetRawText().Contains(second.Text("client_secret")!, StringComparison.Ordinal));
        await stage.MachineAsync(made with { Json = JsonSerializer.SerializeToElement(new { client_id = made.Text("client_id"), client_secret = second.Text("client_secret") }) });
    }

    [Fact]
    public async Task A_machine_makes_no_credential_of_a_client_that_may_do_more_than_it()
    {
        await using var stage = await ApiStage.StartAsync();
        var email = await stage.World.AddUserAsync();
        var owner = await stage.PersonAsync(email);
        var robot = await ApiStage.CreateAsync(owner, "machine", "clients.read clients.write clients.secrets");
        var stronger = await ApiStage.CreateAsync(owner, "machine", "clients.read clients.test-users");
        await stage.LetAsync(email, robot.Text("client_id")!, stronger.Text("client_id")!);
        var machine = await stage.MachineAsync(robot, "clients.read clients.write clients.secrets");
        var path = $"/clients/{stronger.Text("client_id")}";

        (await machine.PostAsync($"{path}/secrets", new { })).Problem.ShouldBe("insufficient-scope");
        (await machine.PatchAsync(path, new { token_endpoint_auth_method = "client_secret_post" })).Problem.ShouldBe("insufficient-scope");
        (await machine.PatchAsync(path, new { client_name = "Renamed" })).Status.ShouldBe(HttpStatusCode.OK);
        (await owner.PostAsync($"{path}/secrets", new { })).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_machine_makes_no_credential_of_a_client_that_manages_more_than_it()
    {
        await using var stage = await ApiStage.StartAsync();
        var email = await stage.World.AddUserAsync();
        var owner = await stage.PersonAsync(email);
        var robot = await ApiStage.CreateAsync(owner, "machine");
        var (other, shop) = ((await ApiStage.CreateAsync(owner, "machine")).Text("client_id")!, (await ApiStage.CreateAsync(owner)).Text("client_id")!);
        await stage.LetAsync(email, robot.Text("client_id")!, other);
        await stage.LetAsync(email, other, shop);
        var machine = await stage.MachineAsync(robot);

        (await machine.PostAsync($"/clients/{other}/secrets", new { })).Problem.ShouldBe("people-only");
        (await machine.PatchAsync($"/clients/{other}", new { token_endpoint_auth_method = "client_secret_post" })).Problem.ShouldBe("people-only");
        (await machine.PatchAsync($"/clients/{other}", new { client_name = "Renamed" })).Status.ShouldBe(HttpStatusCode.OK);
        (await machine.PostAsync($"/clients/{robot.Text("client_id")}/secrets", new { })).Status.ShouldBe(HttpStatusCode.Created, "its own");
        (await owner.PostAsync($"/clients/{other}/secrets", new { })).Status.ShouldBe(HttpStatusCode.Created);

        await stage.LetAsync(email, robot.Text("client_id")!, shop);
        (await machine.PostAsync($"/clients/{other}/secrets", new { })).Status.ShouldBe(HttpStatusCode.Created, "it may do all that the other may");
    }

    [Fact]
    public async Task What_is_wrong_with_a_wish_is_told()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var path = $"/clients/{(await ApiStage.CreateAsync(owner)).Text("client_id")}/secrets";
        (await owner.PostAsync(path, new { label = new string('x', 101) })).Fields.ShouldBe(["label"]);
        (await owner.PostAsync(path, new { label = 5, expires = "x" })).Fields.ShouldBe(["expires", "label"], ignoreOrder: true);
        (await owner.PostAsync(path, new { expires_at = "tomorrow" })).Fields.ShouldBe(["expires_at"]);
        (await owner.PostAsync(path, new { expires_at = "2020-01-01T00:00:00Z" })).Fields.ShouldBe(["expires_at"]);
        for (var i = 0; i < 4; i++)
        {
            (await owner.PostAsync(path, new { })).Status.ShouldBe(HttpStatusCode.Created);
        }

        (await owner.PostAsync(path, new { })).Problem.ShouldBe("too-many-secrets");
        (await owner.DeleteAsync(path + "/nonsense")).Problem.ShouldBe("not-found");
        (await owner.PatchAsync($"{path}/{Guid.NewGuid()}", new { retires_itself = true })).Problem.ShouldBe("not-found");
        var page = (await ApiStage.CreateAsync(owner, "single-page")).Text("client_id");
        (await owner.PostAsync($"/clients/{page}/secrets", new { })).Problem.ShouldBe("secrets-not-taken");
    }

    [Fact]
    public async Task A_secret_of_another_client_is_out_of_reach_by_ones_own()
    {
        await using var stage = await ApiStage.StartAsync();
        var (owner, stranger) = (await stage.PersonAsync(), await stage.PersonAsync());
        var mine = (await ApiStage.CreateAsync(owner)).Text("client_id");
        var theirs = (await ApiStage.CreateAsync(stranger)).Text("client_id");
        var secret = (await stranger.GetAsync($"/clients/{theirs}/secrets")).Json.GetProperty("items")[0].GetProperty("secret_id").GetString();
        (await owner.DeleteAsync($"/clients/{mine}/secrets/{secret}?force=true")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await owner.PatchAsync($"/clients/{mine}/secrets/{secret}", new { retires_itself = true })).Status.ShouldBe(HttpStatusCode.NotFound);
        (await owner.PatchAsync($"/clients/{mine}/secrets/{secret}", new { })).Status.ShouldBe(HttpStatusCode.NotFound);
        (await stranger.GetAsync($"/clients/{theirs}/secrets")).Json.GetProperty("items")[0].GetProperty("active").GetBoolean().ShouldBeTrue();
    }

    [Fact]
    public async Task Registered_keys_are_shown_by_their_thumbprints()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var made = await owner.PostAsync("/clients", """
            {"kind":"web-server","client_name":"Shop","redirect_uris":["https://shop.example.com/cb"],"token_endpoint_auth_method":"private_key_jwt",
             "jwks":{"keys":[{"kty":"EC","crv":"P-256","kid":"one","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}}
            """);
        made.Status.ShouldBe(HttpStatusCode.Created, made.Body);
        var keys = await owner.GetAsync($"/clients/{made.Text("client_id")}/keys");
        keys.Text("source").ShouldBe("jwks");
        var key = keys.Json.GetProperty("items")[0];
        key.GetProperty("kid").GetString().ShouldBe("one");
        key.GetProperty("thumbprint").GetString()!.Length.ShouldBe(43);
        key.GetProperty("usable").GetBoolean().ShouldBeTrue();
    }
}
