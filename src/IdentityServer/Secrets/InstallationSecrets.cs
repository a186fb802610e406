using System.Collections.Concurrent;
using System.Globalization;
using System.Security.Cryptography;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Secrets;

/// <summary>A secret key of the installation.</summary>
/// <param name="Id">What rows refer to it by.</param>
/// <param name="Bytes">The key; 32 random bytes.</param>
internal sealed record SecretKey(string Id, ReadOnlyMemory<byte> Bytes)
{
    public override string ToString() => $"{nameof(SecretKey)} {Id}";
}

/// <summary>
/// Keys that all nodes share: in the database, wrapped by Data Protection, whose own keys are wrapped by the root secret. Each is made
/// when first asked for, by exactly one node, and kept in memory.
/// </summary>
internal sealed class InstallationSecrets(
    IServiceScopeFactory scopes, InstallationLock installationLock, IDataProtectionProvider protection, TimeProvider time)
{
    private const string OtpPurpose = "otp";
    private const int KeyBytes = 32;

    /// <summary>How soon a node takes up a newer key that another has made.</summary>
    internal static readonly TimeSpan Lately = TimeSpan.FromMinutes(1);

    private readonly IDataProtector _protector = protection.CreateProtector("IdentityServer.InstallationSecrets.v1");
    private readonly ConcurrentDictionary<string, SecretKey> _byId = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, (SecretKey Key, long Looked)> _current = new(StringComparer.Ordinal);

    /// <summary>The key that one-time codes are derived under from now on.</summary>
    public ValueTask<SecretKey> OtpKeyAsync(CancellationToken cancellationToken) => CurrentAsync(OtpPurpose, cancellationToken);

    /// <summary>The key that a challenge's code was derived under; null when there is none of that id.</summary>
    public ValueTask<SecretKey?> OtpKeyAsync(string id, CancellationToken cancellationToken) => FindAsync(OtpPurpose, id, cancellationToken);

    /// <summary>Makes a new key to derive one-time codes under. Codes that are under way stay good: their challenges name the one they are from.</summary>
    public async Task<SecretKey> ReplaceOtpKeyAsync(CancellationToken cancellationToken)
    {
        var key = await installationLock.RunAsync(token => AddAsync(OtpPurpose, token), cancellationToken);
        _current[OtpPurpose] = (key, time.GetTimestamp());
        return key;
    }

    /// <summary>The newest key for a purpose; one that another node made lately may not be known yet.</summary>
    /// <param name="purpose">At most 32 characters.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async ValueTask<SecretKey> CurrentAsync(string purpose, CancellationToken cancellationToken)
    {
        var looked = time.GetTimestamp();
        if (_current.TryGetValue(purpose, out var known)
            && (time.GetElapsedTime(known.Looked, looked) < Lately || !_current.TryUpdate(purpose, (known.Key, looked), known)))
        {
            // Lately, or by somebody else at this moment: of all who derive codes one asks the database, and nobody waits for that.
            return known.Key;
        }

        var key = await LoadNewestAsync(purpose, cancellationToken) ?? await MakeAsync(purpose, cancellationToken);
        _current[purpose] = (key, looked);
        return key;
    }

    private async ValueTask<SecretKey?> FindAsync(string purpose, string id, CancellationToken cancellationToken)
    {
        if (_byId.TryGetValue(id, out var known))
        {
            return known;
        }

        await using var scope = scopes.CreateAsyncScope();
        var row = await scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>().InstallationSecrets.AsNoTracking()
            .FirstOrDefaultAsync(secret => secret.Id == id && secret.Purpose == purpose, cancellationToken);
        return row is null ? null : Unwrap(row);
    }

    private async Task<SecretKey?> LoadNewestAsync(string purpose, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var row = await scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>().InstallationSecrets.AsNoTracking()
            .Where(secret => secret.Purpose == purpose)
            .OrderByDescending(secret => secret.CreatedAt).ThenBy(secret => secret.Id)
            .FirstOrDefaultAsync(cancellationToken);
        return row is null ? null : Unwrap(row);
    }

    private Task<SecretKey> MakeAsync(string purpose, CancellationToken cancellationToken) =>
        installationLock.RunAsync(async token => await LoadNewestAsync(purpose, token) ?? await AddAsync(purpose, token), cancellationToken);

    private async Task<SecretKey> AddAsync(string purpose, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var row = new InstallationSecret
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{purpose}-{now:yyyyMMdd}-{Convert.ToHexStringLower(RandomNumberGenerator.GetBytes(4))}"),
            Purpose = purpose,
            ProtectedValue = _protector.Protect(Convert.ToBase64String(RandomNumberGenerator.GetBytes(KeyBytes))),
            CreatedAt = now,
        };
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
        db.InstallationSecrets.Add(row);
        await db.SaveChangesAsync(cancellationToken);
        return Unwrap(row);
    }

    private SecretKey Unwrap(InstallationSecret row) =>
        _byId.GetOrAdd(row.Id, new SecretKey(row.Id, Convert.FromBase64String(_protector.Unprotect(row.ProtectedValue))));
}
