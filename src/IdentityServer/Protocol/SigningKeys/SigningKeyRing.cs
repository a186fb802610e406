using IdentityServer.Domain.SigningKeys;
using IdentityServer.Secrets;
using IdentityServer.Storage.Entities;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Protocol.SigningKeys;

/// <summary>What the installation signs with at one moment.</summary>
/// <param name="Signers">The key that signs, for each algorithm, in order of our own preference.</param>
/// <param name="Others">Keys that are only published: announced or retired.</param>
/// <param name="Encryption">What seals tokens that only we read. Symmetric: an RSA key would cost a private-key operation each time.</param>
internal sealed record SigningKeySet(IReadOnlyList<SigningCredentials> Signers, IReadOnlyList<SigningCredentials> Others, EncryptingCredentials Encryption)
{
    /// <summary>Whether the same keys sign and the same are published.</summary>
    public bool IsSameAs(SigningKeySet other) => Ids(Signers).SequenceEqual(Ids(other.Signers)) && Ids(Others).SequenceEqual(Ids(other.Others));

    /// <summary>Whether a key of this name is published.</summary>
    public bool Publishes(string kid) => Ids(Signers).Concat(Ids(Others)).Contains(kid, StringComparer.Ordinal);

    private static IEnumerable<string> Ids(IEnumerable<SigningCredentials> keys) => keys.Select(key => key.Key.KeyId);
}

/// <summary>
/// The installation's signing keys: shared by all nodes through the database, made there by exactly one of them when due, kept in
/// memory and looked at again every few seconds.
/// </summary>
internal sealed class SigningKeyRing(
    SigningKeyUpkeep upkeep, SigningKeyMaterial material, InstallationSecrets secrets, ServerOptionsRefresh refresh, TimeProvider time) : IDisposable
{
    private const string EncryptionPurpose = "token-encryption";

    private readonly SemaphoreSlim _loading = new(1, 1);
    private Dictionary<string, SigningCredentials> _read = new(StringComparer.Ordinal);
    private SigningKeySet? _current;
    private long? _looked;

    /// <summary>The keys of now.</summary>
    /// <exception cref="InvalidOperationException">Nothing is loaded: the ring is loaded while the server starts.</exception>
    public SigningKeySet Current => Volatile.Read(ref _current) ?? throw new InvalidOperationException("The signing keys are loaded while the server starts.");

    public bool IsLoaded => Volatile.Read(ref _current) is not null;

    /// <summary>What signs for a client that registered an algorithm.</summary>
    /// <param name="algorithm">One of <see cref="SigningKeyMaterial.Algorithms"/>.</param>
    /// <exception cref="ArgumentException">No key of ours signs with it.</exception>
    public SigningCredentials For(string algorithm) =>
        Current.Signers.FirstOrDefault(signer => string.Equals(signer.Algorithm, algorithm, StringComparison.Ordinal))
        ?? throw new ArgumentException($"No key signs with {algorithm}.", nameof(algorithm));

    /// <summary>
    /// Takes up what the database says, unless it was asked lately. Makes the keys that are due, and drops those that have expired. OpenIddict
    /// has the keys when this returns.
    /// </summary>
    /// <param name="lately">How old the last look may be. It counts as one even when it failed: a database that is away is not pressed.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    /// <returns>Whether anything changed.</returns>
    public async Task<bool> LookAsync(TimeSpan lately, CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            if (_looked is { } last && time.GetElapsedTime(last) < lately)
            {
                return false;
            }

            _looked = time.GetTimestamp();
            var set = Assemble(await upkeep.RowsAsync(cancellationToken), await secrets.CurrentAsync(EncryptionPurpose, cancellationToken));
            var first = !IsLoaded;
            if (!first && set.IsSameAs(Current))
            {
                return false;
            }

            Volatile.Write(ref _current, set);
            if (!first)
            {
                refresh.Trigger();
            }

            return true;
        }
        finally
        {
            _loading.Release();
        }
    }

    public void Dispose() => _loading.Dispose();

    private SigningKeySet Assemble(List<SigningKey> rows, SecretKey encryption)
    {
        var now = time.GetUtcNow();
        var keys = rows.Where(row => row.RevokedAt is null && SigningKeyUpkeep.PeriodOf(row).IsPublishedAt(now)).ToDictionary(row => row.Id, KeyOf);

        // One object per key while it is published: signature providers are cached by it.
        _read = keys.ToDictionary(key => key.Key, key => key.Value.Credentials, StringComparer.Ordinal);
        var signers = SigningKeyMaterial.Algorithms
            .Select(algorithm => KeySchedule.Signer([.. keys.Values.Where(key => key.Credentials.Algorithm == algorithm)], key => key.Period, now).Credentials)
            .ToList();
        var symmetric = new SymmetricSecurityKey(encryption.Bytes.ToArray()) { KeyId = encryption.Id };
        return new SigningKeySet(
            signers,
            [.. keys.Values.Select(key => key.Credentials).Except(signers)],
            new EncryptingCredentials(symmetric, SecurityAlgorithms.Aes256KW, SecurityAlgorithms.Aes256CbcHmacSha512));
    }

    private RingKey KeyOf(SigningKey row) =>
        new(_read.TryGetValue(row.Id, out var known) ? known : material.Read(row), SigningKeyUpkeep.PeriodOf(row));
}
