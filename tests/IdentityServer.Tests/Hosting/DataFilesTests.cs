using System.Globalization;
using System.Runtime.Versioning;
using IdentityServer.Settings;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Hosting;

/// <summary>Password hashes and keys are in these files: they are their owner's, whatever the directory around them is.</summary>
[UnsupportedOSPlatform("windows")]
public sealed class DataFilesTests : IDisposable
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode OpenDirectory = (UnixFileMode)0b111_101_101;
    private const UnixFileMode ClosedDirectory = (UnixFileMode)0b111_000_000;

    private readonly DirectoryInfo _root = Directory.CreateTempSubdirectory("identityserver-files-");

    public static bool OnUnix => !OperatingSystem.IsWindows();

    public void Dispose() => _root.Delete(recursive: true);

    [Theory(SkipUnless = nameof(OnUnix), Skip = "Windows has no such modes.")]
    [InlineData(false)]
    [InlineData(true)]
    public async Task In_a_directory_that_everybody_may_enter_the_servers_files_are_its_own(bool namedInConnectionString)
    {
        var open = _root.CreateSubdirectory("open");
        open.UnixFileMode = OpenDirectory;
        var file = namedInConnectionString ? "elsewhere.db" : "identityserver.db";
        await using var server = await TestServer.StartAsync(setup =>
        {
            setup.Settings["Storage:DataDirectory"] = open.FullName;
            setup.Settings["Storage:ConnectionString"] = namedInConnectionString ? $"Data Source={Path.Combine(open.FullName, file)}" : null;
        });

        var files = open.GetFiles().ToDictionary(found => found.Name, found => found.UnixFileMode);

        files.Keys.ShouldBe([file, $"{file}-shm", $"{file}-wal", $"{file}.lock", "root.secret"], ignoreOrder: true);
        files.Values.ShouldAllBe(mode => mode == OwnerOnly);
        open.Refresh();
        open.UnixFileMode.ShouldBe(OpenDirectory, "there may be more in it than ours");
    }

    [Theory(SkipUnless = nameof(OnUnix), Skip = "Windows has no such modes.")]
    [InlineData("Data Source={0}/made.db")]
    [InlineData("Data Source={0}/made.db;Mode=ReadWrite")]
    public async Task What_the_verb_makes_is_its_own_as_well(string connectionString)
    {
        _root.UnixFileMode = OpenDirectory;
        var answer = await ProgramRun.RunAsync(
            null,
            "--environment=Development",
            $"--Storage:DataDirectory={_root.FullName}",
            $"--Storage:ConnectionString={string.Format(CultureInfo.InvariantCulture, connectionString, _root.FullName)}",
            "db",
            "migrate");

        answer.ExitCode.ShouldBe(0, answer.Error);
        answer.Out.ShouldContain("Applied");
        new FileInfo(Path.Combine(_root.FullName, "made.db")).UnixFileMode.ShouldBe(OwnerOnly);
    }

    [Theory(SkipUnless = nameof(OnUnix), Skip = "Windows has no such modes.")]
    [InlineData(".data", false, ClosedDirectory)]
    [InlineData(".data", true, ClosedDirectory)]
    [InlineData("data", false, ClosedDirectory)]
    [InlineData("data", true, OpenDirectory)]
    public void A_directory_of_our_own_name_or_making_is_closed(string name, bool exists, UnixFileMode mode)
    {
        var directory = new DirectoryInfo(Path.Combine(_root.FullName, name));
        if (exists)
        {
            directory.Create();
            directory.UnixFileMode = OpenDirectory;
        }

        new DataDirectory(directory.FullName).Ensure();

        directory.Refresh();
        directory.UnixFileMode.ShouldBe(mode);
    }

    [Fact(SkipUnless = nameof(OnUnix), Skip = "Windows has no such modes.")]
    public async Task A_database_that_is_there_keeps_the_mode_that_its_owner_gave_it()
    {
        var file = new FileInfo(Path.Combine(_root.FullName, "identityserver.db"));
        await file.Create().DisposeAsync();
        file.UnixFileMode = OwnerOnly | UnixFileMode.GroupRead;
        await using var server = await TestServer.StartAsync(setup => setup.Settings["Storage:DataDirectory"] = _root.FullName);

        file.Refresh();
        file.UnixFileMode.ShouldBe(OwnerOnly | UnixFileMode.GroupRead);
    }
}
