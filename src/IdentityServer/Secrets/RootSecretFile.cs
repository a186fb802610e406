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
    /// <param name="path">Where it is.</param>
    /// <param name="key">The setting that a complaint names.</param>
    /// <exception cref="ConfigurationException">It cannot be read, holds no secret, or others may read it.</exception>
    public static RootSecret Read(string path, string key = $"{nameof(RootSecret)}:{nameof(RootSecretOptions.File)}")
    {
        try
        {
            if (!OperatingSystem.IsWindows() && (File.GetUnixFileMode(path) & Others) != 0)
            {
                throw new ConfigurationException(key, $"{path} is open to other users of this machine.", $"Close it: chmod 600 {path}. If others may have read it, treat it as known to them.");
            }

            return RootSecret.TryParse(File.ReadAllText(path), out var secret)
                ? secret
                : throw new ConfigurationException(key, $"{path} does not hold base64 of at least {RootSecret.LeastBytes} bytes.", "Restore it from its backup: what the database holds cannot be read with another.");
        }
        catch (Exception thrown) when (thrown is IOException or UnauthorizedAccessException)
        {
            throw new ConfigurationException(key, $"{path} cannot be read.", "Give a file that exists and that the server's user may read, or make one: umask 077; head -c 32 /dev/urandom | base64 > FILE");
        }
    }

    /// <summary>Makes the file when it is missing: whole or not at all, and by one of several processes that start at once.</summary>
    /// <exception cref="ConfigurationException">It cannot be made.</exception>
    public static void EnsureMade(string path)
    {
        if (!File.Exists(path))
        {
            Write(path, RootSecret.Generate(), overwrite: false);
        }
    }

    /// <summary>Writes the file: whole or not at all, and on the disk when this returns.</summary>
    /// <param name="path">Where.</param>
    /// <param name="secret">The secret.</param>
    /// <param name="overwrite">Takes the place of what is there; otherwise that is left as it is.</param>
    /// <exception cref="ConfigurationException">It cannot be written.</exception>
    public static void Write(string path, RootSecret secret, bool overwrite)
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
                stream.Write(System.Text.Encoding.ASCII.GetBytes(secret.Reveal() + "\n"));
                stream.Flush(flushToDisk: true);
            }

            File.Move(draft, path, overwrite);

            // Its name too, before anything is wrapped under it: journalling file systems write a renaming down with the file that bears the name.
            using var named = new FileStream(path, FileMode.Open, FileAccess.Write, FileShare.ReadWrite);
            named.Flush(flushToDisk: true);
        }
        catch (IOException) when (!overwrite && File.Exists(path))
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
