namespace IdentityServer.Tests.CommandLine;

/// <summary>Secrets at the shell.</summary>
public sealed class SecretCommandTests(ToolStage stage) : IClassFixture<ToolStage>
{
    private ToolRun Tool => stage.Tool;

    [Fact]
    public async Task A_secret_is_made_listed_and_retired()
    {
        var (clientId, first) = await stage.RegisterAsync("web-server");
        var made = await Tool.RunAsync("clients", "secrets", "create", clientId, "--label", "July", "--expires", "30");
        var list = await Tool.RunAsync("clients", "secrets", "list", clientId);
        var secrets = (await Tool.RunAsync("clients", "secrets", "list", clientId, "--json")).Json.GetProperty("items").EnumerateArray().ToList();
        var july = secrets.Single(secret => secret.GetProperty("label").GetString() == "July").GetProperty("secret_id").GetString()!;

        made.ExitCode.ShouldBe(0, made.Error);
        made.Out.ShouldMatch(@"\A\S{30,}\n\z");
        made.Error.ShouldBe($"Made {july}. This is the secret; it is not shown again:\n");
        made.Out.ShouldNotContain(first!);
        list.Out.Split('\n')[0].ShouldMatch(@"\Aid +label +created +expires +last used +retiring it\z");
        list.Out.ShouldMatch($@"(?m)^{july}  July +\d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ  \d{{4}}-\d\d-\d\d \d\d:\d\d:\d\dZ  - +no: \S.*$");
        list.Out.ShouldNotContain(made.Out.Trim());

        var refused = await Tool.RunAsync("clients", "secrets", "retire", clientId, july, "--yes");
        refused.ExitCode.ShouldBe(4);
        refused.Error.ShouldStartWith("It is not known that nothing uses the secret any more. ");
        (await Tool.RunAsync("clients", "secrets", "retire", clientId, july, "--when-safe")).Out.ShouldBe($"{july} goes once nothing uses it any more.\n");
        var forced = await Tool.RunAsync("clients", "secrets", "retire", clientId, july, "--force", "--yes", "--json");
        forced.ExitCode.ShouldBe(0, forced.Error);
        forced.Json.GetProperty("retired").GetBoolean().ShouldBeTrue();
        (await Tool.RunAsync("clients", "secrets", "list", clientId)).Out.ShouldMatch($@"(?m)^{july}  July .* it is over$");
    }

    [Fact]
    public async Task Retiring_at_once_and_later_exclude_each_other() =>
        (await Tool.RunAsync("clients", "secrets", "retire", "shop", "s1", "--when-safe", "--force"))
            .ShouldBe(new ToolAnswer(2, "", "Give --when-safe or --force, not both.\n"));

    [Fact]
    public async Task A_client_that_keeps_no_secret_gets_none()
    {
        var (clientId, _) = await stage.RegisterAsync("single-page");

        var answer = await Tool.RunAsync("clients", "secrets", "create", clientId);

        answer.ExitCode.ShouldBe(4);
        answer.Error.ShouldStartWith("The client proves itself by something else than a secret. ");
        answer.Out.ShouldBeEmpty();
    }
}
