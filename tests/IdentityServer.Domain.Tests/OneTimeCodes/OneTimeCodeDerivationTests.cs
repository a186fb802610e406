using System.Buffers.Binary;
using IdentityServer.Domain.OneTimeCodes;

namespace IdentityServer.Domain.Tests.OneTimeCodes;

public sealed class OneTimeCodeDerivationTests
{
    private static readonly byte[] Key = [.. Enumerable.Range(0, 32).Select(value => (byte)value)];

    private static readonly OneTimeCodeBinding Binding = new(
        new Guid("0190a5e4-0000-7000-8000-000000000001"),
        new Guid("7b6f3c1e-2d4a-4b5c-8d6e-9f0a1b2c3d4e"),
        Enumerable.Repeat((byte)0xA5, 32).ToArray(),
        Enumerable.Repeat((byte)0x5A, 32).ToArray(),
        CredentialVersion: 3,
        Purpose: "sign-in");

    // Computed by an implementation of its own, in another language.
    [Fact]
    public void A_known_binding_has_its_known_code() => Derive(Binding).ShouldBe("88655");

    [Fact]
    public void A_code_keeps_its_leading_zeros() => Derive(Binding with { Seed = Seed(32) }).ShouldBe("00190");

    // The first draw of this seed lies above the largest multiple of 100,000 that 32 bits hold; taken, it would favour low codes.
    [Fact]
    public void A_draw_that_would_favour_low_codes_is_thrown_away() => Derive(Binding with { Seed = Seed(132_185) }).ShouldBe("71872");

    [Fact]
    public void The_same_binding_gives_the_same_code_again() => Derive(Binding).ShouldBe(Derive(Binding with { }));

    [Fact]
    public void Whatever_the_code_is_bound_to_changes_it()
    {
        OneTimeCodeBinding[] others =
        [
            Binding with { ChallengeId = Guid.Empty },
            Binding with { UserId = Guid.Empty },
            Binding with { Seed = Seed(1) },
            Binding with { BrowserHash = Seed(1) },
            Binding with { CredentialVersion = 4 },
            Binding with { Purpose = "reset" },
        ];

        others.Select(Derive).ShouldAllBe(code => code != Derive(Binding));
        OneTimeCodeDerivation.Derive(Seed(7), Binding).Reveal().ShouldNotBe(Derive(Binding));
    }

    [Fact]
    public void No_byte_can_move_from_one_field_to_the_next()
    {
        var left = Binding with { BrowserHash = "ab"u8.ToArray(), Purpose = "c" };
        var right = Binding with { BrowserHash = "a"u8.ToArray(), Purpose = "bc" };

        Derive(left).ShouldNotBe(Derive(right));
    }

    [Fact]
    public void Codes_are_uniform_over_the_whole_space()
    {
        // 200,000 codes in 1,000 cells of 100 codes: chi-square with 999 degrees of freedom has mean 999 and deviation 44.7. The seeds
        // are fixed, so this is one number; five deviations either way would be a derivation that is not uniform.
        const int Draws = 200_000;
        const int Cells = 1_000;
        var counts = new int[Cells];
        for (var index = 0; index < Draws; index++)
        {
            var code = int.Parse(Derive(Binding with { Seed = Seed(index) }), System.Globalization.CultureInfo.InvariantCulture);
            counts[code / (OneTimeCode.Space / Cells)]++;
        }

        const double Expected = (double)Draws / Cells;
        counts.Sum(count => (count - Expected) * (count - Expected) / Expected).ShouldBeInRange(999 - (5 * 44.7), 999 + (5 * 44.7));
    }

    [Fact]
    public void Each_digit_is_uniform_at_each_place()
    {
        const int Draws = 20_000;
        var counts = new int[OneTimeCode.Length, 10];
        for (var index = 0; index < Draws; index++)
        {
            var code = Derive(Binding with { Seed = Seed(index) });
            for (var place = 0; place < OneTimeCode.Length; place++)
            {
                counts[place, code[place] - '0']++;
            }
        }

        for (var place = 0; place < OneTimeCode.Length; place++)
        {
            // Nine degrees of freedom: 27.9 is passed once in a thousand.
            Enumerable.Range(0, 10).Sum(digit => Math.Pow(counts[place, digit] - (Draws / 10.0), 2) / (Draws / 10.0)).ShouldBeLessThan(27.9);
        }
    }

    [Theory]
    [InlineData(31, 32)]
    [InlineData(33, 32)]
    [InlineData(32, 31)]
    [InlineData(32, 33)]
    public void A_key_or_a_seed_of_another_length_is_a_bug(int key, int seed) =>
        Should.Throw<ArgumentException>(() => OneTimeCodeDerivation.Derive(new byte[key], Binding with { Seed = new byte[seed] }));

    private static string Derive(OneTimeCodeBinding binding) => OneTimeCodeDerivation.Derive(Key, binding).Reveal();

    private static byte[] Seed(int number)
    {
        var seed = new byte[OneTimeCodeDerivation.SeedLength];
        BinaryPrimitives.WriteInt32BigEndian(seed.AsSpan(28), number);
        return seed;
    }
}
