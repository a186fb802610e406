using System.Text;
using IdentityServer.Users.Hashing;

namespace IdentityServer.Tests.Users;

/// <summary>Work is measured by what is hashed, not by a clock: two hashes of one recipe cost the same.</summary>
public sealed class DecoyHashesTests
{
    private const int Addresses = 4_000;

    private static readonly byte[] Key = Encoding.ASCII.GetBytes("a key for the tests of the decoys");
    private static readonly StoredHash Bcrypt = Parse("$2b$12$abcdefghijklmnopqrstuui.RNRme.yxM2gMFQnWLqu4.Ja0o7Bj.");
    private static readonly StoredHash CheapBcrypt = Parse("$2a$10$abcdefghijklmnopqrstuui.RNRme.yxM2gMFQnWLqu4.Ja0o7Bj.");
    private static readonly StoredHash IdentityV3 = Parse("AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwNDg9D9rN+18bWKVBCoLUi7vZYlpD3jCXnB39fzkBmRLhP8Q==");
    private static readonly StoredHash ForeignArgon2 = Parse("$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObG0Lxbz9UTqt8");
    private static readonly StoredHash Ours = Parse(Argon2idHash.Create("violet lantern 42"));

    public static TheoryData<string> Hashes => [.. new[] { Bcrypt, CheapBcrypt, IdentityV3, ForeignArgon2, Ours }.Select(hash => hash.Recipe)];

    [Fact]
    public void Unknown_addresses_get_each_recipe_as_often_as_accounts_have_it()
    {
        var decoys = Learned((Bcrypt, 60), (IdentityV3, 25), (Ours, 10), (CheapBcrypt, 5));

        var counts = Choices(decoys).CountBy(recipe => recipe).ToDictionary();

        counts.Keys.ShouldBe([Bcrypt.Recipe, IdentityV3.Recipe, Ours.Recipe, CheapBcrypt.Recipe], ignoreOrder: true);
        foreach (var (hash, percent) in new[] { (Bcrypt, 60), (IdentityV3, 25), (Ours, 10), (CheapBcrypt, 5) })
        {
            (counts[hash.Recipe] * 100.0 / Addresses).ShouldBe(percent, tolerance: 3, hash.Recipe);
        }
    }

    [Fact]
    public void An_address_gets_the_same_recipe_each_time_at_every_node_and_after_each_count()
    {
        var node = Learned((Bcrypt, 60), (Ours, 40));
        var first = Choices(node).ToList();

        Choices(node).ShouldBe(first);
        Choices(Learned((Ours, 40), (Bcrypt, 60))).ShouldBe(first);
        Choices(Learned((Ours, 80), (Bcrypt, 120))).ShouldBe(first);
        Choices(Learned([.. "another installation has another."u8], (Bcrypt, 60), (Ours, 40))).ShouldNotBe(first);
    }

    [Fact]
    public void When_accounts_are_renewed_by_their_sign_ins_unknown_addresses_only_move_the_same_way()
    {
        var before = Choices(Learned((Bcrypt, 60), (IdentityV3, 30), (Ours, 10))).ToList();
        var after = Choices(Learned((Bcrypt, 40), (IdentityV3, 20), (Ours, 40))).ToList();

        before.Zip(after).Where(move => move.First != move.Second).Select(move => move.Second).Distinct().ShouldBe([Ours.Recipe]);
    }

    [Fact]
    public void A_recipe_too_rare_for_the_sample_is_found_among_unknown_addresses_once_an_account_was_met_with_it()
    {
        var decoys = Learned((Ours, 100));
        decoys.Surprise.IsCompleted.ShouldBeFalse();

        decoys.Met(Bcrypt);

        decoys.Surprise.IsCompleted.ShouldBeTrue("a new count is due");
        Choices(decoys).ShouldContain(Bcrypt.Recipe);
        Learn(decoys, Key, (Ours, 100));
        Choices(decoys).ShouldContain(Bcrypt.Recipe, "a later sample may miss it again");
        decoys.Surprise.IsCompleted.ShouldBeFalse();
        decoys.Met(Bcrypt);
        decoys.Surprise.IsCompleted.ShouldBeFalse("it is counted already");
    }

    [Fact]
    public void Without_accounts_everybody_costs_what_a_new_password_costs() =>
        Choices(Learned()).Distinct().ShouldBe([Ours.Recipe]);

    [Theory]
    [MemberData(nameof(Hashes))]
    public void A_twin_is_another_hash_of_the_same_work(string recipe)
    {
        var hash = new[] { Bcrypt, CheapBcrypt, IdentityV3, ForeignArgon2, Ours }.Single(candidate => candidate.Recipe == recipe);

        var twin = hash.Twin();

        twin.Recipe.ShouldBe(recipe);
        twin.Format.ShouldBe(hash.Format);
        twin.ShouldNotBeSameAs(hash);
        twin.Matches("violet lantern 42").ShouldBeFalse();
    }

    [Fact]
    public void Whatever_changes_the_work_changes_the_recipe()
    {
        string[] stored =
        [
            "$2b$12$abcdefghijklmnopqrstuui.RNRme.yxM2gMFQnWLqu4.Ja0o7Bj.",
            "$2b$11$abcdefghijklmnopqrstuui.RNRme.yxM2gMFQnWLqu4.Ja0o7Bj.",
            "$argon2id$v=19$m=65536,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObG0Lxbz9UTqt8",
            "$argon2id$v=19$m=65536,t=3,p=1$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObG0Lxbz9UTqt8",
            "$argon2id$v=19$m=65536,t=2,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObG0Lxbz9UTqt8",
            "$argon2id$v=19$m=19456,t=3,p=4$c29tZXNhbHRzb21lc2FsdA$RdescudvJCsgt3ub+b4dWRWJTmaaJObG0Lxbz9UTqt8",
            "AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwNDg9D9rN+18bWKVBCoLUi7vZYlpD3jCXnB39fzkBmRLhP8Q==",
            "AQAAAAIAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg8ZXUeoOZuCaXCeLHAGO1r7AmiPHKDDLCTgLiAAl9j89w==",
            "AQAAAAEAAYagAAAAEAABAgMEBQYHCAkKCwwNDg9D9rN+18bWKVBCoLUi7vZYlpD3jCXnB39fzkBmRLhP8Q==",
        ];

        stored.Select(text => Parse(text).Recipe).ShouldBeUnique();
    }

    private static IEnumerable<string> Choices(DecoyHashes decoys) =>
        Enumerable.Range(0, Addresses).Select(number => decoys.For($"nobody-{number}@example.com").Recipe);

    private static DecoyHashes Learned(params (StoredHash Hash, int Count)[] accounts) => Learned(Key, accounts);

    private static DecoyHashes Learned(byte[] key, params (StoredHash Hash, int Count)[] accounts)
    {
        var decoys = new DecoyHashes();
        Learn(decoys, key, accounts);
        return decoys;
    }

    private static void Learn(DecoyHashes decoys, byte[] key, params (StoredHash Hash, int Count)[] accounts) =>
        decoys.Learn(key, [.. accounts.SelectMany(account => Enumerable.Repeat(account.Hash, account.Count))]);

    private static StoredHash Parse(string text) =>
        StoredHash.TryParse(text, out var hash, out var reason) ? hash : throw new FormatException(reason);
}
