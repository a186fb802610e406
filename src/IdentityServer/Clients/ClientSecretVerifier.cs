using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Clients;

/// <summary>
/// Checks client secrets. A slow hash is worked out once for each process and secret: after a success the process remembers an HMAC
/// of the right secret under a key that it never shares, and compares with that. Until then slow checks go one at a time, so that
/// wrong guesses at one weak secret cannot take every core.
/// </summary>
internal sealed class ClientSecretVerifier : IDisposable
{
    private const int Remembered = 10_000;

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<string, byte[]> _known = new(StringComparer.Ordinal);
    private readonly SemaphoreSlim _turn = new(1);

    /// <summary>Whether the presented text is the secret behind the stored one.</summary>
    public ValueTask<bool> VerifyAsync(string stored, string presented, CancellationToken cancellationToken)
    {
        if (!ClientSecretHash.IsSlow(stored))
        {
            return new(ClientSecretHash.Matches(stored, presented));
        }

        return _known.TryGetValue(stored, out var known) ? new(IsKnown(known, presented)) : new(VerifySlowlyAsync(stored, presented, cancellationToken));
    }

    public void Dispose() => _turn.Dispose();

    private async Task<bool> VerifySlowlyAsync(string stored, string presented, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_known.TryGetValue(stored, out var known))
            {
                return IsKnown(known, presented);
            }

            if (!ClientSecretHash.Matches(stored, presented))
            {
                return false;
            }

            if (_known.Count >= Remembered)
            {
                _known.Clear();
            }

            _known[stored] = Mark(presented);
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

    private bool IsKnown(byte[] known, string presented) =>
        presented.Length <= ClientSecret.MaxLength && CryptographicOperations.FixedTimeEquals(known, Mark(presented));

    private byte[] Mark(string secret) => HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(secret));
}
