using CsCheck;
using IdentityServer.Domain.Users;

namespace IdentityServer.Domain.Tests.Users;

public sealed class PasswordRulesTests
{
    private const string Letters = "kvxqzjwmpthbgrfdlncsu";

    [Theory]
    [InlineData(11, typeof(PasswordCheck.TooShort))]
    [InlineData(12, typeof(PasswordCheck.Fine))]
    [InlineData(256, typeof(PasswordCheck.Fine))]
    [InlineData(257, typeof(PasswordCheck.TooLong))]
    [InlineData(100_000, typeof(PasswordCheck.TooLong))]
    public void A_password_has_12_to_256_characters(int length, Type check) =>
        PasswordRules.Check(Uncommon(length)).ShouldBeOfType(check);

    [Theory]
    [InlineData(11, typeof(PasswordCheck.TooShort))]
    [InlineData(12, typeof(PasswordCheck.Fine))]
    [InlineData(256, typeof(PasswordCheck.Fine))]
    [InlineData(257, typeof(PasswordCheck.TooLong))]
    public void A_character_outside_the_first_plane_counts_once(int length, Type check)
    {
        var faces = Enumerable.Range(0, length).Select(index => char.ConvertFromUtf32(0x1F600 + (index * index % 67)));

        PasswordRules.Check(string.Concat(faces)).ShouldBeOfType(check);
    }

    [Fact]
    public void Characters_are_counted_in_the_form_that_is_hashed()
    {
        PasswordRules.Check(string.Concat(Uncommon(11).Select(c => c + "\u0301"))).ShouldNotBeOfType<PasswordCheck.TooLong>();
        PasswordRules.Check(new string('\uFDFA', 20)).ShouldBeOfType<PasswordCheck.TooLong>("one character is 18 in its compatibility form");
    }

    [Theory]
    [InlineData("no composition rules at all")]
    [InlineData("kvxqzjwmpthb")]
    [InlineData("        k v x q z j")]
    [InlineData("tea-with-the-hatter")]
    [InlineData("4827 1953 6062")]
    [InlineData("correct horse battery staple")]
    [InlineData("dragon83920174")]
    [InlineData("{}[]()<>!@#$a")]
    [InlineData("пароль из многих слов")]
    public void Anything_uncommon_may_be_chosen(string password) => PasswordRules.Check(password).ShouldBeOfType<PasswordCheck.Fine>();

    [Theory]
    [InlineData("passwordpassword")]
    [InlineData("Password1234")]
    [InlineData("P@ssw0rd2026!")]
    [InlineData("p4$$w0rd!!!!!")]
    [InlineData("!!!Password!!!")]
    [InlineData("2026-Summer-2026")]
    [InlineData("Welcome12345")]
    [InlineData("password 12345678")]
    [InlineData("letmein-letmein")]
    [InlineData("Manchester United 1999")]
    [InlineData("i l o v e y o u 2 0 2 5")]
    [InlineData("iloveyouforever")]
    [InlineData("alexander1987")]
    [InlineData("administrator")]
    [InlineData("4dm1n1str4t0r")]
    [InlineData("qwertyuiop[]12")]
    [InlineData("qwertyuiopasdf")]
    [InlineData("1qaz2wsx3edc")]
    [InlineData("1q2w3e4r5t6y")]
    [InlineData("123456789012")]
    [InlineData("210987654321")]
    [InlineData("1234-5678-9012")]
    [InlineData("abcdefghijkl")]
    [InlineData("aaaaaaaaaaaa")]
    [InlineData("............")]
    [InlineData("121212121212")]
    [InlineData("abcabcabcabcab")]
    [InlineData("qwerty1234567890")]
    [InlineData("iloveyousomuch82736451")]
    [InlineData("ｐａｓｓｗｏｒｄ１２３４")]
    public void What_is_guessed_first_may_not_be_chosen(string password) =>
        PasswordRules.Check(password).ShouldBeOfType<PasswordCheck.TooCommon>();

    [Fact]
    public void No_listed_password_comes_back_by_case_and_punctuation()
    {
        var listed = CommonPasswords.All.Where(entry => entry.Length is >= 6 and <= 200).ToArray();
        Gen.Select(Gen.OneOf(listed), Gen.Int[0, int.MaxValue], Gen.Int[0, 9999]).Sample((entry, cases, number) =>
        {
            var mixed = string.Concat(entry.Select((c, index) => (cases >> (index % 31) & 1) == 1 ? char.ToUpperInvariant(c) : c));
            var password = $"{mixed}_{number}".PadRight(PasswordRules.MinLength, '!');

            PasswordRules.Check(password).ShouldBeOfType<PasswordCheck.TooCommon>(password);
        });
    }

    [Fact]
    public void The_list_has_some_thousand_entries_in_the_form_that_is_looked_up()
    {
        CommonPasswords.All.Count.ShouldBeGreaterThan(5_000);
        CommonPasswords.All.Count(entry => entry.Length >= PasswordRules.MinLength).ShouldBeGreaterThan(2_000);
        CommonPasswords.All.ShouldAllBe(entry => entry.All(char.IsLetterOrDigit) && !entry.Any(char.IsUpper));
    }

    [Fact]
    public void A_password_is_hashed_in_one_form_however_a_keyboard_composes_it()
    {
        PasswordRules.Normalize("cafe\u0301 \uFB01").ShouldBe("caf\u00E9 fi");
        PasswordRules.Normalize(" Case and blanks count ").ShouldBe(" Case and blanks count ");
    }

    [Fact]
    public void What_is_not_text_may_not_be_chosen_and_is_left_as_it_is()
    {
        var broken = Uncommon(14) + '\uD800';

        PasswordRules.Check(broken).ShouldBeOfType<PasswordCheck.NotText>();
        PasswordRules.Normalize(broken).ShouldBe(broken);
    }

    private static string Uncommon(int length) =>
        string.Concat(Enumerable.Range(0, length).Select(index => Letters[(int)((long)index * (index + 3) / 2 % Letters.Length)]));
}
