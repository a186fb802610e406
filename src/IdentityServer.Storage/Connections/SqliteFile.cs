using Microsoft.Data.Sqlite;

namespace IdentityServer.Storage.Connections;

/// <summary>The file of a SQLite database.</summary>
internal static class SqliteFile
{
    /// <summary>
    /// Makes a file that is missing, for its owner alone: SQLite itself would let everybody read it who may enter the directory. The log
    /// and the index beside it take its mode. One that is there keeps the mode that its owner gave it.
    /// </summary>
    public static void MakePrivate(string connectionString)
    {
        // A name that begins like this is an address with options, for SQLite alone to read.
        var path = new SqliteConnectionStringBuilder(connectionString).DataSource;
        if (path.StartsWith("file:", StringComparison.OrdinalIgnoreCase) || File.Exists(path))
        {
            return;
        }

        try
        {
            // An empty file is an empty database. Never opened when it is there: closing it would end the locks that SQLite holds on it
            // elsewhere in this process (sqlite.org/howtocorrupt.html §2.2).
            OpenPrivate(path, FileMode.CreateNew, FileShare.ReadWrite).Dispose();
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            // Another process was faster, or the path is no good, which SQLite will say.
        }
    }

    /// <summary>Opens a file; one that is missing is made for its owner alone.</summary>
    public static FileStream OpenPrivate(string path, FileMode mode, FileShare share)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = share };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite;
        }

        return new FileStream(path, options);
    }
}
