using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using IdentityServer.Tests.Support;

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

    private async Task FailAsync(string clientId, string redirectUri) => await stage.World.OpenBrowser().GetAsync(
        $"/connect/authorize?client_id={clientId}&response_type=code&scope=openid&redirect_uri={Uri.EscapeDataString(redirectUri)}");

    private async Task TokenFailureAsync(string clientId)
    {
        using var http = stage.World.Server.CreateClient(cookies: false);
        using var fields = new FormUrlEncodedContent(new Dictionary<string, string> { ["client_id"] = clientId, ["grant_type"] = "client_credentials" });
        using var response = await http.PostAsync("/connect/token", fields, Cancel);
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
