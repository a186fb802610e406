using System.Text;
using IdentityServer.Secrets;
using IdentityServer.Settings;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Secrets;

/// <summary>The one secret outside the database: who may read it, and what happens without the right one.</summary>
public sealed class RootSecretFileTests : IDisposable
{
    private const UnixFileMode OwnFile = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OwnDirectory = OwnFile | UnixFileMode.UserExecute;

    private readonly string _directory = Directory.CreateTempSubdirectory("identityserver-secrets-").FullName;

    public RootSecretFileTests() => Assert.SkipWhen(OperatingSystem.IsWindows(), "File modes are Unix's.");

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private string DataDirectory => Path.Combine(_directory, "made", "by", "the server");

    private string SecretFile => Path.Combine(DataDirectory, "root.secret");

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public async Task The_first_start_makes_it_for_nobody_but_the_servers_user()
    {
        await using (await StartAsync())
        {
            Mode(DataDirectory).ShouldBe(OwnDirectory);
            Mode(SecretFile).ShouldBe(OwnFile);
            Convert.FromBase64String(await File.ReadAllTextAsync(SecretFile, Cancel)).Length.ShouldBe(32);
            Directory.GetFiles(DataDirectory, "root.secret*").ShouldBe([SecretFile], "the draft is gone");
        }
    }

    [Fact]
    public async Task The_next_start_uses_the_one_that_is_there()
    {
        await using (await StartAsync())
        {
        }

        var made = await File.ReadAllTextAsync(SecretFile, Cancel);
        await using (await StartAsync())
        {
            (await File.ReadAllTextAsync(SecretFile, Cancel)).ShouldBe(made);
        }
    }

    [Fact]
    public async Task Two_installations_have_two()
    {
        await using var one = await TestServer.StartAsync();
        await using var two = await TestServer.StartAsync();

        Id(one).ShouldNotBe(Id(two));
    }

    [Theory]
    [InlineData(UnixFileMode.GroupRead)]
    [InlineData(UnixFileMode.OtherRead)]
    [InlineData(UnixFileMode.GroupWrite)]
    [InlineData(UnixFileMode.OtherWrite)]
    [InlineData(UnixFileMode.OtherExecute)]
    public async Task A_file_that_others_may_read_or_change_is_refused_with_its_mend(UnixFileMode open)
    {
        await using (await StartAsync())
        {
        }

        SetMode(SecretFile, OwnFile | open);

        var refused = await RefusalAsync();
        refused.Key.ShouldBe("RootSecret:File");
        refused.Problem.ShouldContain(SecretFile);
        refused.Mend.ShouldContain($"chmod 600 {SecretFile}");
    }

    [Theory]
    [InlineData("")]
    [InlineData("not base64, and not a secret at all")]
    [InlineData("c2hvcnQ=")]
    [InlineData("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MA==")] // 31 bytes
    public async Task A_file_without_a_whole_secret_is_refused_and_left_as_it_is(string content)
    {
        Write(content);

        var refused = await RefusalAsync();

        refused.Key.ShouldBe("RootSecret:File");
        refused.Problem.ShouldContain("does not hold base64 of at least 32 bytes");
        refused.Mend.ShouldContain("backup");
        (await File.ReadAllTextAsync(SecretFile, Cancel)).ShouldBe(content);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task Another_secret_than_the_databases_stops_the_start(bool lost)
    {
        await using (await StartAsync())
        {
        }

        var right = await File.ReadAllTextAsync(SecretFile, Cancel);
        if (lost)
        {
            File.Delete(SecretFile);
        }
        else
        {
            Write(RootSecret.Generate().Reveal());
        }

        var refused = await RefusalAsync();
        refused.Key.ShouldBe("RootSecret");
        refused.Problem.ShouldContain("is not the one that this database's keys are wrapped under");

        Write(right);
        await using (await StartAsync())
        {
        }
    }

    [Fact]
    public async Task A_configured_secret_wins_and_no_file_is_made_or_read()
    {
        var configured = RootSecret.Generate();
        await using (var server = await StartAsync(("RootSecret:Value", configured.Reveal())))
        {
            Id(server).ShouldBe(configured.Id);
            File.Exists(SecretFile).ShouldBeFalse();
        }

        // A file that is there says nothing then, however wrong it is.
        Write("nonsense");
        await using (var server = await StartAsync(("RootSecret:Value", configured.Reveal())))
        {
            Id(server).ShouldBe(configured.Id);
        }

        var elsewhere = Path.Combine(_directory, "elsewhere");
        await File.WriteAllTextAsync(elsewhere, configured.Reveal() + "\n", Cancel);
        SetMode(elsewhere, OwnFile);
        await using (var server = await StartAsync(("RootSecret:File", elsewhere)))
        {
            Id(server).ShouldBe(configured.Id);
        }
    }

    [Fact]
    public async Task Of_a_value_and_a_file_only_one_may_be_configured()
    {
        var secret = RootSecret.Generate().Reveal();
        Write(secret);

        var refused = await RefusalAsync(("RootSecret:Value", secret), ("RootSecret:File", SecretFile));

        refused.Key.ShouldBe("RootSecret:File");
        refused.Problem.ShouldBe("is set beside RootSecret:Value.");
    }

    [Fact]
    public void Of_many_that_start_at_once_one_makes_it()
    {
        Directory.CreateDirectory(DataDirectory);

        var ids = Enumerable.Range(0, 16).AsParallel().WithDegreeOfParallelism(8).Select(_ =>
        {
            RootSecretFile.EnsureMade(SecretFile);
            return RootSecretFile.Read(SecretFile).Id;
        }).Distinct().ToList();

        ids.ShouldHaveSingleItem();
        Directory.GetFiles(DataDirectory).ShouldBe([SecretFile]);
    }

    [Fact]
    public void A_secret_is_not_told_by_accident()
    {
        var secret = RootSecret.Generate();

        $"{secret}".ShouldBe($"RootSecret {secret.Id}");
        Encoding.UTF8.GetString(Convert.FromHexString(secret.Id)).ShouldNotContain(secret.Reveal()[..8]);
    }

    private static string Id(TestServer server) => server.Services.GetRequiredService<RootSecrets>().Current.Id;

    private static UnixFileMode Mode(string path) => OperatingSystem.IsWindows() ? UnixFileMode.None : File.GetUnixFileMode(path);

    private Task<TestServer> StartAsync(params (string Key, string Value)[] settings) => TestServer.StartAsync(setup =>
    {
        setup.Settings["Storage:DataDirectory"] = DataDirectory;
        foreach (var (key, value) in settings)
        {
            setup.Settings[key] = value;
        }
    });

    private async Task<ConfigurationProblem> RefusalAsync(params (string Key, string Value)[] settings)
    {
        var refused = await Should.ThrowAsync<ConfigurationException>(() => StartAsync(settings));
        foreach (var (_, value) in settings.Where(setting => setting.Key.EndsWith("Value", StringComparison.Ordinal)))
        {
            refused.Message.ShouldNotContain(value);
        }

        return refused.Problems.ShouldHaveSingleItem();
    }

    private void Write(string content)
    {
        Directory.CreateDirectory(DataDirectory);
        File.WriteAllText(SecretFile, content);
        SetMode(SecretFile, OwnFile);
    }

    private static void SetMode(string path, UnixFileMode mode)
    {
        if (!OperatingSystem.IsWindows())
        {
            File.SetUnixFileMode(path, mode);
        }
    }
}
