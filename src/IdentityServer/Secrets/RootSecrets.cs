using System.Collections.Concurrent;
using IdentityServer.Settings;

namespace IdentityServer.Secrets;

/// <summary>
/// The root secrets that this process can read: the present one, and the one before while it is being replaced. What a process has read
/// once it knows for as long as it runs, so nothing it works on becomes unreadable under its hands.
/// </summary>
internal abstract class RootSecrets
{
    private readonly ConcurrentDictionary<string, RootSecret> _known = new(StringComparer.Ordinal);

    /// <summary>The one that everything is wrapped under from now on.</summary>
    /// <exception cref="ConfigurationException">It cannot be read.</exception>
    public RootSecret Current => Remember(ReadCurrent());

    /// <summary>The one of an id, which stands beside what is wrapped under it; null when this process cannot have it.</summary>
    /// <exception cref="ConfigurationException">A file that should hold one cannot be read.</exception>
    public RootSecret? Find(string id)
    {
        if (_known.TryGetValue(id, out var known))
        {
            return known;
        }

        Remember(ReadCurrent());
        if (ReadPrevious() is { } previous)
        {
            Remember(previous);
        }

        return _known.GetValueOrDefault(id);
    }

    protected abstract RootSecret ReadCurrent();

    protected abstract RootSecret? ReadPrevious();

    private RootSecret Remember(RootSecret secret) => _known.GetOrAdd(secret.Id, secret);
}

/// <summary>Those that the configuration gives: as they were when the process started.</summary>
internal sealed class GivenRootSecrets(RootSecret current, RootSecret? previous) : RootSecrets
{
    /// <summary>Whether one before the present one is given.</summary>
    public bool HasPrevious => previous is not null;

    protected override RootSecret ReadCurrent() => current;

    protected override RootSecret? ReadPrevious() => previous;
}

/// <summary>
/// Those in the data directory, made there at the first start. A verb may replace them while servers run, so they are read anew: the present
/// one whenever something is wrapped, which is every few weeks, and both when something is met that is wrapped under an unknown one.
/// </summary>
/// <param name="directory">Where they are.</param>
/// <param name="given">One that the configuration gives to read beside them.</param>
internal sealed class RootSecretFiles(DataDirectory directory, RootSecret? given) : RootSecrets
{
    private bool _made;

    private string Present => directory.File(RootSecretFile.DefaultName);

    /// <summary>Where the one before is kept.</summary>
    public string Previous => Present + ".previous";

    /// <summary>First step of a replacement: the present one is kept as the one before, in the place of whatever was there.</summary>
    public void KeepPresent() => RootSecretFile.Write(Previous, ReadCurrent(), overwrite: true);

    /// <summary>Second step: a new one takes the place of the present one.</summary>
    public void PutNew() => RootSecretFile.Write(Present, RootSecret.Generate(), overwrite: true);

    protected override RootSecret ReadCurrent()
    {
        // Made once and never again: a file that is lost while the server runs must not be replaced by another secret.
        if (!_made)
        {
            directory.Ensure();
            RootSecretFile.EnsureMade(Present);
            _made = true;
        }

        return RootSecretFile.Read(Present);
    }

    protected override RootSecret? ReadPrevious() => File.Exists(Previous) ? RootSecretFile.Read(Previous) : given;
}
