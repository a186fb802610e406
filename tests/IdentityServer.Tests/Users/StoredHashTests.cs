using System.Buffers.Binary;
using System.Text;
using IdentityServer.Users.Hashing;
using NSec.Cryptography;

namespace IdentityServer.Tests.Users;

public sealed class StoredHashTests
{
    private const string Salt = "c29tZXNhbHRzb21lc2FsdA";
    private const string Tag = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8";

    // Argon2id: the reference implementation's own tests. PBKDF2 and bcrypt: computed by other implementations.
    [Theory]
    [InlineData("argon2id", "password", "$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHQ$nf65EOgLrQMR/uIPnA4rEsF5h7TKyQwu9U1bMCHGi/4")]
    [InlineData("argon2id", "password", "$argon2id$v=19$m=256,t=2,p=2$c29tZXNhbHQ$bQk8UB/VmZZF4Oo79iDXuL5/0ttZwg2f/5U52iv1cDc")]
    [InlineData("argon2id", "password", "$argon2id$v=19$m=65536,t=2,p=1$c29tZXNhbHQ$CTFhFdXPJO1aFaMaO6Mm5c8y7cJHAph8ArZWb2GRPPc")]
    [InlineData("identity-v3", "my password", "AQAAAAAAAAD6AAAAEAhftMyfTJylOlZT+eEotFXd1elee8ih5WsjXaR3PA9M")]
    [InlineData("identity-v3", "violet lantern 42", "AQAAAAAAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg+/bmRbp03mTUInwOp+BUyivPAWA40HWPiEk0BExRKwVQ==")]
    [InlineData("identity-v3", "violet lantern 42", "AQAAAAEAACcQAAAAEAABAgMEBQYHCAkKCwwNDg8QjSE33yO19cPsZnGiMWjiptucydxk8148/Zj5Gczh/w==")]
    [InlineData("identity-v3", "violet lantern 42", "AQAAAAIAAYagAAAAEAABAgMEBQYHCAkKCwwNDg9D9rN+18bWKVBCoLUi7vZYlpD3jCXnB39fzkBmRLhP8Q==")]
    [InlineData("identity-v3", "Äpfel & Birnen 7", "AQAAAAIAAAPoAAAAEAABAgMEBQYHCAkKCwwNDg8KAtThjH530kfQFyfZthcT7Hm5Qp8W0LFSe/YL65inCg==")]
    [InlineData("bcrypt", "U*U", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW")]
    [InlineData("bcrypt", "U*U*", "$2a$05$CCCCCCCCCCCCCCCCCCCCC.VGOzA784oUp/Z0DY336zx7pLYAy0lwK")]
    [InlineData("bcrypt", "U*U*U", "$2a$05$XXXXXXXXXXXXXXXXXXXXXOAcXxm9kjPGEMsLznoKqmqw7tc8WCx4a")]
    [InlineData("bcrypt", "violet lantern 42", "$2b$04$abcdefghijklmnopqrstuui.RNRme.yxM2gMFQnWLqu4.Ja0o7Bj.")]
    [InlineData("bcrypt", "Äpfel & Birnen 7", "$2y$04$abcdefghijklmnopqrstuu8z3O4tqWqImPYv9ugbrTxFLDuUx1Sou")]
    public void A_hash_that_another_system_made_matches_its_password_and_no_other(string format, string password, string text)
    {
        var hash = Parse(text);

        hash.Format.ShouldBe(format);
        hash.IsCurrent.ShouldBeFalse();
        hash.Matches(password).ShouldBeTrue();
        hash.Matches(password + "x").ShouldBeFalse();
        hash.Matches(password.ToUpperInvariant() + "?").ShouldBeFalse();
        hash.Matches("").ShouldBeFalse();
    }

    [Fact]
    public void A_new_hash_is_Argon2id_with_our_parameters_under_a_salt_of_its_own()
    {
        var (first, second) = (Argon2idHash.Create("violet lantern 42"), Argon2idHash.Create("violet lantern 42"));

        first.ShouldStartWith("$argon2id$v=19$m=19456,t=2,p=1$");
        first.ShouldNotBe(second);
        Parse(first).IsCurrent.ShouldBeTrue();
        Parse(first).Matches("violet lantern 42").ShouldBeTrue();
        Parse(first).Matches("violet lantern 43").ShouldBeFalse();

        var algorithm = PasswordBasedKeyDerivationAlgorithm.Argon2id(
            new Argon2Parameters { DegreeOfParallelism = 1, MemorySize = 19_456, NumberOfPasses = 2 });
        var salt = Convert.FromBase64String(first.Split('$')[4] + "==");
        var tag = algorithm.DeriveBytes(Encoding.UTF8.GetBytes("violet lantern 42"), salt, 32);
        first.Split('$')[5].ShouldBe(Convert.ToBase64String(tag).TrimEnd('='));
    }

    [Theory]
    [InlineData("$argon2id$v=19$m=19456,t=2,p=1$" + Salt + "$" + Tag, true)]
    [InlineData("$argon2id$v=19$m=19457,t=2,p=1$" + Salt + "$" + Tag, false)]
    [InlineData("$argon2id$v=19$m=19456,t=3,p=1$" + Salt + "$" + Tag, false)]
    [InlineData("$argon2id$v=19$m=19456,t=2,p=2$" + Salt + "$" + Tag, false)]
    [InlineData("$argon2id$v=19$m=19456,t=2,p=1$c29tZXNhbHQ$" + Tag, false)]
    [InlineData("$argon2id$v=19$m=19456,t=2,p=1$" + Salt + "$AAECAwQFBgcICQoLDA0ODw", false)]
    public void Only_a_hash_of_our_own_make_is_current(string text, bool current) => Parse(text).IsCurrent.ShouldBe(current);

    [Theory]
    [InlineData("m=262144,t=4,p=1")]
    [InlineData("m=8,t=1,p=1")]
    [InlineData("m=128,t=1,p=16")]
    [InlineData("m=1024,t=1024,p=1")]
    public void Parameters_within_the_bounds_are_taken(string parameters) =>
        StoredHash.TryParse($"$argon2id$v=19${parameters}${Salt}${Tag}", out _, out _).ShouldBeTrue();

    [Theory]
    [InlineData("m=262145,t=1,p=1")]
    [InlineData("m=262144,t=5,p=1")]
    [InlineData("m=1024,t=1025,p=1")]
    [InlineData("m=7,t=1,p=1")]
    [InlineData("m=127,t=1,p=16")]
    [InlineData("m=256,t=1,p=17")]
    [InlineData("m=999999999,t=999999999,p=1")]
    public void Parameters_that_would_stall_sign_ins_are_refused(string parameters) =>
        Reason($"$argon2id$v=19${parameters}${Salt}${Tag}").ShouldStartWith("costs");

    [Theory]
    [InlineData("")]
    [InlineData("m=19456,t=2")]
    [InlineData("t=2,m=19456,p=1")]
    [InlineData("m=019456,t=2,p=1")]
    [InlineData("m=19456,t=0,p=1")]
    [InlineData("m=-1,t=2,p=1")]
    [InlineData("m=19456,t=2,p=1,keyid=AAAA")]
    public void Parameters_in_another_form_are_refused(string parameters) =>
        Reason($"$argon2id$v=19${parameters}${Salt}${Tag}").ShouldContain("PHC form");

    [Theory]
    [InlineData("$argon2i$v=19$m=256,t=2,p=1$" + Salt + "$" + Tag, "not Argon2id")]
    [InlineData("$argon2d$v=19$m=256,t=2,p=1$" + Salt + "$" + Tag, "not Argon2id")]
    [InlineData("$argon2id$v=16$m=256,t=2,p=1$" + Salt + "$" + Tag, "PHC form")]
    [InlineData("$argon2id$m=256,t=2,p=1$" + Salt + "$" + Tag, "PHC form")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$" + Salt + "==$" + Tag, "PHC form")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$" + Salt + "AAA$" + Tag, "base64")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$c29tZXNhbHRzb21lc2FsdB$" + Tag, "base64")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$c2FsdA$" + Tag, "4 bytes of salt")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$" + Salt + "$AAECAwQFBgcICQoL", "12 of hash")]
    [InlineData("$argon2id$v=19$m=256,t=2,p=1$" + Salt + "$" + Tag + "\n", "PHC form")]
    [InlineData("$2x$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "$2x$")]
    [InlineData("$2b$03$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "cost 3")]
    [InlineData("$2b$15$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "cost 15")]
    [InlineData("$2b$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOe", "not a bcrypt hash")]
    [InlineData("$2$05$CCCCCCCCCCCCCCCCCCCCC.E5YPO9kmyuRGyh0XouQYb4YMJKvyOeW", "not a bcrypt hash")]
    [InlineData("$6$saltsalt$AAAA", "not verified here")]
    [InlineData("{SSHA}AAAA", "not verified here")]
    [InlineData("AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMA==", "Identity V2")]
    [InlineData("AgAAAAIAAAPo", "not of ASP.NET Core Identity V3")]
    [InlineData("AQAAAAIAAAPo", "not of ASP.NET Core Identity V3")]
    [InlineData("5f4dcc3b5aa765d61d8327deb882cf99", "not of ASP.NET Core Identity V3")]
    [InlineData("md5:5f4dcc3b", "no hash that is known")]
    [InlineData("", "no hash that is known")]
    public void What_cannot_be_verified_is_refused_with_the_reason(string text, string reason) => Reason(text).ShouldContain(reason);

    [Theory]
    [InlineData(3u, 1_000u, 16u, 32, "pseudo-random function")]
    [InlineData(2u, 0u, 16u, 32, "0 iterations")]
    [InlineData(2u, 2_000_001u, 16u, 32, "2000001 iterations")]
    [InlineData(2u, uint.MaxValue, 16u, 32, "iterations")]
    [InlineData(2u, 1_000u, 15u, 32, "length")]
    [InlineData(2u, 1_000u, 65u, 32, "length")]
    [InlineData(2u, 1_000u, uint.MaxValue, 32, "length")]
    [InlineData(2u, 1_000u, 16u, 15, "length")]
    [InlineData(2u, 1_000u, 16u, 129, "length")]
    public void A_forged_header_of_Identity_V3_is_refused(uint prf, uint iterations, uint saltLength, int subkey, string reason) =>
        Reason(IdentityV3(prf, iterations, saltLength, subkey)).ShouldContain(reason);

    [Fact]
    public void The_most_expensive_Identity_V3_hash_is_taken() =>
        StoredHash.TryParse(IdentityV3(2, 2_000_000, 16, 32), out _, out _).ShouldBeTrue();

    [Fact]
    public void No_hash_is_longer_than_its_column() => Reason(new string('A', 513)).ShouldContain("512");

    // What the system that made the hash did; the Argon2id hash that replaces it covers the whole password.
    [Theory]
    [InlineData(71, false)]
    [InlineData(72, true)]
    [InlineData(73, true)]
    public void Bcrypt_looks_at_72_bytes(int length, bool matches) =>
        Parse("$2b$04$abcdefghijklmnopqrstuubzadhGtS2zEF.gu0yd0opP6cVzb.e0i").Matches(new string('x', length)).ShouldBe(matches);

    private static StoredHash Parse(string text)
    {
        StoredHash.TryParse(text, out var hash, out var reason).ShouldBeTrue(reason);
        return hash!;
    }

    private static string Reason(string text)
    {
        StoredHash.TryParse(text, out _, out var reason).ShouldBeFalse();
        return reason!;
    }

    private static string IdentityV3(uint prf, uint iterations, uint saltLength, int subkey)
    {
        var bytes = new byte[13 + Math.Min(saltLength, 100) + subkey];
        bytes[0] = 1;
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(1), prf);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(5), iterations);
        BinaryPrimitives.WriteUInt32BigEndian(bytes.AsSpan(9), saltLength);
        return Convert.ToBase64String(bytes);
    }
}
