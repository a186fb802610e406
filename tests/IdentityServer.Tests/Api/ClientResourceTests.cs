using System.Net;
using System.Text.Json;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Api;

/// <summary>Clients through the management API.</summary>
public sealed class ClientResourceTests
{
    [Theory]
    [InlineData("web-server", true)]
    [InlineData("single-page", false)]
    [InlineData("machine", true)]
    public async Task A_kind_and_a_name_make_a_client_that_can_be_read_again(string kind, bool secret)
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var made = await ApiStage.CreateAsync(owner, kind);
        made.Json.TryGetProperty("client_secret", out _).ShouldBe(secret);
        made.Text("kind").ShouldBe(kind);
        var path = made.Message.Headers.Location!.ToString();
        path.ShouldBe($"/api/v1/clients/{made.Text("client_id")}");
        var read = await owner.GetAsync(path["/api/v1".Length..]);
        read.Status.ShouldBe(HttpStatusCode.OK);
        read.ETag.ShouldBe(made.ETag.ShouldNotBeNull());
        read.Json.TryGetProperty("client_secret", out _).ShouldBeFalse();
        (await owner.GetAsync(path["/api/v1".Length..], ("If-None-Match", read.ETag!))).Status.ShouldBe(HttpStatusCode.NotModified);
        (await owner.GetAsync("/me")).Json.GetProperty("quota").GetProperty("used").GetInt32().ShouldBe(1);
    }

    [Fact]
    public async Task Metadata_that_breaks_rules_is_told_member_by_member()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var refused = await owner.PostAsync("/clients", new
        {
            client_name = "Shop",
            redirect_uris = new[] { "https://shop.example.com/cb", "http://shop.example.com/cb" },
            token_endpoint_auth_method = "client_secret_jwt",
        });
        refused.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        refused.Problem.ShouldBe("invalid-metadata");
        refused.Fields.ShouldBe(["token_endpoint_auth_method", "redirect_uris[1]"], ignoreOrder: true);
        (await owner.PostAsync("/clients", new { client_name = "Shop", redirect_urls = new[] { "https://shop.example.com/cb" } })).Fields.ShouldBe(["redirect_urls"]);
        (await owner.PostAsync("/clients", new { kind = "toaster", client_name = "Shop" })).Fields.ShouldBe(["kind"]);
        (await owner.PostAsync("/clients", new { kind = "native", redirect_uris = new[] { "http://127.0.0.1/" } })).Fields.ShouldBe(["client_name"]);
        (await owner.PostAsync("/clients", "[1]")).Problem.ShouldBe("invalid-request");
        (await owner.PostAsync("/clients", "{\"client_name\":")).Problem.ShouldBe("invalid-request");
        (await owner.GetAsync("/clients")).Json.GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task A_client_keeps_a_name_through_every_change_and_without_one_can_be_changed_still()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var path = $"/clients/{(await ApiStage.CreateAsync(owner)).Text("client_id")}";

        foreach (var name in (string?[])[null, "", "  "])
        {
            (await owner.PatchAsync(path, new { client_name = name })).Fields.ShouldBe(["client_name"], name);
        }

        var whole = new { redirect_uris = new[] { "https://shop.example.com/callback" } };
        (await owner.PutAsync(path, whole, ("If-Match", "*"))).Fields.ShouldBe(["client_name"]);
        (await owner.GetAsync(path)).Text("client_name").ShouldBe("Shop");

        await stage.World.ReadAsync(db => db.Clients.Where(client => client.DisplayName == "Shop")
            .ExecuteUpdateAsync(set => set.SetProperty(client => client.DisplayName, (string?)null), TestContext.Current.CancellationToken));
        (await owner.PatchAsync(path, new { software_version = "2" })).Status.ShouldBe(HttpStatusCode.OK, "the operator registered it so");
    }

    [Fact]
    public async Task What_get_gave_can_be_put_back_and_only_under_the_version_that_is_there()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var made = await ApiStage.CreateAsync(owner);
        var path = $"/clients/{made.Text("client_id")}";
        var read = await owner.GetAsync(path);
        var wish = JsonSerializer.Deserialize<Dictionary<string, object>>(read.Body)!;
        wish["client_name"] = "Shop 2";

        (await owner.PutAsync(path, wish)).Status.ShouldBe(HttpStatusCode.PreconditionRequired);
        (await owner.PutAsync(path, wish, ("If-Match", "\"other\""))).Status.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await owner.PutAsync(path, wish, ("If-Match", "W/" + read.ETag))).Status.ShouldBe(HttpStatusCode.PreconditionFailed);
        (await owner.PutAsync(path, wish, ("If-Match", "nonsense"))).Status.ShouldBe(HttpStatusCode.PreconditionFailed);
        var changed = await owner.PutAsync(path, wish, ("If-Match", $"\"other\", {read.ETag}"));
        changed.Status.ShouldBe(HttpStatusCode.OK, changed.Body);
        changed.Text("client_name").ShouldBe("Shop 2");
        changed.ETag.ShouldNotBe(read.ETag);
        (await owner.PutAsync(path, wish, ("If-Match", read.ETag!))).Problem.ShouldBe("stale");
        (await owner.GetAsync(path)).ETag.ShouldBe(changed.ETag);
    }

    [Fact]
    public async Task A_merge_patch_changes_what_it_names()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var made = await ApiStage.CreateAsync(owner);
        var path = $"/clients/{made.Text("client_id")}";
        var changed = await owner.PatchAsync(path, new { client_uri = "https://shop.example.com/", access_token_lifetime = 300 });
        changed.Status.ShouldBe(HttpStatusCode.OK, changed.Body);
        changed.Text("client_name").ShouldBe("Shop");
        changed.Text("client_uri").ShouldBe("https://shop.example.com/");
        var back = await owner.PatchAsync(path, """{"client_uri":null}""", ("If-Match", changed.ETag!));
        back.Json.TryGetProperty("client_uri", out _).ShouldBeFalse();
        back.Json.GetProperty("access_token_lifetime").GetInt32().ShouldBe(300);
        (await owner.PatchAsync(path, """{"client_uri":null}""", ("If-Match", changed.ETag!))).Problem.ShouldBe("stale");
        (await owner.PatchAsync(path, new { kind = "native" })).Fields.ShouldBe(["kind"]);
        (await owner.PatchAsync(path, new { client_id = "another" })).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        (await owner.PatchAsync(path, new { first_party = true })).Fields.ShouldBe(["first_party"]);
    }

    [Fact]
    public async Task Patches_of_several_at_once_are_all_kept()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var made = await ApiStage.CreateAsync(owner);
        var path = $"/clients/{made.Text("client_id")}";
        var replies = await Task.WhenAll(
            owner.PatchAsync(path, new { client_uri = "https://shop.example.com/" }),
            owner.PatchAsync(path, new { policy_uri = "https://shop.example.com/policy" }),
            owner.PatchAsync(path, new { tos_uri = "https://shop.example.com/tos" }));
        replies.ShouldAllBe(reply => reply.Status == HttpStatusCode.OK);
        var read = await owner.GetAsync(path);
        (read.Text("client_uri"), read.Text("policy_uri"), read.Text("tos_uri")).ShouldBe(
            ("https://shop.example.com/", "https://shop.example.com/policy", "https://shop.example.com/tos"));
    }

    [Fact]
    public async Task Deletion_heeds_the_version_when_one_is_named()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var made = await ApiStage.CreateAsync(owner);
        var path = $"/clients/{made.Text("client_id")}";
        (await owner.DeleteAsync(path, ("If-Match", "\"other\""))).Problem.ShouldBe("stale");
        (await owner.DeleteAsync(path, ("If-Match", made.ETag!))).Status.ShouldBe(HttpStatusCode.NoContent);
        (await owner.DeleteAsync(path)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await owner.GetAsync(path)).Problem.ShouldBe("not-found");
    }

    [Fact]
    public async Task Pages_fit_together_and_hold_nobody_elses_clients()
    {
        await using var stage = await ApiStage.StartAsync();
        var (owner, stranger) = (await stage.PersonAsync(), await stage.PersonAsync());
        var made = new List<string>();
        for (var i = 0; i < 5; i++)
        {
            made.Add((await ApiStage.CreateAsync(owner)).Text("client_id")!);
        }

        var theirs = await ApiStage.CreateAsync(stranger);
        var (seen, next, pages) = (new List<string>(), "", 0);
        do
        {
            var page = await owner.GetAsync($"/clients?limit=2{next}");
            seen.AddRange(page.Json.GetProperty("items").EnumerateArray().Select(client => client.GetProperty("client_id").GetString()!));
            next = page.Text("next") is { } cursor ? "&cursor=" + cursor : null;
            pages++;
        }
        while (next is not null);

        pages.ShouldBe(3);
        seen.ShouldBe(made, ignoreOrder: true);
        (await owner.GetAsync($"/clients/{theirs.Text("client_id")}")).Problem.ShouldBe("not-found");
        foreach (var query in (string[])["limit=0", "limit=51", "limit=x", "limit=1&limit=2", "limit=", "cursor=", "cursor=%25", "cursor=AA", "cursor=" + new string('A', 300)])
        {
            var refused = await owner.GetAsync("/clients?" + query);
            refused.Status.ShouldBe(HttpStatusCode.BadRequest, query);
            refused.Problem.ShouldBe("invalid-request");
        }
    }

    [Fact]
    public async Task Whoever_may_write_only_makes_no_credential_by_it()
    {
        await using var stage = await ApiStage.StartAsync();
        var email = await stage.World.AddUserAsync();
        var made = await ApiStage.CreateAsync(await stage.PersonAsync(email));
        var writer = await stage.PersonAsync(email, "openid clients.read clients.write");
        var path = $"/clients/{made.Text("client_id")}";
        (await writer.PatchAsync(path, new { token_endpoint_auth_method = "private_key_jwt", jwks_uri = "https://shop.example.com/jwks" })).Problem.ShouldBe("insufficient-scope");
        (await writer.PatchAsync(path, new { client_name = "Other" })).Status.ShouldBe(HttpStatusCode.OK);
        var read = await writer.GetAsync(path);
        (await writer.PutAsync(path, new { client_name = "Again", redirect_uris = new[] { "https://shop.example.com/callback" } }, ("If-Match", read.ETag!)))
            .Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_machine_manages_what_it_may_and_gives_itself_no_more()
    {
        await using var stage = await ApiStage.StartAsync();
        var email = await stage.World.AddUserAsync();
        var owner = await stage.PersonAsync(email);
        var robot = await ApiStage.CreateAsync(owner, "machine", "clients.read clients.write");
        var shop = await ApiStage.CreateAsync(owner);
        var other = await ApiStage.CreateAsync(owner);
        await stage.LetAsync(email, robot.Text("client_id")!, shop.Text("client_id")!);
        var machine = await stage.MachineAsync(robot, "clients.read clients.write");

        (await machine.GetAsync($"/clients/{shop.Text("client_id")}")).Status.ShouldBe(HttpStatusCode.OK);
        (await machine.GetAsync($"/clients/{other.Text("client_id")}")).Status.ShouldBe(HttpStatusCode.NotFound);
        (await machine.GetAsync("/clients")).Json.GetProperty("items").GetArrayLength().ShouldBe(2);
        (await machine.PatchAsync($"/clients/{shop.Text("client_id")}", new { client_name = "Renamed" })).Status.ShouldBe(HttpStatusCode.OK);
        (await machine.PatchAsync($"/clients/{robot.Text("client_id")}", new { scope = "clients.read clients.write clients.secrets" })).Fields.ShouldBe(["scope"]);
        (await machine.PostAsync("/clients", new { kind = "native", client_name = "x" })).Problem.ShouldBe("people-only");
        (await machine.DeleteAsync($"/clients/{shop.Text("client_id")}")).Problem.ShouldBe("people-only");
    }
}
