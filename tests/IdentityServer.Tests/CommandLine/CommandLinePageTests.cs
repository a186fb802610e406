using System.Diagnostics;
using System.Text;
using System.Text.RegularExpressions;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.CommandLine;

/// <summary>The commands on the tool's page are run as they stand there, by a real shell and the real program.</summary>
public sealed partial class CommandLinePageTests(ToolStage stage) : IClassFixture<ToolStage>
{
    private const string Challenge = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM"; // RFC 7636 appendix B

    private static readonly string _page = File.ReadAllText(Path.Combine(Repository.Root, "docs", "cli.md"));

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public void Every_block_says_who_runs_it() =>
        Fence().Count(_page).ShouldBe(Block().Count(_page) * 2, "A block without a mark is run by nobody.");

    [Fact]
    public async Task Its_commands_do_what_it_says()
    {
        var blocks = Block().Matches(_page).Where(block => block.Groups["by"].Value == "test").ToList();
        using var tool = new ToolRun();
        (await Login.RunAsync(tool, stage.World, await stage.World.AddUserAsync())).ExitCode.ShouldBe(0); // what the first block does
        blocks.First(block => block.Groups["language"].Value == "sh").Groups["code"].Value.ShouldBe("idsrv login --server https://id.example.com\n");

        var script = new StringBuilder("set -eu\n");
        foreach (var block in blocks.Where(block => block.Groups["language"].Value == "sh").Skip(1))
        {
            // The person who enters address and password is played between the two blocks.
            var name = block.Groups["name"].Value;
            script.Append(name == "code" ? "echo \"$client $email $password\" > \"$TOLD\"\n" : "").Append(block.Groups["code"].Value)
                .Append(name == "code" ? "test ${#code} -eq 5\n" : "");
        }

        using (var pipe = Process.Start("mkfifo", [Path.Combine(tool.Directory, "told")]))
        {
            await pipe.WaitForExitAsync(Cancel);
        }

        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
        var running = BashAsync(tool, script.ToString(), stop.Token);
        try
        {
            await EnterPasswordAsync(tool, running);
        }
        catch
        {
            await stop.CancelAsync(); // or it would go on in a folder that is deleted
            await Task.WhenAny(running);
            throw;
        }

        var answer = await running;

        answer.ExitCode.ShouldBe(0, answer.Error + answer.Out);
        foreach (var line in blocks.Single(block => block.Groups["language"].Value == "text").Groups["code"].Value.Split('\n'))
        {
            answer.Out.ShouldContain(line);
        }
    }

    // As a test's browser would.
    private async Task EnterPasswordAsync(ToolRun tool, Task<ToolAnswer> running)
    {
        var told = Task.Run(() => File.ReadAllTextAsync(Path.Combine(tool.Directory, "told"), Cancel));
        if (await Task.WhenAny(told, running) == running)
        {
            return; // it stopped before: its exit code says so
        }

        var words = (await told).Trim().Split(' ');
        var start = "/connect/authorize?response_type=code&scope=openid&state=s&nonce=n&code_challenge_method=S256"
            + $"&code_challenge={Challenge}&client_id={words[0]}&redirect_uri={Uri.EscapeDataString("http://localhost:5090/signin-oidc")}";
        var browser = stage.World.OpenBrowser();
        var page = await browser.FollowAsync(await browser.GetAsync(start));
        (await browser.EnterPasswordAsync(page, words[1], words[2])).Status.ShouldBe(System.Net.HttpStatusCode.SeeOther);
    }

    private static async Task<ToolAnswer> BashAsync(ToolRun tool, string script, CancellationToken cancellationToken)
    {
        var program = Path.Combine(tool.Directory, "idsrv-program");
        Directory.CreateDirectory(program);
        program = Path.Combine(program, "idsrv");
        await File.WriteAllTextAsync(program, $"#!/bin/sh\nexec dotnet {Repository.Built("src/IdentityServer.Cli", "IdentityServer.Cli.dll")} \"$@\"\n", Cancel);
        ToolRun.MakeProgram(program);
        var start = new ProcessStartInfo("bash", ["--norc", "-c", script])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
            Environment =
            {
                ["PATH"] = $"{Path.GetDirectoryName(program)}:{Environment.GetEnvironmentVariable("PATH")}",
                ["XDG_CONFIG_HOME"] = tool.Directory,
                ["TOLD"] = Path.Combine(tool.Directory, "told"),
            },
        };
        using var bash = Process.Start(start)!;
        await using var kill = cancellationToken.Register(() => bash.Kill(entireProcessTree: true));
        var (output, error) = (bash.StandardOutput.ReadToEndAsync(Cancel), bash.StandardError.ReadToEndAsync(Cancel));
        await bash.WaitForExitAsync(Cancel);
        return new(bash.ExitCode, await output, await error);
    }

    [GeneratedRegex("<!-- (?<by>test|by hand): (?<name>[a-z ]+) -->\n```(?<language>\\w+)\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex Block();

    [GeneratedRegex("^```", RegexOptions.Multiline)]
    private static partial Regex Fence();
}
