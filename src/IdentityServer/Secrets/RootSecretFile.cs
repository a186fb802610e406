using IdentityServer.Settings;

namespace IdentityServer.Secrets;

/// <summary>The root secret in a file of mode 0600.</summary>
internal static class RootSecretFile
{
    public const string DefaultName = "root.secret";

    private const UnixFileMode Own = UnixFileMode.UserRead | UnixFileMode.UserWrite;
    private const UnixFileMode Others =
        UnixFileMode.GroupRead | UnixFileMode.GroupWrite | UnixFileMode.GroupExecute
        | UnixFileMode.OtherRead | UnixFileMode.OtherWrite | UnixFileMode.OtherExecute;

    /// <summary>Reads the file.</summary>
    /// <exception cref="ConfigurationException">It cannot be read, holds no secret, or others may read it.</exception>
    public static RootSecret Read(string path)
    {
        const string Key = $"{nameof(RootSecret)}:{nameof(RootSecretOptions.File)}";
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            {
                throw new ConfigurationException(Key, $"{path} is open to other users of this machine.", $"Close it: chmod 600 {path}. If others may have read it, treat it as known to them.");
            }

            return RootSecret.TryParse(File.ReadAllText(path), out var secret)
                ? secret
                : throw new ConfigurationException(Key, $"{path} does not hold base64 of at least {RootSecret.LeastBytes} bytes.", "Restore it from its backup: what the database holds cannot be read with another.");
        }
        catch (Exception thrown) when (thrown is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(Key, $"{path} cannot be read.", "Give a file that exists and that the server's user may read, or make one: umask 077; head -c 32 /dev/urandom | base64 > FILE");
        }
    }

    /// <summary>Reads the file, made first when it is missing: whole or not at all, and by one of several processes that start at once.</summary>
    /// <exception cref="ConfigurationException">It can neither be read nor made.</exception>
    public static RootSecret ReadOrMake(string path)
    {
        if (!File.Exists(path))
        {
            Make(path);
        }

        return Read(path);
    }

    private static void Make(string path)
    {
        var draft = $"{path}.{Guid.NewGuid():N}";
        var options = new FileStreamOptions { Mode = FileMode.CreateNew, Access = FileAccess.Write, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = Own;
        }

        try
        {
            using (var stream = new FileStream(draft, options))
            {
                stream.Write(System.Text.Encoding.ASCII.GetBytes(RootSecret.Generate().Reveal() + "\n"));
                stream.Flush(flushToDisk: true);
            }

            File.Move(draft, path, overwrite: false);
        }
        catch (IOException) when (File.Exists(path))
        {
            // Another process was first: its secret holds.
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException)
        {
            throw DataDirectory.Unusable(Path.GetDirectoryName(path)!);
        }
        finally
        {
            File.Delete(draft);
        }
    }
}
