using System.Net;
using System.Text.Json;
using IdentityServer.Tests.Maintenance;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Registration;

/// <summary>From the operator's shell to a client that is gone again, with nothing but what people and programs have.</summary>
public sealed class RegistrationStoryTests
{
    [Fact]
    public async Task A_client_is_registered_signs_people_in_changes_and_goes()
    {
        using var installation = new VerbRun();
        var made = await installation.RunAsync("registration-tokens", "create", "--label", "Shop team", "--expires", "3", "--scope", "openid", "--scope", "email");
        made.ExitCode.ShouldBe(0, made.Error);
        made.Error.ShouldContain("for 1 client.");
        var token = made.Out.TrimEnd('\n');
        await using var stage = await RegistrationStage.OpenAsync(configure: setup =>
        {
            setup.Settings["Storage:DataDirectory"] = installation.Directory;
            setup.Time = null; // the verb went by the real time
        });
        var endpoint = JsonDocument.Parse((await stage.World.OpenBrowser().GetAsync("/.well-known/openid-configuration")).Body)
            .RootElement.GetProperty("registration_endpoint").GetString()!;
        var email = await stage.World.AddUserAsync();

        // Registered, and once only.
        var client = await stage.SendAsync(
            HttpMethod.Post, new Uri(endpoint).PathAndQuery, token, """{"client_name":"Shop","redirect_uris":["https://app.example.com/callback"],"post_logout_redirect_uris":["https://app.example.com/bye"]}""");
        client.Status.ShouldBe(HttpStatusCode.Created, client.Body);
        client.Text("scope").ShouldBe("openid email");
        (await stage.PostAsync(token, RegistrationStage.Least)).Status.ShouldBe(HttpStatusCode.Unauthorized);

        // Signs somebody in.
        (string, string?)[] scope = [("scope", "openid email")];
        var party = stage.PartyOf(client);
        var back = await RegistrationStage.SignInAsync(stage.World.OpenBrowser(), party.Start(scope), email);
        var tokens = await party.ExchangeAsync(back.Parameter("code")!);
        tokens.Status.ShouldBe(HttpStatusCode.OK);
        tokens.IdTokenClaims.GetProperty("aud").GetString().ShouldBe(client.ClientId);
        (await party.UserInfoAsync(tokens.AccessToken!)).Json.GetProperty("email").GetString().ShouldBe(email);

        // Reads, and changes what counts at once.
        (await stage.ReadAsync(client)).Text("client_name").ShouldBe("Shop");
        var changed = await stage.ChangeAsync(client, """{"client_name":"Shop","redirect_uris":["https://app.example.com/elsewhere"]}""");
        changed.Status.ShouldBe(HttpStatusCode.OK, changed.Body);
        changed.Json.GetProperty("post_logout_redirect_uris").GetArrayLength().ShouldBe(0);
        (await stage.World.OpenBrowser().GetAsync(party.Start(scope))).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await stage.World.OpenBrowser().GetAsync(party.Start([.. scope, ("redirect_uri", "https://app.example.com/elsewhere")]))).Status.ShouldBe(HttpStatusCode.Redirect);

        // And goes.
        (await stage.DeleteAsync(client)).Status.ShouldBe(HttpStatusCode.NoContent);
        (await stage.DeleteAsync(client)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await party.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        var listed = await installation.RunAsync("registration-tokens", "list");
        listed.Out.ShouldContain("used up");
        listed.Out.ShouldContain("openid email  Shop team");
        listed.Out.ShouldNotContain(token);
    }

    [Fact]
    public async Task The_operator_lists_and_revokes_tokens()
    {
        using var installation = new VerbRun();
        await installation.RunAsync("registration-tokens", "create", "--label", "Conformance suite", "--uses", "50", "--pkce-off-by-default");
        await installation.RunAsync("registration-tokens", "create", "--label", "Shop", "--pkce-optional");

        var listed = await installation.RunAsync("registration-tokens", "list");
        var lines = listed.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        var id = lines.Single(line => line.EndsWith("Conformance suite", StringComparison.Ordinal)).Split(' ')[0];
        var revoked = await installation.RunAsync("registration-tokens", "revoke", id);
        var again = await installation.RunAsync("registration-tokens", "revoke", id);

        lines.Length.ShouldBe(2);
        lines.ShouldContain(line => line.Contains("50 clients", StringComparison.Ordinal) && line.Contains("PKCE off by default", StringComparison.Ordinal));
        lines.ShouldContain(line => line.Contains("1 client  until", StringComparison.Ordinal) && line.Contains("PKCE optional", StringComparison.Ordinal));
        revoked.ShouldBe(new VerbAnswer(0, $"Revoked {id}. Its clients stay.\n", ""));
        (again.ExitCode, again.Out).ShouldBe((1, ""));
        (await installation.RunAsync("registration-tokens", "list")).Out.ShouldContain($"{id}  revoked");
    }
}
