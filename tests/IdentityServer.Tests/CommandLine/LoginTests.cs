using System.Diagnostics;
using System.Text.Json;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.CommandLine;

/// <summary>Signing in to the tool, and what it keeps.</summary>
public sealed class LoginTests(ToolStage stage) : IClassFixture<ToolStage>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private World World => stage.World;

    private string Server => World.Server.Address.AbsoluteUri;

    [Fact]
    public async Task A_person_signs_in_in_their_browser_and_what_is_kept_is_for_them_alone()
    {
        using var tool = new ToolRun();
        var email = await World.AddUserAsync();

        var answer = await Login.RunAsync(tool, World, email);

        answer.ExitCode.ShouldBe(0, answer.Error);
        answer.Out.ShouldBe($"You are signed in to {Server}. idsrv whoami says as whom.\n");
        answer.Error.ShouldMatch($@"\AYour browser opens\. If it does not, open this address on this machine:\n{Server}connect/authorize\?\S+\n\z"); // to be copied whole
        ToolRun.ModeOf(tool.SessionFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
        ToolRun.ModeOf(Path.GetDirectoryName(tool.SessionFile)!).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
        var (access, refresh) = Kept(tool);
        (answer.Out + answer.Error).ShouldNotContain(access);
        (answer.Out + answer.Error).ShouldNotContain(refresh);
        var me = await tool.RunAsync("whoami", "--json");
        me.ExitCode.ShouldBe(0, me.Error);
        me.Json.GetProperty("email").GetString().ShouldBe(email);
        me.Json.GetProperty("client_id").GetString().ShouldBe("idsrv-cli");
    }

    [Fact]
    public async Task The_request_is_bound_to_this_login_and_meant_for_the_management_API()
    {
        using var tool = new ToolRun();
        var asked = new Uri(Server);

        var answer = await Login.RunAsync(tool, World, (_, address) =>
        {
            asked = address;
            return Task.FromResult(Back(address, ("error", "access_denied"), ("iss", Server)));
        });

        Parameter(asked, "code_challenge_method").ShouldBe("S256");
        Parameter(asked, "code_challenge")!.Length.ShouldBe(43);
        Parameter(asked, "state")!.Length.ShouldBe(43);
        Parameter(asked, "resource").ShouldBe($"{Server}api/v1");
        Parameter(asked, "redirect_uri").ShouldStartWith("http://127.0.0.1:");
        answer.ShouldBe(new ToolAnswer(4, "", answer.Error));
        answer.Error.ShouldEndWith("You are not signed in. The server says access_denied\n");
        File.Exists(tool.SessionFile).ShouldBeFalse();
    }

    [Fact]
    public async Task An_answer_of_another_issuer_is_not_taken()
    {
        using var tool = new ToolRun();

        var answer = await Login.RunAsync(tool, World, async (browser, address) =>
        {
            var back = (await browser.SignInAsync(address.PathAndQuery, await World.AddUserAsync())).Location.ShouldNotBeNull();
            return new(back.AbsoluteUri.Replace($"iss={Uri.EscapeDataString(Server)}", "iss=https%3A%2F%2Fevil.example%2F", StringComparison.Ordinal));
        });

        answer.ExitCode.ShouldBe(1);
        answer.Error.ShouldEndWith("The answer came from another server than the one that was asked. Nothing was kept.\n");
        File.Exists(tool.SessionFile).ShouldBeFalse();
    }

    [Fact]
    public async Task An_answer_to_another_request_is_turned_away_and_the_right_one_awaited()
    {
        using var tool = new ToolRun();
        var strange = 0;

        var answer = await Login.RunAsync(tool, World, async (browser, address) =>
        {
            using var http = new HttpClient();
            using var page = await http.GetAsync(Back(new(address.AbsoluteUri.Replace(Parameter(address, "state")!, "another", StringComparison.Ordinal)), ("code", "stolen"), ("iss", Server)), Cancel);
            strange = (int)page.StatusCode;
            return (await browser.SignInAsync(address.PathAndQuery, await World.AddUserAsync())).Location.ShouldNotBeNull();
        });

        strange.ShouldBe(404);
        answer.ExitCode.ShouldBe(0, answer.Error);
    }

    [Theory]
    [InlineData("http://id.example.com", "http is for a server on this machine")]
    [InlineData("id.example.com", "Write the server's address as https://id.example.com")]
    [InlineData(null, "Which server? Add --server https://id.example.com.")]
    public async Task Tokens_do_not_travel_in_the_clear_nor_to_nowhere(string? server, string mend)
    {
        using var tool = new ToolRun();

        var answer = await tool.RunAsync(server is null ? ["login"] : ["login", "--server", server]);

        answer.ExitCode.ShouldBe(2);
        answer.Error.ShouldContain(mend);
    }

    [Fact]
    public async Task A_server_that_calls_itself_otherwise_is_not_the_one_that_was_meant()
    {
        using var tool = new ToolRun();

        var answer = await tool.RunAsync("login", "--server", Server.Replace("127.0.0.1", "localhost", StringComparison.Ordinal));

        answer.ExitCode.ShouldBe(1);
        answer.Error.ShouldContain($"calls itself {Server}. Use the address that it calls itself by.");
    }

    [Fact]
    public async Task Tokens_are_refreshed_when_they_end()
    {
        using var tool = new ToolRun();
        await LoginAsync(tool);
        var before = Kept(tool);

        tool.Clock = new FakeTimeProvider(DateTimeOffset.UtcNow.AddDays(1));
        var me = await tool.RunAsync("whoami");

        me.ExitCode.ShouldBe(0, me.Error);
        var after = Kept(tool);
        after.Access.ShouldNotBe(before.Access);
        after.Refresh.ShouldNotBe(before.Refresh);
        ToolRun.ModeOf(tool.SessionFile).ShouldBe(UnixFileMode.UserRead | UnixFileMode.UserWrite);
    }

    [Fact]
    public async Task A_token_that_the_server_takes_no_more_is_replaced_once()
    {
        using var tool = new ToolRun();
        await LoginAsync(tool);
        var before = Kept(tool);
        await File.WriteAllTextAsync(
            tool.SessionFile, (await File.ReadAllTextAsync(tool.SessionFile, Cancel)).Replace(before.Access, "revoked", StringComparison.Ordinal), Cancel);

        var me = await tool.RunAsync("whoami");

        me.ExitCode.ShouldBe(0, me.Error);
        Kept(tool).Refresh.ShouldNotBe(before.Refresh);
    }

    // Each refresh token is good once: without the lock the server would take the slower process for a thief.
    [Fact]
    public async Task Processes_that_run_at_once_refresh_once()
    {
        using var tool = new ToolRun();
        await LoginAsync(tool);
        var before = Kept(tool);
        var text = await File.ReadAllTextAsync(tool.SessionFile, Cancel);
        await File.WriteAllTextAsync(tool.SessionFile, text.Replace("\"expires_at\": \"20", "\"expires_at\": \"19", StringComparison.Ordinal), Cancel);
        var used = await RefreshesAsync();

        var runs = await Task.WhenAll(Enumerable.Range(0, 4).Select(_ => ProcessAsync(tool, "whoami", "--json")));

        runs.ShouldAllBe(run => run.ExitCode == 0);
        (await RefreshesAsync() - used).ShouldBe(1);
        Kept(tool).Refresh.ShouldNotBe(before.Refresh);
    }

    [Fact]
    public async Task Logout_gives_back_what_login_got()
    {
        using var tool = new ToolRun();
        await LoginAsync(tool);
        var kept = await File.ReadAllTextAsync(tool.SessionFile, Cancel);

        var answer = await tool.RunAsync("logout", "--json");

        answer.ExitCode.ShouldBe(0, answer.Error);
        answer.Json.GetProperty("revoked").GetBoolean().ShouldBeTrue();
        (await File.ReadAllTextAsync(tool.SessionFile, Cancel)).ShouldNotContain("refresh_token");
        (await tool.RunAsync("whoami")).ShouldBe(new ToolAnswer(3, "", $"You are not signed in to {Server}. Run idsrv login --server {Server}.\n"));
        (await tool.RunAsync("logout")).ExitCode.ShouldBe(3);

        // Somebody may have copied the file.
        await File.WriteAllTextAsync(tool.SessionFile, kept, Cancel);
        (await tool.RunAsync("whoami")).ShouldBe(new ToolAnswer(3, "", $"Your sign-in has ended. Run idsrv login --server {Server}.\n"));
    }

    [Fact]
    public async Task A_new_login_gives_the_one_before_back()
    {
        using var tool = new ToolRun();
        await LoginAsync(tool);
        var before = await File.ReadAllTextAsync(tool.SessionFile, Cancel);
        await LoginAsync(tool);
        var after = await File.ReadAllTextAsync(tool.SessionFile, Cancel);

        await File.WriteAllTextAsync(tool.SessionFile, before, Cancel);
        var old = await tool.RunAsync("whoami");
        await File.WriteAllTextAsync(tool.SessionFile, after, Cancel);
        var current = await tool.RunAsync("whoami");

        old.ExitCode.ShouldBe(3);
        current.ExitCode.ShouldBe(0, current.Error);
    }

    [Fact]
    public async Task Without_a_server_that_answers_it_says_so()
    {
        using var tool = new ToolRun();
        tool.Variables["IDSRV_SERVER"] = $"http://127.0.0.1:{TestSupport.FreePort.Find()}";

        var answer = await tool.RunAsync("whoami");

        answer.ExitCode.ShouldBe(1);
        answer.Error.ShouldContain("cannot be reached");
    }

    internal static (string Access, string Refresh) Kept(ToolRun tool)
    {
        var kept = JsonDocument.Parse(File.ReadAllText(tool.SessionFile)).RootElement.GetProperty("servers").EnumerateObject().Single().Value;
        return (kept.GetProperty("access_token").GetString()!, kept.GetProperty("refresh_token").GetString()!);
    }

    // Nobody is sent more than a few codes in an hour.
    private async Task LoginAsync(ToolRun tool) => (await Login.RunAsync(tool, World, await World.AddUserAsync())).ExitCode.ShouldBe(0);

    private static async Task<ToolAnswer> ProcessAsync(ToolRun tool, params string[] args)
    {
        var start = new ProcessStartInfo("dotnet", [Repository.Built("src/IdentityServer.Cli", "IdentityServer.Cli.dll"), .. args])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment = { ["XDG_CONFIG_HOME"] = tool.Directory },
        };
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(Cancel), process.StandardError.ReadToEndAsync(Cancel));
        await process.WaitForExitAsync(Cancel);
        return new(process.ExitCode, await output, await error);
    }

    private Task<int> RefreshesAsync() => World.ReadAsync(db => db.Tokens.CountAsync(token => token.Type!.Contains("refresh_token"), Cancel));

    private static Uri Back(Uri asked, params (string Name, string Value)[] answer) => new(
        Parameter(asked, "redirect_uri") + "?" + string.Join(
            '&', answer.Append(("state", Parameter(asked, "state")!)).Select(pair => $"{pair.Item1}={Uri.EscapeDataString(pair.Item2)}")));

    private static string? Parameter(Uri address, string name) => System.Web.HttpUtility.ParseQueryString(address.Query)[name];
}
