using System.Buffers.Binary;
using System.Collections.Immutable;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Users.Hashing;

/// <summary>
/// What is verified in place of a hash for an address that has none. Accounts came from elsewhere with hashes of many costs, so one decoy
/// for all strangers would tell by its time who is a stranger. Each address gets a decoy of a recipe that accounts have, as often as they
/// have it, and always the same one: a slow answer says no more of an unknown address than of a known one.
/// </summary>
internal sealed class DecoyHashes
{
    // An operator may import any number of recipes; past the most frequent of them nothing is learnt from time.
    private const int MostRecipes = 64;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, StoredHash> _met = new(StringComparer.Ordinal);
    private volatile State _state = new(RandomNumberGenerator.GetBytes(32), [new(Argon2idHash.Decoy, 1)]);
    private volatile TaskCompletionSource _surprise = new(TaskCreationOptions.RunContinuationsAsynchronously);

    /// <summary>Completed when a recipe was met that nobody had counted: a new count is due.</summary>
    public Task Surprise => _surprise.Task;

    /// <summary>The decoy of an address. Takes whatever was typed, and takes the same time for all of it.</summary>
    public StoredHash For(string normalizedAddress)
    {
        var state = _state;
        var address = Encoding.UTF8.GetBytes(normalizedAddress);
        var best = state.Shares[0];
        var least = double.PositiveInfinity;
        foreach (var share in state.Shares)
        {
            // Weighted rendezvous hashing: when shares change, no more addresses change their decoy than must, so that hashes which are
            // renewed one by one look alike on both sides.
            var distance = -Math.Log(Fraction(state.Key, address, share.Recipe)) / share.Count;
            if (distance < least)
            {
                (best, least) = (share, distance);
            }
        }

        return best.Decoy;
    }

    /// <summary>Tells of a hash that an account really has.</summary>
    public void Met(StoredHash stored)
    {
        var recipe = stored.Recipe;
        if (_state.Has(recipe))
        {
            return;
        }

        lock (_gate)
        {
            if (_state.Has(recipe) || _met.Count >= MostRecipes)
            {
                return;
            }

            // Too rare for the sample, or new since: at least as likely among strangers from here on.
            _met[recipe] = stored.Twin();
            _state = _state with { Shares = _state.Shares.Add(new(_met[recipe], 1)) };
            _surprise.TrySetResult();
        }
    }

    /// <summary>Takes the place of what was known before.</summary>
    /// <param name="key">Chooses between the recipes; one for all nodes and restarts, and a secret, or anyone could tell whose choice it is.</param>
    /// <param name="sample">Hashes of accounts that stand for all.</param>
    public void Learn(ReadOnlyMemory<byte> key, IReadOnlyCollection<StoredHash> sample)
    {
        var counted = sample.GroupBy(hash => hash.Recipe, StringComparer.Ordinal)
            .OrderByDescending(group => group.Count())
            .Take(MostRecipes)
            .Select(group => new Share(group.First().Twin(), group.Count()))
            .ToList();
        lock (_gate)
        {
            counted.AddRange(_met.Where(met => counted.TrueForAll(share => share.Recipe != met.Key)).Select(met => new Share(met.Value, 1)));
            _state = new(key.ToArray(), counted.Count > 0 ? [.. counted] : [new(Argon2idHash.Decoy, 1)]);
            _surprise = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    // Above zero and at most one; the same everywhere for a key, an address and a recipe.
    private static double Fraction(byte[] key, byte[] address, string recipe)
    {
        Span<byte> hash = stackalloc byte[HMACSHA256.HashSizeInBytes];
        HMACSHA256.HashData(key, [.. address, 0, .. Encoding.ASCII.GetBytes(recipe)], hash);
        return ((BinaryPrimitives.ReadUInt64LittleEndian(hash) >> 11) + 1) * Math.ScaleB(1, -53);
    }

    private sealed record Share(StoredHash Decoy, int Count)
    {
        public string Recipe { get; } = Decoy.Recipe;
    }

    private sealed record State(byte[] Key, ImmutableArray<Share> Shares)
    {
        public bool Has(string recipe) => Shares.Any(share => string.Equals(share.Recipe, recipe, StringComparison.Ordinal));
    }
}
