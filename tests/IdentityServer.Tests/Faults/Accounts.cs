using System.Collections.Concurrent;
using System.Globalization;
using System.Net;
using IdentityServer.Tests.Support;
using IdentityServer.Users.Hashing;

namespace IdentityServer.Tests.Faults;

/// <summary>Accounts, each for one sign-in: an account is mailed few codes an hour, and so no limit is ever met.</summary>
internal sealed class Accounts(Installation installation)
{
    private const int Batch = 400;

    // Hashing is no part of what is tested: one hash serves all.
    private readonly string _hash = Argon2idHash.Create(World.Password);
    private readonly ConcurrentQueue<int> _free = new();
    private int _made;

    /// <summary>Imports more, unless so many are left.</summary>
    public async Task EnsureAsync(int least)
    {
        if (_free.Count >= least)
        {
            return;
        }

        var numbers = Enumerable.Range(_made, Batch).ToArray();
        await installation.ImportAsync(
            "users",
            numbers.Select(number => (object)new { email = Address(number), password_hash = _hash, email_verified = true }));
        _made += Batch;
        Array.ForEach(numbers, _free.Enqueue);
    }

    /// <summary>A sign-in that is about to begin: an account and a browser, in a network of its own. Null when no account is left.</summary>
    public SignIn? Next()
    {
        if (!_free.TryDequeue(out var number))
        {
            return null;
        }

        var jar = new CookieContainer();
        var connection = installation.CreateClient(jar);
        var network = $"10.{number >> 16}.{(number >> 8) & 255}.{number & 255}";
        return new(Address(number), new Browser(connection, jar, installation.Relay, network), connection);
    }

    private static string Address(int number) => string.Create(CultureInfo.InvariantCulture, $"person-{number}@example.com");
}
