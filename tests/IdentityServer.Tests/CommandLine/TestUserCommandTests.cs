using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.CommandLine;

/// <summary>Test users and their mail, at the shell.</summary>
public sealed class TestUserCommandTests(ToolStage stage) : IClassFixture<ToolStage>
{
    private const string RedirectUri = "https://shop.example.com/cb";
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"; // RFC 7636 appendix B

    [Fact]
    public async Task A_test_signs_in_with_the_code_that_the_tool_reads()
    {
        var (clientId, _) = await stage.RegisterAsync("single-page");
        var made = await stage.Tool.RunAsync("test-users", "create", clientId, "--name", "ci", "--json");
        made.ExitCode.ShouldBe(0, made.Error);
        var (user, email) = (made.Json.GetProperty("user_id").GetString()!, made.Json.GetProperty("email").GetString()!);
        var early = await stage.Tool.RunAsync("test-users", "mail", clientId, user, "--code");
        var browser = stage.World.OpenBrowser();
        var page = await browser.FollowAsync(await browser.GetAsync(Start(clientId)));
        var codePage = await browser.FollowAsync(await browser.EnterPasswordAsync(page, email, made.Json.GetProperty("password").GetString()!));

        var code = await stage.Tool.RunAsync("test-users", "mail", clientId, user, "--wait", "30", "--code");
        var mail = await stage.Tool.RunAsync("test-users", "mail", clientId, user);
        var json = await stage.Tool.RunAsync("test-users", "mail", clientId, user, "--json");
        var later = await stage.Tool.RunAsync("test-users", "mail", clientId, user, "--since", "2100-01-01T00:00:00Z");

        early.ShouldBe(new ToolAnswer(1, "", "No mail with a code is there.\n"));
        code.ExitCode.ShouldBe(0, code.Error);
        code.Out.ShouldMatch(@"\A\d{5}\n\z");
        mail.Out.ShouldContain(code.Out.Trim());
        mail.Out.ShouldMatch(@"\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  .*sign-in code");
        json.Json.GetProperty("items")[0].GetProperty("code").GetString().ShouldBe(code.Out.Trim());
        later.ShouldBe(new ToolAnswer(0, "", "No mail is there.\n"));
        var signedIn = await browser.EnterCodeAsync(codePage, code.Out.Trim());
        signedIn.Status.ShouldBe(HttpStatusCode.SeeOther);
        signedIn.OpensSession.ShouldBeTrue();
    }

    [Fact]
    public async Task Test_users_are_made_listed_and_deleted()
    {
        var (clientId, _) = await stage.RegisterAsync("single-page");

        var made = await stage.Tool.RunAsync("test-users", "create", clientId);
        var list = await stage.Tool.RunAsync("test-users", "list", clientId);
        var user = made.Out.Split('\n')[0].Split(' ')[^1];
        var deleted = await stage.Tool.RunAsync("test-users", "delete", clientId, user, "--yes");
        var again = await stage.Tool.RunAsync("test-users", "delete", clientId, user, "--yes");
        var none = await stage.Tool.RunAsync("test-users", "list", clientId, "--json");

        made.Out.ShouldMatch(@"\Aid        \S+\nemail     test\S*@\S+\npassword  \S+\n\z");
        made.Error.ShouldBe("The password is not shown again.\n");
        list.Out.ShouldMatch($@"\Aid +email +created\n{user}  test\S*@\S+  \d{{4}}-.*Z\n\z");
        deleted.ShouldBe(new ToolAnswer(0, $"Deleted {user}.\n", ""));
        again.ExitCode.ShouldBe(4);
        none.Json.GetProperty("items").GetArrayLength().ShouldBe(0);
    }

    [Fact]
    public async Task Nobody_else_reads_their_mail()
    {
        var (clientId, _) = await stage.RegisterAsync("single-page");
        var user = (await stage.Tool.RunAsync("test-users", "create", clientId, "--json")).Json.GetProperty("user_id").GetString()!;
        using var stranger = new ToolRun();
        (await Login.RunAsync(stranger, stage.World, await stage.World.AddUserAsync())).ExitCode.ShouldBe(0);

        var answer = await stranger.RunAsync("test-users", "mail", clientId, user);

        answer.ExitCode.ShouldBe(4);
        answer.Out.ShouldBeEmpty();
    }

    private static string Start(string clientId) =>
        $"/connect/authorize?client_id={clientId}&response_type=code&scope=openid&state=s&nonce=n&code_challenge_method=S256"
        + $"&code_challenge={Challenge}&redirect_uri={Uri.EscapeDataString(RedirectUri)}";
}
