using System.Runtime.Versioning;
using IdentityServer.Storage;

namespace IdentityServer.Settings;

/// <summary>The section <c>Storage</c>: where the data is.</summary>
internal sealed class StorageOptions : ISettings
{
    public static string Section => "Storage";

    public StorageProvider Provider { get; set; } = StorageProvider.Sqlite;

    /// <summary>In the words of Microsoft.Data.Sqlite or of Npgsql. On SQLite it may be left out: a file in the data directory.</summary>
    public string? ConnectionString { get; set; }

    /// <summary>Where the SQLite file and the root secret are kept unless they are configured to be elsewhere.</summary>
    public string? DataDirectory { get; set; }

    public void Check(SettingsCheck check)
    {
        if (string.IsNullOrWhiteSpace(ConnectionString))
        {
            check.Require(
                Provider == StorageProvider.Sqlite,
                nameof(ConnectionString),
                "is missing.",
                "Give PostgreSQL's, such as Host=db.example.com;Database=identityserver;Username=identityserver;Password=...");
        }
        else if (new StorageSettings(Provider, ConnectionString).Fault() is { } fault)
        {
            check.Refuse(nameof(ConnectionString), fault, Provider == StorageProvider.Sqlite ? "Give one such as Data Source=/var/lib/identityserver/identityserver.db." : "Give one such as Host=db.example.com;Database=identityserver;Username=identityserver;Password=...");
        }
    }

    /// <summary>What the storage is opened with.</summary>
    public StorageSettings Resolve(DataDirectory directory) =>
        new(Provider, string.IsNullOrWhiteSpace(ConnectionString) ? $"Data Source={directory.File("identityserver.db")}" : ConnectionString);
}

/// <summary>The directory of the installation's own files. Made when first needed, for nobody but the server's user.</summary>
internal sealed class DataDirectory(string path)
{
    private const string Name = ".data";
    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;

    /// <summary>
    /// The configured directory; else <c>.data</c> at the root of the source tree when the program was built in one, so that every
    /// way of starting it from source finds the same data; else <c>.data</c> beside the program's files.
    /// </summary>
    public static DataDirectory Choose(string? configured, string contentRoot)
    {
        if (!string.IsNullOrWhiteSpace(configured))
        {
            return new(System.IO.Path.GetFullPath(configured));
        }

        for (var directory = new DirectoryInfo(contentRoot); directory is not null; directory = directory.Parent)
        {
            if (System.IO.File.Exists(System.IO.Path.Combine(directory.FullName, "IdentityServer.sln")))
            {
                return new(System.IO.Path.Combine(directory.FullName, Name));
            }
        }

        return new(System.IO.Path.Combine(contentRoot, Name));
    }

    public string Path => path;

    /// <summary>The full path of a file in it.</summary>
    public string File(string name) => System.IO.Path.Combine(path, name);

    /// <summary>
    /// Makes it if it is missing, closed to everybody else. One that is there is closed if it bears our name; any other is left as its
    /// owner made it, since more than our files may be in it, and these close themselves.
    /// </summary>
    /// <exception cref="ConfigurationException">There can be no such directory.</exception>
    public void Ensure()
    {
        try
        {
            if (OperatingSystem.IsWindows())
            {
                Directory.CreateDirectory(path);
            }
            else
            {
                Close(Directory.CreateDirectory(path, Own));
            }
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw Unusable(path);
        }
    }

    /// <summary>What to say when the server's files cannot be kept there.</summary>
    public static ConfigurationException Unusable(string path) => new(
        $"{StorageOptions.Section}:{nameof(StorageOptions.DataDirectory)}",
        $"is {path}, where the server cannot keep its files.",
        "Give a directory that the server's user may make or write to.");

    [UnsupportedOSPlatform("windows")]
    private static void Close(DirectoryInfo directory)
    {
        if (directory.Name != Name || directory.LinkTarget is not null || (directory.UnixFileMode & ~Own) == 0)
        {
            return;
        }

        try
        {
            directory.UnixFileMode &= Own;
        }
        catch (UnauthorizedAccessException)
        {
            // Another user's after all.
        }
    }
}
