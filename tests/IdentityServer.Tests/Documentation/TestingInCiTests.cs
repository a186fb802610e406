using IdentityServer.Tests.Api;
using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Documentation;

/// <summary>The script of docs/testing-in-ci.md, run as a pipeline does against an application.</summary>
public sealed class TestingInCiTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_script_signs_a_test_user_in_to_an_application_and_leaves_nothing_behind()
    {
        await using var stage = await ApiStage.StartAsync(configure: setup => setup.Time = null); // applications know no other time
        var email = await stage.World.AddUserAsync();
        var owner = await stage.PersonAsync(email);
        var robot = await ApiStage.CreateAsync(owner, "machine", "clients.test-users");
        var port = FreePort.Find();
        var shop = await owner.PostAsync("/clients", new { kind = "web-server", client_name = "Shop", redirect_uris = new[] { $"http://localhost:{port}/signin-oidc" } });
        await stage.LetAsync(email, robot.Text("client_id")!, shop.Text("client_id")!);
        await using var app = await SampleProcess.StartNewAsync(stage.World.Server.Address, port, shop.Text("client_id")!, shop.Text("client_secret")!, Cancel);
        var folder = Directory.CreateTempSubdirectory("idsrv-docs-").FullName;

        var wrote = await DocumentScript.Of("testing-in-ci.md").RunAsync(folder, new()
        {
            ["ISSUER"] = stage.World.Server.Address.AbsoluteUri.TrimEnd('/'),
            ["CLIENT"] = shop.Text("client_id")!,
            ["MACHINE_ID"] = robot.Text("client_id")!,
            ["MACHINE_SECRET"] = robot.Text("client_secret")!,
            ["APP"] = new Uri(app.Address, "/Account").AbsoluteUri,
        });

        wrote["sign-in"].ShouldContain("Signed in");
        wrote["sign-in"].ShouldContain(wrote["user"].Split(' ')[^1], customMessage: "the subject of the id_token is the test user's");
        (await stage.World.ReadAsync(db => db.Users.CountAsync(user => user.TestOfClientId != null, Cancel))).ShouldBe(0, "the script deletes its user");
        Directory.Delete(folder, recursive: true);
    }
}
