using System.Collections.Concurrent;
using System.Diagnostics.Metrics;
using IdentityServer.Users;
using IdentityServer.Users.Hashing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging.Abstractions;

namespace IdentityServer.Tests.Users;

public sealed class PasswordHasherTests : IDisposable
{
    private const string Password = "violet lantern 42";
    private const string IdentityV3 = "AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwNDg9D9rN+18bWKVBCoLUi7vZYlpD3jCXnB39fzkBmRLhP8Q==";
    private const string Bcrypt = "$2b$04$abcdefghijklmnopqrstuui.RNRme.yxM2gMFQnWLqu4.Ja0o7Bj.";

    private readonly ServiceProvider _services = new ServiceCollection().AddMetrics().BuildServiceProvider();
    private readonly DecoyHashes _decoys = new();
    private readonly HashingGate _gate = new(workers: 1, queue: 2, TimeProvider.System);
    private readonly MeterListener _listener = new();
    private readonly ConcurrentBag<string> _hashed = [];
    private readonly PasswordHasher _hasher;
    private int _busy;

    public PasswordHasherTests()
    {
        var meters = _services.GetRequiredService<IMeterFactory>();
        _listener.InstrumentPublished = (instrument, listener) =>
        {
            if (instrument.Meter.Scope == meters)
            {
                listener.EnableMeasurementEvents(instrument);
            }
        };
        _listener.SetMeasurementEventCallback<double>((_, _, tags, _) => _hashed.Add((string)tags[0].Value!));
        _listener.SetMeasurementEventCallback<long>((_, value, _, _) => Interlocked.Add(ref _busy, (int)value));
        _listener.Start();
        _hasher = new(_gate, _decoys, new HashingMetrics(meters), TimeProvider.System, NullLogger<PasswordHasher>.Instance);
    }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose()
    {
        _listener.Dispose();
        _gate.Dispose();
        _services.Dispose();
    }

    [Fact]
    public async Task The_right_password_is_right_and_another_is_wrong()
    {
        var stored = await _hasher.HashAsync(Password, Cancel);

        (await VerifyAsync(stored, Password, Cancel)).ShouldBe(new PasswordVerdict.Right(NeedsRehash: false));
        (await VerifyAsync(stored, Password + " ", Cancel)).ShouldBe(new PasswordVerdict.Wrong());
        (await VerifyAsync(stored, "", Cancel)).ShouldBe(new PasswordVerdict.Wrong());
    }

    [Theory]
    [InlineData(Password)]
    [InlineData("")]
    [InlineData("Ａｎｏｔｈｅｒ form")]
    public async Task An_unknown_account_costs_exactly_the_hashes_of_a_known_one(string typed)
    {
        var stored = await _hasher.HashAsync("something else altogether", Cancel);
        _hashed.Clear();

        (await VerifyAsync(stored, typed, Cancel)).ShouldBe(new PasswordVerdict.Wrong());
        var known = _hashed.ToArray();
        _hashed.Clear();
        (await VerifyAsync(null, typed, Cancel)).ShouldBe(new PasswordVerdict.Wrong());

        known.ShouldNotBeEmpty();
        _hashed.ShouldBe(known);
    }

    [Theory]
    [InlineData(Bcrypt, "bcrypt")]
    [InlineData(IdentityV3, "identity-v3")]
    public async Task Where_all_accounts_came_from_elsewhere_an_unknown_one_costs_what_they_cost(string stored, string format)
    {
        StoredHash.TryParse(stored, out var hash, out _).ShouldBeTrue();
        _decoys.Learn(new byte[32], [hash]);

        (await VerifyAsync(stored, "something else", Cancel)).ShouldBe(new PasswordVerdict.Wrong());
        (await VerifyAsync(null, "something else", Cancel)).ShouldBe(new PasswordVerdict.Wrong());

        _hashed.ShouldBe([format, format]);
    }

    [Fact]
    public async Task An_unknown_account_is_wrong_even_for_the_password_of_the_decoy()
    {
        // Whatever the decoy says, nobody is behind it.
        foreach (var typed in new[] { "", "decoy", Password })
        {
            (await VerifyAsync(null, typed, Cancel)).ShouldBeOfType<PasswordVerdict.Wrong>();
        }
    }

    [Theory]
    [InlineData(Bcrypt, "bcrypt")]
    [InlineData(IdentityV3, "identity-v3")]
    public async Task A_hash_of_another_make_is_verified_and_due_for_replacement(string stored, string format)
    {
        (await VerifyAsync(stored, Password, Cancel)).ShouldBe(new PasswordVerdict.Right(NeedsRehash: true));

        _hashed.ShouldBe([format]);
    }

    [Fact]
    public async Task A_password_is_the_same_however_a_keyboard_composes_it()
    {
        var stored = await _hasher.HashAsync("cafe\u0301 au lait 12", Cancel);

        (await VerifyAsync(stored, "caf\u00E9 au lait 12", Cancel)).ShouldBe(new PasswordVerdict.Right(NeedsRehash: false));
    }

    [Fact]
    public async Task A_hash_that_another_system_made_of_the_raw_form_is_verified_and_due_for_replacement()
    {
        // Made of U+FF21 (fullwidth A) as it was typed, which would be a plain A in the form that is hashed here.
        const string OfRawForm = "AQAAAAIAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg8ZXUeoOZuCaXCeLHAGO1r7AmiPHKDDLCTgLiAAl9j89w==";

        (await VerifyAsync(OfRawForm, "\uFF21 pfel full width", Cancel)).ShouldBe(new PasswordVerdict.Right(NeedsRehash: true));
        (await VerifyAsync(OfRawForm, "A pfel full width", Cancel)).ShouldBe(new PasswordVerdict.Wrong());
    }

    [Fact]
    public async Task A_hash_that_cannot_be_read_lets_nobody_in_at_the_usual_cost()
    {
        (await VerifyAsync("$argon2id$v=19$m=999999999,t=9,p=1$AAAA$AAAA", Password, Cancel)).ShouldBe(new PasswordVerdict.Wrong());

        _hashed.ShouldBe(["argon2id"]);
    }

    [Theory]
    [InlineData(Bcrypt, "bcrypt")]
    [InlineData(IdentityV3, "identity-v3")]
    [InlineData(null, "argon2id")]
    public async Task Half_a_surrogate_pair_is_wrong_at_the_cost_of_any_password_of_that_account(string? stored, string format)
    {
        (await VerifyAsync(stored, "violet\uD800", Cancel)).ShouldBe(new PasswordVerdict.Wrong());

        _hashed.ShouldBe([format]);
    }

    [Theory]
    [InlineData(4_096, true)]
    [InlineData(4_097, false)]
    public async Task A_text_longer_than_any_password_is_wrong_unseen_at_the_usual_cost(int length, bool right)
    {
        var stored = await _hasher.HashAsync(new string('x', length), Cancel);
        _hashed.Clear();

        (await VerifyAsync(stored, new string('x', length), Cancel) is PasswordVerdict.Right).ShouldBe(right);

        _hashed.ShouldBe(["argon2id"]);
    }

    [Fact]
    public async Task With_all_places_taken_a_password_is_refused_unchecked_and_counted()
    {
        using var finish = new ManualResetEventSlim();
        var taken = Enumerable.Range(0, 3).Select(_ => _gate.TryRun(() => finish.Wait(TimeSpan.FromSeconds(30)), Cancel)!).ToList();

        var verdict = await VerifyAsync(Bcrypt, Password, Cancel);

        verdict.ShouldBeOfType<PasswordVerdict.Busy>().RetryAfter.ShouldBeGreaterThanOrEqualTo(TimeSpan.FromSeconds(1));
        (await VerifyAsync(null, Password, Cancel)).ShouldBe(verdict, "an unknown account is told the same");
        _hashed.ShouldBeEmpty();
        _busy.ShouldBe(2);

        finish.Set();
        await Task.WhenAll(taken);
        (await VerifyAsync(Bcrypt, Password, Cancel)).ShouldBeOfType<PasswordVerdict.Right>();
    }

    [Fact]
    public async Task Making_a_hash_waits_for_a_place_instead()
    {
        using var finish = new ManualResetEventSlim();
        var taken = Enumerable.Range(0, 3).Select(_ => _gate.TryRun(() => finish.Wait(TimeSpan.FromSeconds(30)), Cancel)!).ToList();
        var hashing = _hasher.HashAsync(Password, Cancel);

        hashing.IsCompleted.ShouldBeFalse();
        finish.Set();

        await Task.WhenAll(taken);
        (await hashing).ShouldStartWith("$argon2id$");
    }

    private Task<PasswordVerdict> VerifyAsync(string? stored, string typed, CancellationToken cancellationToken) =>
        _hasher.VerifyAsync(stored, typed, "somebody@example.com", cancellationToken);
}
