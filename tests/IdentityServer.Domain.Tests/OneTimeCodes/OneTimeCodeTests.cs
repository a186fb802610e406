using CsCheck;
using IdentityServer.Domain.OneTimeCodes;

namespace IdentityServer.Domain.Tests.OneTimeCodes;

public sealed class OneTimeCodeTests
{
    [Fact]
    public void Every_index_has_a_code_of_five_digits_that_parses_back() =>
        Gen.Int[0, OneTimeCode.Space - 1].Sample(index =>
        {
            var code = OneTimeCode.FromIndex(index);
            code.Reveal().Length.ShouldBe(OneTimeCode.Length);
            OneTimeCode.TryParse(code.Reveal(), out var parsed).ShouldBeTrue();
            parsed!.Matches(code).ShouldBeTrue();
            int.Parse(code.Reveal(), System.Globalization.CultureInfo.InvariantCulture).ShouldBe(index);
        });

    [Theory]
    [InlineData(-1)]
    [InlineData(100_000)]
    public void There_are_no_codes_outside_the_space(int index) =>
        Should.Throw<ArgumentOutOfRangeException>(() => OneTimeCode.FromIndex(index));

    [Theory]
    [InlineData("00042", "00042")]
    [InlineData(" 0 0 0 4 2 ", "00042")]
    [InlineData("123-45", "12345")]
    [InlineData("\t12345\r\n", "12345")]
    [InlineData("123\u00A045", "12345")]
    [InlineData("\u200B1\u200C2\u200D3\u20604\uFEFF5", "12345")]
    public void Blanks_and_separators_that_people_paste_are_ignored(string typed, string digits)
    {
        OneTimeCode.TryParse(typed, out var code).ShouldBeTrue();

        code!.Reveal().ShouldBe(digits);
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("42")]
    [InlineData("1234")]
    [InlineData("123456")]
    [InlineData("1234a")]
    [InlineData("+1234")]
    [InlineData("1.234")]
    [InlineData("１２３４５")]
    [InlineData("١٢٣٤٥")]
    [InlineData("1234５")]
    public void Anything_but_five_ASCII_digits_is_malformed(string? typed)
    {
        OneTimeCode.TryParse(typed, out var code).ShouldBeFalse();

        code.ShouldBeNull();
    }

    [Theory]
    [InlineData(59, true)]
    [InlineData(60, false)]
    public void At_most_64_characters_are_looked_at(int blanks, bool taken) =>
        OneTimeCode.TryParse(new string(' ', blanks) + "12345", out _).ShouldBe(taken);

    [Fact]
    public void A_code_matches_itself_and_no_other() =>
        Gen.Select(Gen.Int[0, 99_999], Gen.Int[0, 99_999]).Sample((left, right) =>
            OneTimeCode.FromIndex(left).Matches(OneTimeCode.FromIndex(right)).ShouldBe(left == right));

    [Fact]
    public void A_code_does_not_slip_into_a_log() => $"{OneTimeCode.FromIndex(12_345)}".ShouldNotContain("1");
}
