namespace IdentityServer.Tests.Maintenance;

public sealed class ResourceImportTests : IDisposable
{
    private const string Notes = """{"resource":"https://api.example.com","name":"Notes","scopes":[{"name":"api.read","description":"Read"}]}""";
    private const string Files = """{"resource":"https://files.example.com","name":"Files","scopes":[{"name":"files.read","description":"Read files"}],"access_token_lifetime":60}""";

    private readonly VerbRun _installation = new();

    public void Dispose() => _installation.Dispose();

    [Fact]
    public async Task A_file_is_imported_once_changed_when_it_differs_and_listed_as_it_was_written()
    {
        (await ImportAsync(Files, Notes)).ShouldBe(new VerbAnswer(0, "Resources: 2 added, 0 already there, 0 refused.\n", ""));
        (await ImportAsync(Files, Notes)).ShouldBe(new VerbAnswer(0, "Resources: 0 added, 2 already there, 0 refused.\n", ""));
        var changed = Notes.Replace("Read", "Read all of it", StringComparison.Ordinal);

        (await ImportAsync(Files, changed)).ShouldBe(new VerbAnswer(0, "Resources: 0 added, 1 changed, 1 already there, 0 refused.\n", ""));

        (await _installation.RunAsync("resources", "list")).ShouldBe(new VerbAnswer(0, changed + "\n" + Files + "\n", ""));
    }

    [Fact]
    public async Task Bad_lines_are_named_and_the_good_ones_go_in()
    {
        var answer = await ImportAsync(
            Notes,
            """{"resource":"notes","name":"Notes","scopes":[{"name":"n","description":"N"}]}""",
            """{"resource":"https://else.example.com","name":"Else","scopes":[{"name":"api.read","description":"N"}]}""",
            Files);

        answer.ExitCode.ShouldBe(1);
        answer.Out.ShouldBe("Resources: 2 added, 0 already there, 2 refused.\n");
        answer.Error.ShouldContain("line 2: resource is not an https URI");
        answer.Error.ShouldContain("line 3: scopes[0].name is api.read, a scope of https://api.example.com");
    }

    private Task<VerbAnswer> ImportAsync(params string[] lines) => _installation.RunAsync("resources", "import", _installation.Write("resources.jsonl", lines));
}
