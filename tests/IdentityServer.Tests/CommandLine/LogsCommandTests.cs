using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.CommandLine;

/// <summary>Why requests failed, at the shell.</summary>
public sealed class LogsCommandTests(ToolStage stage) : IClassFixture<ToolStage>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Failures_are_told_with_time_reference_code_and_sentence()
    {
        var (clientId, _) = await stage.RegisterAsync("single-page");
        await FailAsync(clientId, "https://shop.example.com/cb/");
        await FailAsync(clientId, "https://shop.example.com/CB");
        await TokenFailureAsync(clientId);

        var all = await stage.Tool.RunAsync("clients", "logs", clientId);
        var some = await stage.Tool.RunAsync("clients", "logs", clientId, "--code", "redirect_uri_mismatch", "--json");
        var last = await stage.Tool.RunAsync("clients", "logs", clientId, "--last", "1", "--json");
        var none = await stage.Tool.RunAsync("clients", "logs", clientId, "--code", "nonsense");

        all.ExitCode.ShouldBe(0, all.Error);
        all.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length.ShouldBe(3);
        all.Out.Split('\n')[0].ShouldMatch(@"\A\d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ  \S+  redirect_uri_mismatch  \S.*\z");
        all.Out.ShouldContain("https://shop.example.com/cb/");
        var lines = some.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => JsonDocument.Parse(line).RootElement).ToList();
        lines.Select(line => line.GetProperty("code").GetString()).ShouldBe(["redirect_uri_mismatch", "redirect_uri_mismatch"]);
        JsonDocument.Parse(last.Out).RootElement.GetProperty("code").GetString().ShouldNotBe("redirect_uri_mismatch");
        none.ExitCode.ShouldBe(4);
    }

    [Fact]
    public async Task A_client_without_failures_has_none()
    {
        var (clientId, _) = await stage.RegisterAsync("single-page");

        (await stage.Tool.RunAsync("clients", "logs", clientId)).ShouldBe(new ToolAnswer(0, "", "No request of this client failed.\n"));
    }

    [Fact]
    public async Task Following_goes_on_until_it_is_stopped()
    {
        var (clientId, _) = await stage.RegisterAsync("single-page");
        await FailAsync(clientId, "https://shop.example.com/first");
        using var stop = new CancellationTokenSource();
        using var output = new LineWriter();

        var running = stage.Tool.RunAsync(["clients", "logs", clientId, "--follow"], output, stop.Token);
        (await output.Lines.ReadAsync(Cancel)).ShouldContain("https://shop.example.com/first");
        await FailAsync(clientId, "https://shop.example.com/second");
        (await output.Lines.ReadAsync(Cancel)).ShouldContain("https://shop.example.com/second");
        await stop.CancelAsync();

        (await running).ShouldBe(new ToolAnswer(130, "", "Stopped.\n"));
    }

    [Fact]
    public async Task Following_shows_nothing_older_than_what_was_asked_for()
    {
        var (clientId, _) = await stage.RegisterAsync("single-page");
        await FailAsync(clientId, "https://shop.example.com/first");
        await FailAsync(clientId, "https://shop.example.com/second");
        await using var following = Follow(stage.Tool, clientId, "--last", "1");

        (await following.ReadAsync()).ShouldContain("https://shop.example.com/second");
        await FailAsync(clientId, "https://shop.example.com/third");

        (await following.ReadAsync()).ShouldContain("https://shop.example.com/third");
    }

    // Fifty are a page of the API, and what happens in one moment is all new.
    [Fact]
    public async Task Following_misses_none_of_many_and_shows_none_twice()
    {
        var (clientId, _) = await stage.RegisterAsync("single-page");
        await FailAsync(clientId, "https://shop.example.com/first");
        await using var following = Follow(stage.Tool, clientId);
        var shown = new List<string> { await following.ReadAsync() };

        await AddAsync(clientId, [.. Enumerable.Range(0, 120).Select(number => $"many-{number:000}")], TimeSpan.FromSeconds(1));
        await AddAsync(clientId, ["late"], TimeSpan.FromSeconds(-2)); // of another node, which wrote it only now
        while (shown.Count < 122)
        {
            shown.Add(await following.ReadAsync());
        }

        await AddAsync(clientId, ["end"], TimeSpan.FromSeconds(1.5));
        (await following.ReadAsync()).ShouldContain("  end  ");
        shown.Select(line => line.Split("  ")[1]).Distinct().Count().ShouldBe(122);
        shown.ShouldContain(line => line.Contains("  late  ", StringComparison.Ordinal));
    }

    [Fact]
    public async Task Following_outlives_a_server_that_is_away_for_a_while()
    {
        var answers = new Queue<(int, string)>([(200, Items("one")), (0, ""), (503, ""), (429, """{"title":"Too many requests."}"""), (200, Items("two", "one"))]);
        await using var server = new PlayedServer(_ => answers.TryDequeue(out var answer) ? answer : (404, """{"title":"Gone."}"""));
        var clock = new ImpatientClock();
        using var machine = server.Machine();
        machine.Clock = clock;

        var answer = await machine.RunAsync("clients", "logs", "shop", "--follow");

        answer.ExitCode.ShouldBe(4);
        answer.Out.Split('\n', StringSplitOptions.RemoveEmptyEntries).Select(line => line.Split("  ")[1]).ShouldBe(["one", "two"]);
        var said = answer.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries);
        said[0].ShouldStartWith($"{server.Address} cannot be reached: ");
        said[0].ShouldEndWith(" Trying again in 4 seconds.");
        said[1..].ShouldBe(["The server answered 503. Trying again in 8 seconds.", "Too many requests. Trying again in 16 seconds.", "Gone."]);
        clock.Waits.Select(wait => wait.TotalSeconds).ShouldBe([2, 4, 8, 16, 2]);
    }

    [Fact]
    public async Task A_server_that_is_away_from_the_beginning_is_not_waited_for()
    {
        await using var server = new PlayedServer(_ => (503, ""));
        using var machine = server.Machine();

        (await machine.RunAsync("clients", "logs", "shop", "--follow")).ShouldBe(new ToolAnswer(1, "", "The server answered 503.\n"));
    }

    // What comes with a request is anybody's to choose, and a terminal obeys control characters.
    [Fact]
    public async Task What_a_stranger_sent_does_not_command_the_terminal()
    {
        var (clientId, _) = await stage.RegisterAsync("single-page");
        await FailAsync(clientId, "https://shop.example.com/\u001b[2J\u202egnp");

        var answer = await stage.Tool.RunAsync("clients", "logs", clientId);

        answer.ExitCode.ShouldBe(0, answer.Error);
        answer.Out.ShouldContain("redirect_uri_mismatch");
        answer.Out.Where(char.IsControl).ShouldBe("\n");
        answer.Out.ShouldNotContain('\u202e');
    }

    private static string Items(params string[] references) =>
        $$"""{"items":[{{string.Join(',', references.Select(reference => $$"""{"reference":"{{reference}}","at":"2026-03-02T09:00:00Z","code":"c","sentence":"s"}"""))}}],"next":null}""";

    private static Following Follow(ToolRun tool, string clientId, params string[] more) => new(tool, ["clients", "logs", clientId, "--follow", .. more]);

    private Task<int> AddAsync(string clientId, string[] references, TimeSpan fromNow) => stage.World.Server.InScopeAsync(async services =>
    {
        var db = services.GetRequiredService<IdentityServerDbContext>();
        var client = await db.Clients.SingleAsync(row => row.ClientId == clientId, Cancel);
        var at = DateTimeOffset.UtcNow + fromNow;
        db.ClientFailures.AddRange(references.Select(reference => new ClientFailure
        {
            Id = reference,
            ClientRowId = client.Id!,
            At = at,
            Code = "redirect_uri_mismatch",
            Endpoint = "/connect/authorize",
        }));
        return await db.SaveChangesAsync(Cancel);
    });

    private async Task FailAsync(string clientId, string redirectUri) => await stage.World.OpenBrowser().GetAsync(
        $"/connect/authorize?client_id={clientId}&response_type=code&scope=openid&redirect_uri={Uri.EscapeDataString(redirectUri)}");

    private async Task TokenFailureAsync(string clientId)
    {
        using var http = stage.World.Server.CreateClient(cookies: false);
        using var fields = new FormUrlEncodedContent(new Dictionary<string, string> { ["client_id"] = clientId, ["grant_type"] = "client_credentials" });
        using var response = await http.PostAsync("/connect/token", fields, Cancel);
    }

    /// <summary>A tool that follows, until the test has seen enough.</summary>
    private sealed class Following : IAsyncDisposable
    {
        private readonly CancellationTokenSource _stop = new();
        private readonly LineWriter _output = new();
        private readonly Task<ToolAnswer> _running;

        public Following(ToolRun tool, string[] args) => _running = tool.RunAsync(args, _output, _stop.Token);

        public Task<string> ReadAsync() => _output.Lines.ReadAsync(Cancel).AsTask().WaitAsync(TimeSpan.FromSeconds(30), Cancel);

        public async ValueTask DisposeAsync()
        {
            await _stop.CancelAsync();
            await _running;
            _stop.Dispose();
            await _output.DisposeAsync();
        }
    }

    /// <summary>Hands on each line as it is written.</summary>
    private sealed class LineWriter : TextWriter
    {
        private readonly Channel<string> _lines = Channel.CreateUnbounded<string>();

        public ChannelReader<string> Lines => _lines.Reader;

        public override Encoding Encoding => Encoding.UTF8;

        public override Task WriteLineAsync(string? value) => _lines.Writer.WriteAsync(value ?? "").AsTask();
    }
}
