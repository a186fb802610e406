using System.Text.Json;
using System.Text.Json.Serialization;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Server;

/// <summary>What a login left: tokens of one server.</summary>
internal sealed record KeptTokens(string AccessToken, DateTimeOffset ExpiresAt, string RefreshToken)
{
    public override string ToString() => $"tokens until {ExpiresAt:O}";
}

/// <summary>All logins of a person on this machine, and which one counts where no server is named.</summary>
internal sealed record KeptSessions(string? Current, Dictionary<string, KeptTokens> Servers)
{
    public static KeptSessions None => new(null, []);
}

/// <summary>
/// Keeps tokens in a file that only its owner can read. Whoever refreshes holds the lock from reading to writing: a refresh token is good
/// once, and of two processes that both used the same one the server would take the second for a thief and end the sign-in.
/// </summary>
internal sealed class SessionFile(ToolContext context)
{
    private const UnixFileMode OwnerOnly = UnixFileMode.UserRead | UnixFileMode.UserWrite;

    private static readonly TimeSpan _pause = TimeSpan.FromMilliseconds(50);
    private static readonly JsonSerializerOptions _json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower,
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull,
        WriteIndented = true,
    };

    /// <summary>Where it is.</summary>
    public string Path => System.IO.Path.Combine(context.ConfigurationFolder, "sessions.json");

    /// <summary>Waits until no other process refreshes or signs in. Disposing lets the next one in; so does the end of the process.</summary>
    public async Task<IDisposable> LockAsync(CancellationToken cancellationToken)
    {
        if (OperatingSystem.IsWindows())
        {
            Directory.CreateDirectory(context.ConfigurationFolder);
        }
        else
        {
            Directory.CreateDirectory(context.ConfigurationFolder, OwnerOnly | UnixFileMode.UserExecute);
        }

        while (true)
        {
            try
            {
                return new FileStream(Path + ".lock", Options(FileMode.OpenOrCreate));
            }
            catch (IOException held) when (held is not (DirectoryNotFoundException or PathTooLongException))
            {
                // In real time, whatever the clock says: it is another process that is waited for.
                await Task.Delay(_pause, cancellationToken);
            }
        }
    }

    /// <summary>What is kept; nothing when there is no file, or none that can be read as one.</summary>
    public async Task<KeptSessions> ReadAsync(CancellationToken cancellationToken)
    {
        try
        {
            await using var file = File.OpenRead(Path);
            var kept = await JsonSerializer.DeserializeAsync<KeptSessions>(file, _json, cancellationToken);
            return kept is { Servers: not null } ? kept : KeptSessions.None;
        }
        catch (Exception nothing) when (nothing is FileNotFoundException or DirectoryNotFoundException or JsonException)
        {
            return KeptSessions.None;
        }
    }

    /// <summary>Puts something in its place, whole or not at all. The caller holds the lock.</summary>
    public async Task WriteAsync(KeptSessions sessions, CancellationToken cancellationToken)
    {
        var draft = Path + ".new";
        File.Delete(draft); // one that a fallen process left might be readable by others
        await using (var file = new FileStream(draft, Options(FileMode.CreateNew)))
        {
            await JsonSerializer.SerializeAsync(file, sessions, _json, cancellationToken);
            file.Flush(flushToDisk: true);
        }

        File.Move(draft, Path, overwrite: true);
    }

    /// <summary>Keeps the tokens of a server, or with null forgets them. The caller holds the lock.</summary>
    public async Task KeepAsync(Uri server, KeptTokens? tokens, bool makeCurrent, CancellationToken cancellationToken)
    {
        var kept = await ReadAsync(cancellationToken);
        var servers = new Dictionary<string, KeptTokens>(kept.Servers, StringComparer.Ordinal);
        if (tokens is null)
        {
            servers.Remove(server.AbsoluteUri);
        }
        else
        {
            servers[server.AbsoluteUri] = tokens;
        }

        await WriteAsync(new(makeCurrent ? server.AbsoluteUri : kept.Current, servers), cancellationToken);
    }

    private static FileStreamOptions Options(FileMode mode)
    {
        var options = new FileStreamOptions { Mode = mode, Access = FileAccess.ReadWrite, Share = FileShare.None };
        if (!OperatingSystem.IsWindows())
        {
            options.UnixCreateMode = OwnerOnly;
        }

        return options;
    }
}
