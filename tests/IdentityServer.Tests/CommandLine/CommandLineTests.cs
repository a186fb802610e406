using System.Diagnostics;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.CommandLine;

/// <summary>What the tool says of itself, and how it takes a command line; no server is needed for it.</summary>
public sealed class CommandLineTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("root", "--help")]
    [InlineData("login", "login --help")]
    [InlineData("logout", "logout -h")]
    [InlineData("whoami", "whoami -?")]
    [InlineData("clients", "clients --help")]
    [InlineData("clients-list", "clients list --help")]
    [InlineData("clients-create", "clients create --help")]
    [InlineData("clients-show", "clients show --help")]
    [InlineData("clients-update", "clients update --help")]
    [InlineData("clients-delete", "clients delete --help")]
    [InlineData("clients-secrets", "clients secrets --help")]
    [InlineData("clients-secrets-list", "clients secrets list --help")]
    [InlineData("clients-secrets-create", "clients secrets create --help")]
    [InlineData("clients-secrets-retire", "clients secrets retire --help")]
    [InlineData("clients-logs", "clients logs --help")]
    [InlineData("clients-doctor", "clients doctor --help")]
    [InlineData("test-users", "test-users --help")]
    [InlineData("test-users-list", "test-users list --help")]
    [InlineData("test-users-create", "test-users create --help")]
    [InlineData("test-users-delete", "test-users delete --help")]
    [InlineData("test-users-mail", "test-users mail --help")]
    [InlineData("completion", "completion --help")]
    public async Task Help_says_what_a_command_takes_and_answers(string snapshot, string commandLine)
    {
        using var tool = new ToolRun();

        var answer = await tool.RunAsync(commandLine.Split(' '));

        answer.ExitCode.ShouldBe(0);
        answer.Error.ShouldBeEmpty();
        Snapshot.ShouldMatch($"CommandLine/Snapshots/{snapshot}.txt", answer.Out);
    }

    [Theory]
    [InlineData("", "A command is missing. There are: login, logout, whoami, clients, test-users, completion. See idsrv --help.")]
    [InlineData("client list", "'client' is not a command of idsrv. There are: login,")]
    [InlineData("clients", "A command is missing. There are: list, create, show, update, delete, secrets, logs, doctor. See idsrv clients --help.")]
    [InlineData("clients secrets lst", "'lst' is not a command of idsrv clients secrets.")]
    [InlineData("clients create", "'--name' is required")]
    [InlineData("clients create --name Shop --kind tree", "'web-server'")]
    [InlineData("clients create --name Shop --kind web-server", "Where do people come back to? Add --redirect-uri.")]
    [InlineData("clients create --name Shop --kind machine --metadata /no/such/file", "--metadata cannot be read")]
    [InlineData("clients update shop", "What is to change?")]
    [InlineData("clients show", "See idsrv clients show --help.")]
    [InlineData("clients delete shop --nay", "'--nay'")]
    [InlineData("clients secrets create shop --expires 0", "--expires is 0, and not 1 to 3650 days.")]
    [InlineData("clients secrets retire shop s1", "Nobody can be asked here. Add --yes if you mean it.")]
    [InlineData("clients logs shop --last 51", "--last is not a number from 1 to 50.")]
    [InlineData("clients doctor shop --secret-stdin", "Standard input holds no secret.")]
    [InlineData("test-users delete shop u1", "Nobody can be asked here. Add --yes if you mean it.")]
    [InlineData("test-users mail shop u1 --wait 601", "--wait is not a number from 0 to 600.")]
    [InlineData("test-users mail shop u1 --since yesterday", "--since is no moment; write it as 2026-03-02T09:00:00Z.")]
    [InlineData("completion tcsh", "'bash'")]
    public async Task A_wrong_command_line_names_the_mend(string commandLine, string mend)
    {
        using var tool = new ToolRun();

        var answer = await tool.RunAsync(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries));

        answer.ExitCode.ShouldBe(2, answer.Error);
        answer.Error.ShouldContain(mend);
        answer.Out.ShouldBeEmpty();
        Directory.EnumerateFileSystemEntries(tool.Directory).ShouldBeEmpty();
    }

    [Theory]
    [InlineData("whoami")]
    [InlineData("clients list")]
    [InlineData("clients create --name Shop --kind machine")]
    [InlineData("clients show shop")]
    [InlineData("clients update shop --name Shop")]
    [InlineData("clients delete shop --yes")]
    [InlineData("clients secrets list shop")]
    [InlineData("clients secrets create shop")]
    [InlineData("clients secrets retire shop s1 --yes")]
    [InlineData("clients logs shop")]
    [InlineData("clients doctor shop")]
    [InlineData("test-users list shop")]
    [InlineData("test-users create shop")]
    [InlineData("test-users delete shop u1 --yes")]
    [InlineData("test-users mail shop u1")]
    [InlineData("logout")]
    public async Task Whoever_is_not_signed_in_is_told_so(string commandLine)
    {
        using var tool = new ToolRun();

        var answer = await tool.RunAsync(commandLine.Split(' '));

        answer.ExitCode.ShouldBe(3);
        answer.Error.ShouldStartWith("You are not signed in.");
        answer.Out.ShouldBeEmpty();
    }

    [Fact]
    public async Task The_version_is_that_of_the_repository()
    {
        using var tool = new ToolRun();
        var version = System.Text.RegularExpressions.Regex.Match(
            await File.ReadAllTextAsync(Path.Combine(Repository.Root, "Directory.Build.props"), Cancel), "<Version>(.+)</Version>").Groups[1].Value;

        (await tool.RunAsync("--version")).Out.ShouldStartWith(version);
    }

    [Fact]
    public async Task Somebody_who_answers_no_is_taken_at_their_word()
    {
        using var tool = new ToolRun { Typed = "n\n" };

        var answer = await tool.RunAsync("test-users", "delete", "shop", "u1");

        answer.ExitCode.ShouldBe(130);
        answer.Error.ShouldBe("Delete the test user u1? [y/N] Nothing was done.\n");
    }

    [Theory]
    [InlineData("clients ", "create,delete,doctor,list,logs,secrets,show,update")]
    [InlineData("clients s", "secrets,show")]
    [InlineData("clients secrets r", "retire")]
    [InlineData("clients doctor shop --s", "--secret-stdin,--server")]
    [InlineData("clients create --kind ", "machine,native,single-page,web-server")]
    [InlineData("comp", "completion")]
    public async Task Words_are_completed(string typed, string completions)
    {
        using var tool = new ToolRun();

        var answer = await tool.RunAsync(["complete", "--", .. typed.Split(' ')]);

        string.Join(',', answer.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries)).ShouldBe(completions);
    }

    [Fact]
    public async Task Bash_completes_by_the_script()
    {
        using var tool = new ToolRun();
        var script = (await tool.RunAsync("completion", "bash")).Out;
        var program = Path.Combine(tool.Directory, "idsrv");
        await File.WriteAllTextAsync(program, $"#!/bin/sh\nexec dotnet {Repository.Built("src/IdentityServer.Cli", "IdentityServer.Cli.dll")} \"$@\"\n", Cancel);
        ToolRun.MakeProgram(program);

        var start = new ProcessStartInfo("bash", ["--norc", "-c", $"PATH={tool.Directory}:$PATH\n{script}\nCOMP_WORDS=(idsrv clients s) COMP_CWORD=2\n_idsrv\necho \"${{COMPREPLY[*]}}\""])
        {
            RedirectStandardOutput = true,
        };
        using var bash = Process.Start(start)!;
        var completed = await bash.StandardOutput.ReadToEndAsync(Cancel);
        await bash.WaitForExitAsync(Cancel);

        completed.ShouldBe("secrets show\n");
    }

    [Theory]
    [InlineData("bash")]
    [InlineData("zsh")]
    [InlineData("fish")]
    [InlineData("pwsh")]
    public async Task Each_shell_has_a_script(string shell)
    {
        using var tool = new ToolRun();

        var answer = await tool.RunAsync("completion", shell);

        answer.ExitCode.ShouldBe(0);
        answer.Out.ShouldContain("idsrv complete --");
    }

    [Fact]
    public void What_somebody_else_wrote_cannot_command_a_terminal() =>
        Printable.Of("a\u001b[2Jb\u009b31mc\u202ed\ne\u2028f ü 字").ShouldBe("a\\u001b[2Jb\\u009b31mc\\u202ed\\u000ae\\u2028f ü 字");

    [Fact]
    public async Task Colours_are_for_terminals_and_for_whoever_wants_them()
    {
        async Task<string> TableAsync(bool terminal, params (string Name, string Value)[] variables)
        {
            using var written = new StringWriter { NewLine = "\n" };
            var settings = variables.ToDictionary();
            var context = new ToolContext(new(TextReader.Null, written, TextWriter.Null, CanAsk: false, terminal), settings.GetValueOrDefault, TimeProvider.System, () => new());
            await new Output(context, json: false).TableAsync(["id"], [["a"], [null]]);
            return written.ToString();
        }

        (await TableAsync(terminal: true)).ShouldBe("\u001b[2mid\u001b[0m\na\n-\n");
        (await TableAsync(terminal: false)).ShouldBe("id\na\n-\n");
        (await TableAsync(terminal: true, ("NO_COLOR", "1"))).ShouldBe("id\na\n-\n");
        (await TableAsync(terminal: true, ("TERM", "dumb"))).ShouldBe("id\na\n-\n");
    }

    // A secret and a code are worth as much as the address that they are sent to.
    [Theory]
    [InlineData("https://evil.example/connect/token")]
    [InlineData("http://id.example.com/connect/token")]
    [InlineData("https://id.example.com:8443/connect/token")]
    [InlineData("/connect/token")]
    public async Task Endpoints_of_another_host_are_not_followed(string token)
    {
        using var http = new HttpClient(new Answering(
            $$"""{"issuer":"https://id.example.com/","authorization_endpoint":"https://id.example.com/connect/authorize","token_endpoint":"{{token}}"}"""));

        (await ServerDocument.ReadAsync(http, new("https://id.example.com/"), Cancel)).ShouldBeOfType<ServerAnswer.Unknown>()
            .Problem.ShouldBe("The discovery document of https://id.example.com/ names no endpoints of its own.");
    }

    [Theory]
    [InlineData("https://id.example.com", "https://id.example.com/")]
    [InlineData("https://id.example.com/tenant/", "https://id.example.com/tenant/")]
    [InlineData("http://localhost:5080", "http://localhost:5080/")]
    [InlineData("http://[::1]:5080/", "http://[::1]:5080/")]
    [InlineData("http://id.example.com", null)]
    [InlineData("https://user@id.example.com", null)]
    [InlineData("https://id.example.com/?a=b", null)]
    [InlineData("ftp://id.example.com", null)]
    [InlineData("", null)]
    public void A_server_is_named_by_an_address_that_keeps_secrets(string text, string? address) =>
        (ServerAddress.TryParse(text, out var parsed) ? parsed.AbsoluteUri : null).ShouldBe(address);

    [Theory]
    [InlineData("/home/ada/.conf", "/home/ada/.conf/idsrv")]
    [InlineData("relative", null)]
    [InlineData("", null)]
    public void Files_are_where_XDG_has_them(string chosen, string? folder)
    {
        var context = new ToolContext(new(TextReader.Null, TextWriter.Null, TextWriter.Null, false, false), name => name == "XDG_CONFIG_HOME" ? chosen : null, TimeProvider.System, () => new());

        context.ConfigurationFolder.ShouldBe(folder ?? Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.ApplicationData), "idsrv"));
    }

    /// <summary>A server that says one thing.</summary>
    private sealed class Answering(string json) : HttpMessageHandler
    {
        protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken) =>
            Task.FromResult(new HttpResponseMessage { Content = new StringContent(json) });
    }
}
