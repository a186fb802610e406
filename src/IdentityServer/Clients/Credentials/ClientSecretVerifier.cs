using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Networks;

namespace IdentityServer.Clients.Credentials;

/// <summary>What became of a secret that was presented.</summary>
internal abstract record SecretVerdict
{
    private SecretVerdict()
    {
    }

    /// <summary>It is right.</summary>
    /// <param name="SecretId">Which of the client's secrets it is; empty while only a hash is looked at.</param>
    public sealed record Passed(Guid SecretId = default) : SecretVerdict;

    /// <summary>It is wrong.</summary>
    public sealed record Wrong : SecretVerdict;

    /// <summary>The network has guessed wrong too often at this client. Nothing was looked at.</summary>
    public sealed record TooManyGuesses(TimeSpan RetryAfter) : SecretVerdict;

    /// <summary>Too many secrets of this client are being checked. Nothing was looked at.</summary>
    public sealed record Busy(TimeSpan RetryAfter) : SecretVerdict;
}

/// <summary>
/// Checks client secrets. A slow hash is worked out once for each process and secret: after a success the process remembers an HMAC
/// of the right secret under a key that it never shares, and compares with that. Until then a client's slow checks go one at a time, from
/// a short queue of its own, so that wrong guesses at one weak secret hold up no other client.
/// </summary>
internal sealed class ClientSecretVerifier(TimeProvider clock) : IDisposable
{
    /// <summary>Different wrong secrets that a network may try at a client at once, and in each window.</summary>
    internal const int GuessesPerNetwork = 10;

    /// <summary>Different secrets of one client that are checked or wait for it.</summary>
    internal const int PlacesPerClient = 8;

    internal static readonly TimeSpan GuessWindow = TimeSpan.FromMinutes(10);

    private const int Remembered = 10_000;
    private static readonly TimeSpan BusyFor = TimeSpan.FromSeconds(1);

    private readonly byte[] _key = RandomNumberGenerator.GetBytes(32);
    private readonly ConcurrentDictionary<string, string> _known = new(StringComparer.Ordinal);
    private readonly WrongGuesses _guesses = new(Remembered, GuessesPerNetwork, GuessWindow);
    private readonly ClientQueues _queues = new(PlacesPerClient, Math.Max(1, Environment.ProcessorCount / 2));

    /// <summary>Whether the presented text is one of a client's secrets. For those who have been let in: it waits its turn.</summary>
    public async ValueTask<bool> VerifyAsync(IEnumerable<StoredSecret> secrets, string presented, CancellationToken cancellationToken)
    {
        foreach (var secret in secrets.OrderBy(secret => ClientSecretHash.IsSlow(secret.Hash)))
        {
            if (await VerifyAsync(secret.Hash, presented, cancellationToken))
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Whether the presented text is the secret behind the stored one. For those who have been let in: it waits its turn.</summary>
    public async ValueTask<bool> VerifyAsync(string stored, string presented, CancellationToken cancellationToken)
    {
        if (!ClientSecretHash.IsSlow(stored))
        {
            return ClientSecretHash.Matches(stored, presented);
        }

        return ClientSecret.TryParse(presented, out _)
            && (Known(stored, Mark(presented)) ?? await _queues.RunAsync(stored, () => Check(stored, presented), cancellationToken));
    }

    /// <summary>The same for strangers, within their limits.</summary>
    /// <param name="stored">What the client's row holds.</param>
    /// <param name="presented">What somebody claims the secret is.</param>
    /// <param name="network">Where they are; see <see cref="NetworkAddress"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async ValueTask<SecretVerdict> TryVerifyAsync(string stored, string presented, string network, CancellationToken cancellationToken)
    {
        if (!ClientSecretHash.IsSlow(stored))
        {
            return new SecretVerdict.Passed();
        }

        if (!ClientSecret.TryParse(presented, out _))
        {
            return new SecretVerdict.Wrong();
        }

        var (mark, guesser, now) = (Mark(presented), $"{network} {stored}", clock.GetElapsedTime(0));
        if (_guesses.Contain(guesser, mark))
        {
            // A back end with an old secret asks again and again. That is one guess, and no more work.
            return new SecretVerdict.Wrong();
        }

        if (_guesses.Wait(guesser, now) is { } wait)
        {
            return new SecretVerdict.TooManyGuesses(wait);
        }

        // The calls of a back end that has just started come all at once and with one secret: they share one check.
        switch (Known(stored, mark) ?? await _queues.TryShareAsync(stored, mark, () => Check(stored, presented), cancellationToken))
        {
            case true:
                return new SecretVerdict.Passed();
            case false:
                _guesses.Add(guesser, mark, now);
                return new SecretVerdict.Wrong();
            case null:
                return new SecretVerdict.Busy(BusyFor);
        }
    }

    public void Dispose() => _queues.Dispose();

    private bool? Known(string stored, string mark) =>
        _known.TryGetValue(stored, out var known)
            ? CryptographicOperations.FixedTimeEquals(Encoding.ASCII.GetBytes(known), Encoding.ASCII.GetBytes(mark))
            : null;

    private bool Check(string stored, string presented)
    {
        var mark = Mark(presented);
        if (Known(stored, mark) is { } known)
        {
            return known;
        }

        if (!ClientSecretHash.Matches(stored, presented))
        {
            return false;
        }

        if (_known.Count >= Remembered)
        {
            _known.Clear();
        }

        _known[stored] = mark;
        return true;
    }

    private string Mark(string secret) => Convert.ToHexString(HMACSHA256.HashData(_key, Encoding.UTF8.GetBytes(secret)));

    /// <summary>Wrong secrets of late, by who gave them: counted once each, and known again without work.</summary>
    private sealed class WrongGuesses(int capacity, int most, TimeSpan window)
    {
        private readonly Allowance _allowance = new(most, window, capacity);
        private readonly RecentEntries<bool> _marks = new(capacity);
        private readonly Lock _gate = new();

        public bool Contain(string guesser, string mark)
        {
            lock (_gate)
            {
                return _marks.TryGet($"{mark} {guesser}", out _);
            }
        }

        public TimeSpan? Wait(string guesser, TimeSpan now) => _allowance.Wait(guesser, now);

        public void Add(string guesser, string mark, TimeSpan now)
        {
            lock (_gate)
            {
                _marks.Set($"{mark} {guesser}", true);
            }

            _allowance.Spend(guesser, now);
        }
    }
}
