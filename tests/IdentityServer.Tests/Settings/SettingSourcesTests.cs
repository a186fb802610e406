using IdentityServer.Tests.Hosting;

namespace IdentityServer.Tests.Settings;

/// <summary>Where settings come from, tried on the program itself, since environment variables are a process's own.</summary>
public sealed class SettingSourcesTests : IDisposable
{
    private const string Secret = "hush-hush-5f1c";

    private readonly string _directory = Directory.CreateTempSubdirectory("identityserver-settings-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task A_refused_configuration_ends_the_program_with_2_and_its_reasons_on_standard_error()
    {
        var answer = await ProgramRun.RunAsync(
            null, "--environment=Development", $"--Storage:DataDirectory={_directory}/data", "--Mail:Relays:0:Host=relay.example.com",
            "--Mail:Relays:0:UserName=ann", $"--Mail:Relays:0:Pasword={Secret}", $"--Storage:Provider={Secret}");

        answer.ExitCode.ShouldBe(2);
        answer.Out.ShouldBeEmpty();
        answer.Error.ShouldBe($"""
            The server did not start: 3 settings must be mended.

              Storage:Provider
                has a value that is not known.
                Use one of: Sqlite, PostgreSql.

              Mail:Relays:0:Pasword
                is not a setting of this server.
                Remove it, or use one of: Mail:Relays:0:Host, Mail:Relays:0:Port, Mail:Relays:0:Security, Mail:Relays:0:UserName, Mail:Relays:0:Password.

              Mail:Relays:0:Password
                is missing although there is a UserName.
                Set both, or neither.

            """);
        Directory.Exists($"{_directory}/data").ShouldBeFalse("a refused start leaves nothing behind");
    }

    [Fact]
    public async Task The_command_line_wins_over_environment_variables()
    {
        var environment = new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Development",
            ["Product__Name"] = "",
            ["Storage__Provider"] = "Oracle",
            ["Mail__Relays__0__Port"] = "none",
        };

        var answer = await ProgramRun.RunAsync(environment, $"--Storage:DataDirectory={_directory}", "--Product:Name=Example", "--Storage:Provider=Sqlite");

        answer.ExitCode.ShouldBe(2);
        answer.Error.ShouldContain("Mail:Relays:0:Port");
        answer.Error.ShouldNotContain("Product:Name");
        answer.Error.ShouldNotContain("Storage:Provider");
    }

    [Fact]
    public async Task A_variable_that_the_machine_sets_for_itself_is_not_ours()
    {
        var environment = new Dictionary<string, string>
        {
            ["MAIL"] = "/var/mail/ann",
            ["PROXY"] = "http://proxy.example.com:3128",
            ["STORAGE"] = "ssd",
            ["OTP_VERSION"] = "27",
        };

        var answer = await ProgramRun.RunAsync(environment, "--environment=Development", $"--Storage:DataDirectory={_directory}", "db", "migrate");

        answer.ExitCode.ShouldBe(0, answer.Error);
    }

    [Theory]
    [InlineData("Storage:DataDirectory", "{0}/file")]
    [InlineData("Storage:ConnectionString", "Data Source={0}/nowhere/x.db")]
    [InlineData("Storage:ConnectionString", "Data Source={0}/file")]
    [InlineData("Storage:ConnectionString", "Host=127.0.0.1;Port=1;Database=x;Username=x;Password=" + Secret, "--Storage:Provider=PostgreSql")]
    public async Task A_value_that_proves_wrong_only_when_it_is_used_is_refused_like_any_other(string key, string value, string? more = null)
    {
        await File.WriteAllTextAsync($"{_directory}/file", "this is no database", TestContext.Current.CancellationToken);
        string[] args = ["--environment=Development", "--urls=http://127.0.0.1:0", $"--Storage:DataDirectory={_directory}/data",
            $"--{key}={string.Format(System.Globalization.CultureInfo.InvariantCulture, value, _directory)}"];

        var answer = await ProgramRun.RunAsync(null, more is null ? args : [.. args, more]);

        answer.ExitCode.ShouldBe(2, answer.Error);
        answer.Error.ShouldStartWith("The server did not start: one setting must be mended.");
        answer.Error.ShouldContain(key);
        answer.Error.ShouldNotContain(Secret);
        answer.Error.ShouldNotContain("   at ");
        answer.Out.ShouldNotContain("   at ");
    }
}
