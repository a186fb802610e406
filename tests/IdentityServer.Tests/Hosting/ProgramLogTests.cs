namespace IdentityServer.Tests.Hosting;

public sealed class ProgramLogTests : IDisposable
{
    // Told at the first start of any installation.
    private const string Told = "The demo client";

    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("identityserver-log-");

    public void Dispose() => _directory.Delete(recursive: true);

    [Fact]
    public async Task A_person_reads_one_line_for_each_entry()
    {
        var lines = await LogAsync([]);

        lines.Single(line => line.Contains(Told, StringComparison.Ordinal)).ShouldMatch("^[0-9]{2}:[0-9]{2}:[0-9]{2}       The demo client ");
    }

    [Fact]
    public async Task A_collector_gets_json_when_it_asks_for_it()
    {
        var lines = await LogAsync(new() { ["Logging__Console__FormatterName"] = "json" });

        lines.Single(line => line.Contains(Told, StringComparison.Ordinal)).ShouldStartWith("{\"EventId\":");
    }

    private async Task<string[]> LogAsync(Dictionary<string, string> environment)
    {
        await using var run = ProgramRun.Start(
            environment, "--environment=Development", "--urls=http://127.0.0.1:0", $"--Storage:DataDirectory={_directory.FullName}");
        var said = await run.SaysAsync(Told);
        run.Interrupt();
        await run.EndAsync();
        return said.Split('\n', StringSplitOptions.TrimEntries).Where(line => line.Contains(Told, StringComparison.Ordinal)).Take(1).ToArray();
    }
}
