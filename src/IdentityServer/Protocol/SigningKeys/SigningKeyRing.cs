using IdentityServer.Domain.SigningKeys;
using IdentityServer.Secrets;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
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

    private static IEnumerable<string> Ids(IEnumerable<SigningCredentials> keys) => keys.Select(key => key.Key.KeyId);
}

/// <summary>
/// The installation's signing keys: shared by all nodes through the database, made there by exactly one of them when due, kept in
/// memory and looked at again from time to time.
/// </summary>
internal sealed class SigningKeyRing(
    IServiceScopeFactory scopes, InstallationLock installationLock, SigningKeyMaterial material, InstallationSecrets secrets, TimeProvider time)
    : IDisposable
{
    private const string EncryptionPurpose = "token-encryption";

    // ES256 first: it signs faster. RS256 is what every relying party must know (OpenID Connect Core §15.1).
    private static readonly string[] Algorithms = [SecurityAlgorithms.EcdsaSha256, SecurityAlgorithms.RsaSha256];

    private readonly Dictionary<string, RingKey> _read = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _loading = new(1, 1);
    private SigningKeySet? _current;

    /// <summary>The keys of now.</summary>
    /// <exception cref="InvalidOperationException">Nothing is loaded: the ring is loaded while the server starts.</exception>
    public SigningKeySet Current => Volatile.Read(ref _current) ?? throw new InvalidOperationException("The signing keys are loaded while the server starts.");

    public bool IsLoaded => Volatile.Read(ref _current) is not null;

    /// <summary>What signs for a client that registered an algorithm.</summary>
    /// <param name="algorithm"><c>ES256</c> or <c>RS256</c>.</param>
    /// <exception cref="ArgumentException">No key of ours signs with it.</exception>
    public SigningCredentials For(string algorithm) =>
        Current.Signers.FirstOrDefault(signer => string.Equals(signer.Algorithm, algorithm, StringComparison.Ordinal))
        ?? throw new ArgumentException($"No key signs with {algorithm}.", nameof(algorithm));

    /// <summary>Makes the keys that are due, drops those that have expired, and takes up what the database says.</summary>
    /// <returns>Whether anything changed.</returns>
    public async Task<bool> LoadAsync(CancellationToken cancellationToken)
    {
        await _loading.WaitAsync(cancellationToken);
        try
        {
            var rows = await RowsAsync(cancellationToken);
            if (NeedsWork(rows, time.GetUtcNow()))
            {
                rows = await installationLock.RunAsync(MaintainAsync, cancellationToken);
            }

            var encryption = await secrets.CurrentAsync(EncryptionPurpose, cancellationToken);
            var set = Assemble(rows, encryption);
            var changed = !IsLoaded || !set.IsSameAs(Current);
            if (changed)
            {
                Volatile.Write(ref _current, set);
            }

            return changed;
        }
        finally
        {
            _loading.Release();
        }
    }

    public void Dispose() => _loading.Dispose();

    private static bool NeedsWork(List<SigningKey> rows, DateTimeOffset now) =>
        rows.Exists(row => !PeriodOf(row).IsPublishedAt(now)) || Algorithms.Any(algorithm => KeySchedule.Due(PeriodsOf(rows, algorithm), now) is not null);

    // Under the lock, what was read before it may have changed: everything is looked at anew.
    private async Task<List<SigningKey>> MaintainAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
        var rows = await db.SigningKeys.ToListAsync(cancellationToken);
        var now = time.GetUtcNow();
        foreach (var algorithm in Algorithms)
        {
            if (KeySchedule.Due(PeriodsOf(rows, algorithm), now) is { } due)
            {
                db.SigningKeys.Add(material.Create(algorithm, due, now));
            }
        }

        db.SigningKeys.RemoveRange(rows.Where(row => !PeriodOf(row).IsPublishedAt(now)));
        await db.SaveChangesAsync(cancellationToken);
        return await RowsAsync(cancellationToken);
    }

    private async Task<List<SigningKey>> RowsAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        return await scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>().SigningKeys.AsNoTracking()
            .OrderBy(row => row.CreatedAt).ThenBy(row => row.Id).ToListAsync(cancellationToken);
    }

    private SigningKeySet Assemble(List<SigningKey> rows, SecretKey encryption)
    {
        var now = time.GetUtcNow();
        var published = rows.Where(row => PeriodOf(row).IsPublishedAt(now)).Select(KeyOf).ToList();
        var signers = Algorithms
            .Select(algorithm => KeySchedule.Signer([.. published.Where(key => key.Credentials.Algorithm == algorithm)], key => key.Period, now).Credentials)
            .ToList();
        var symmetric = new SymmetricSecurityKey(encryption.Bytes.ToArray()) { KeyId = encryption.Id };
        return new SigningKeySet(
            signers,
            [.. published.Select(key => key.Credentials).Except(signers)],
            new EncryptingCredentials(symmetric, SecurityAlgorithms.Aes256KW, SecurityAlgorithms.Aes256CbcHmacSha512));
    }

    // One object per key for good: signature providers are cached by it.
    private RingKey KeyOf(SigningKey row)
    {
        if (!_read.TryGetValue(row.Id, out var key))
        {
            _read.Add(row.Id, key = material.Read(row));
        }

        return key;
    }

    private static List<KeyPeriod> PeriodsOf(List<SigningKey> rows, string algorithm) => [.. rows.Where(row => row.Algorithm == algorithm).Select(PeriodOf)];

    private static KeyPeriod PeriodOf(SigningKey row) => new(row.ActivatesAt, row.RetiresAt, row.ExpiresAt);
}
