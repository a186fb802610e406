using System.Net;
using IdentityServer.Ownership;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Api;

/// <summary>Failures, activity and checkup through the management API.</summary>
public sealed class HistoryResourceTests
{
    [Fact]
    public async Task A_failed_request_is_told_to_its_owner_with_its_mend_and_to_nobody_else()
    {
        await using var stage = await ApiStage.StartAsync();
        var (owner, stranger) = (await stage.PersonAsync(), await stage.PersonAsync());
        var made = await ApiStage.CreateAsync(owner, "machine");
        var path = $"/clients/{made.Text("client_id")}/failures";
        for (var i = 0; i < 3; i++)
        {
            await stage.FailAsync(made);
            stage.World.Clock.Advance(TimeSpan.FromSeconds(1));
        }

        var page = await owner.GetAsync(path + "?limit=2");
        page.Status.ShouldBe(HttpStatusCode.OK, page.Body);
        var newest = page.Json.GetProperty("items")[0];
        newest.GetProperty("code").GetString().ShouldBe("secret_wrong");
        newest.GetProperty("sentence").GetString()!.ShouldContain("characters");
        newest.GetProperty("mend").GetString().ShouldNotBeNullOrEmpty();
        newest.GetProperty("docs").GetString().ShouldBe("/docs/errors.md#secret_wrong");
        var rest = await owner.GetAsync($"{path}?limit=2&cursor={page.Text("next")}");
        rest.Json.GetProperty("items").GetArrayLength().ShouldBe(1);
        rest.Text("next").ShouldBeNull();

        var reference = newest.GetProperty("reference").GetString();
        (await owner.GetAsync($"{path}/{reference}")).Text("reference").ShouldBe(reference);
        (await owner.GetAsync($"{path}/000000000000")).Problem.ShouldBe("not-found");
        var other = (await ApiStage.CreateAsync(owner)).Text("client_id");
        (await owner.GetAsync($"/clients/{other}/failures/{reference}")).Problem.ShouldBe("not-found");
        (await stranger.GetAsync($"{path}/{reference}")).Problem.ShouldBe("not-found");
        (await stranger.GetAsync(path)).Problem.ShouldBe("not-found");

        // Following: from the newest that was read on.
        var at = Uri.EscapeDataString(newest.GetProperty("at").GetString()!);
        (await owner.GetAsync($"{path}?since={at}")).Json.GetProperty("items").GetArrayLength().ShouldBe(1);
        await stage.FailAsync(made);
        (await owner.GetAsync($"{path}?since={at}")).Json.GetProperty("items").GetArrayLength().ShouldBe(2);
        (await owner.GetAsync($"{path}?code=secret_expired")).Json.GetProperty("items").GetArrayLength().ShouldBe(0);
        foreach (var query in (string[])["code=nonsense", "code=a&code=b", "since=yesterday", "cursor=AA", "cursor=" + "MS8y" + "Lw", "limit=-1"])
        {
            (await owner.GetAsync($"{path}?{query}")).Problem.ShouldBe("invalid-request", query);
        }
    }

    [Fact]
    public async Task Activity_is_counted_by_day()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var made = await ApiStage.CreateAsync(owner, "machine");
        await stage.MachineAsync(made);
        var activity = await owner.GetAsync($"/clients/{made.Text("client_id")}/activity?days=7");
        activity.Status.ShouldBe(HttpStatusCode.OK, activity.Body);
        activity.Json.GetProperty("days").GetInt32().ShouldBe(7);
        activity.Json.GetProperty("totals").GetProperty("tokens.for-itself").GetInt64().ShouldBe(1);
        activity.Json.GetProperty("daily").GetProperty("tokens.for-itself").EnumerateArray().Select(day => day.GetInt64()).ShouldBe([0, 0, 0, 0, 0, 0, 1]);
        activity.Json.GetProperty("funnel").GetArrayLength().ShouldBe(5);
        (await owner.GetAsync($"/clients/{made.Text("client_id")}/activity?days=91")).Problem.ShouldBe("invalid-request");
    }

    [Theory]
    [InlineData("""{"kind":"web-server","redirect_uris":["https://shop.example.com/cb","https://shop.example.com/cb/"]}""", "redirect-uris", "warning", "with and without the slash")]
    [InlineData("""{"kind":"web-server","redirect_uris":["http://localhost:5000/cb","http://127.0.0.1:5000/cb"]}""", "redirect-uris", "warning", "two addresses")]
    [InlineData("""{"kind":"native","redirect_uris":["http://localhost/cb"]}""", "redirect-uris", "warning", "only 127.0.0.1 may have any port")]
    [InlineData("""{"kind":"web-server","redirect_uris":["https://shop.example.com/cb"]}""", "redirect-uris", "ok", "can be used")]
    [InlineData("""{"kind":"single-page","redirect_uris":["https://shop.example.com/cb"]}""", "origins", "ok", "https://shop.example.com")]
    [InlineData("""{"kind":"web-server","redirect_uris":["https://shop.example.com/cb"],"require_pkce":false}""", "pkce", "warning", "without PKCE")]
    [InlineData("""{"kind":"web-server","redirect_uris":["https://shop.example.com/cb"]}""", "approval", "warning", "nobody has verified")]
    [InlineData("""{"kind":"native","redirect_uris":["http://127.0.0.1/cb"],"token_endpoint_auth_method":"client_secret_basic"}""", "authentication", "warning", "is none")]
    [InlineData("""{"kind":"web-server","redirect_uris":["https://shop.example.com/cb"],"frontchannel_logout_uri":"https://shop.example.com/out"}""", "logout", "warning", "in the browser only")]
    [InlineData("""{"kind":"web-server","redirect_uris":["https://shop.example.com/cb"]}""", "use", "ok", "not been used yet")]
    [InlineData("""{"kind":"web-server","redirect_uris":["https://shop.example.com/cb"]}""", "secrets", "ok", "1")]
    [InlineData("""{"kind":"web-server","redirect_uris":["https://shop.example.com/cb"],"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://nowhere.invalid/keys"}""", "keys", "problem", "could not be read")]
    public async Task A_checkup_finds(string wish, string name, string outcome, string sentence)
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var made = await owner.PostAsync("/clients", wish.Replace("\"kind\"", "\"client_name\":\"Shop\",\"kind\"", StringComparison.Ordinal));
        made.Status.ShouldBe(HttpStatusCode.Created, made.Body);
        var checkup = await owner.GetAsync($"/clients/{made.Text("client_id")}/checkup");
        checkup.Status.ShouldBe(HttpStatusCode.OK, checkup.Body);
        var check = checkup.Json.GetProperty("checks").EnumerateArray().Single(check => check.GetProperty("name").GetString() == name);
        check.GetProperty("outcome").GetString().ShouldBe(outcome, check.ToString());
        check.GetProperty("sentence").GetString()!.ShouldContain(sentence);
        (check.GetProperty("mend").GetString() is null).ShouldBe(outcome == "ok");
    }

    [Fact]
    public async Task A_checkup_sees_the_end_of_secrets_and_of_use()
    {
        await using var stage = await ApiStage.StartAsync();
        var email = await stage.World.AddUserAsync();
        var owner = await stage.PersonAsync(email);
        var made = await ApiStage.CreateAsync(owner, "machine");
        var path = $"/clients/{made.Text("client_id")}";
        var first = (await owner.GetAsync(path + "/secrets")).Json.GetProperty("items")[0].GetProperty("secret_id").GetString();
        await owner.PostAsync(path + "/secrets", new { expires_at = stage.World.Clock.GetUtcNow().AddDays(10) });
        (await CheckAsync("secrets")).ShouldBe("ok");
        await owner.DeleteAsync($"{path}/secrets/{first}?force=true");
        (await CheckAsync("secrets")).ShouldBe("warning");
        await stage.World.AdvanceAsync(TimeSpan.FromDays(91));
        owner = await stage.PersonAsync(email);
        (await CheckAsync("secrets")).ShouldBe("problem");
        (await CheckAsync("use")).ShouldBe("warning");

        async Task<string> CheckAsync(string name) => (await owner.GetAsync(path + "/checkup")).Json.GetProperty("checks").EnumerateArray()
            .Single(check => check.GetProperty("name").GetString() == name).GetProperty("outcome").GetString()!;
    }
}
