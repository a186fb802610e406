using System.Text;
using CsCheck;
using IdentityServer.Domain.Users;

namespace IdentityServer.Domain.Tests.Users;

public sealed class EmailAddressTests
{
    private static readonly Gen<string> Anything =
        Gen.OneOf(
            Gen.Char,
            Gen.Char['\u0000', '\u007f'],
            Gen.OneOf('@', '.', ' ', 'İ', 'ﬁ', '＠', '﹫', '\u200B', '\u00A8', '\u00AD', 'ß', '\uD800', '\uDC00')).Array[0, 40]
            .Select(characters => new string(characters));

    [Theory]
    [InlineData("ada@example.com")]
    [InlineData("  ada@example.com\t")]
    [InlineData("Ada.Lovelace+id@sub.Example.com")]
    [InlineData("o'brien!#$%&*/=?^_`{|}~-@example.com")]
    [InlineData("root@localhost")]
    [InlineData("jürgen@bücher.example")]
    [InlineData("用户@例子.公司")]
    [InlineData("ada@xn--bcher-kva.example")]
    [InlineData("a@1.example")]
    public void A_plain_address_is_taken(string input)
    {
        EmailAddress.TryParse(input, out var address).ShouldBeTrue();

        address!.Value.ShouldBe(input.Trim());
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("   ")]
    [InlineData("ada")]
    [InlineData("@example.com")]
    [InlineData("ada@")]
    [InlineData("ada@@example.com")]
    [InlineData("ada@home@example.com")]
    [InlineData("ada＠example.com")]
    [InlineData("ada@home＠example.com")]
    [InlineData("ada\uFE6Bhome@example.com")]
    [InlineData(".ada@example.com")]
    [InlineData("ada.@example.com")]
    [InlineData("ada..l@example.com")]
    [InlineData("ada@.example.com")]
    [InlineData("ada@example.com.")]
    [InlineData("ada@example..com")]
    [InlineData("ada@-example.com")]
    [InlineData("ada@example-.com")]
    [InlineData("ada@exam_ple.com")]
    [InlineData("ada@[192.0.2.1]")]
    [InlineData("\"ada\"@example.com")]
    [InlineData("ada(comment)@example.com")]
    [InlineData("Ada <ada@example.com>")]
    [InlineData("ada@example.com, bob@example.com")]
    [InlineData("ada@example.com;bob@example.com")]
    [InlineData("ada lovelace@example.com")]
    [InlineData("ada\u00A8@example.com")]
    [InlineData("ada\u200B@example.com")]
    [InlineData("ada\u202E@example.com")]
    [InlineData("ada\uFFFD@example.com")]
    [InlineData("ada@exa\u00ADmple.com")]
    [InlineData("ada\0@example.com")]
    [InlineData("ada@example.com\r\nBcc: eve@example.com")]
    [InlineData("ada\n@example.com")]
    [InlineData("ada@example.com\u2028eve")]
    [InlineData("ada\uD800@example.com")]
    public void Anything_else_is_refused(string? input) => EmailAddress.TryParse(input, out _).ShouldBeFalse();

    [Theory]
    [InlineData(64, true)]
    [InlineData(65, false)]
    public void The_local_part_has_at_most_64_octets(int length, bool taken) =>
        EmailAddress.TryParse($"{new string('a', length)}@example.com", out _).ShouldBe(taken);

    [Theory]
    [InlineData(254, true)]
    [InlineData(255, false)]
    public void An_address_has_at_most_254_octets(int length, bool taken)
    {
        var domain = string.Join('.', Enumerable.Repeat(new string('d', 62), 4));
        var local = new string('a', 254 - 1 - domain.Length);
        local.Length.ShouldBeInRange(1, 64);

        EmailAddress.TryParse($"{local}{new string('a', length - 254)}@{domain}", out _).ShouldBe(taken);
    }

    [Fact]
    public void Octets_are_counted_and_not_characters() =>
        EmailAddress.TryParse($"{new string('é', 33)}@example.com", out _).ShouldBeFalse();

    [Theory]
    [InlineData(63, true)]
    [InlineData(64, false)]
    public void A_label_has_at_most_63_characters(int length, bool taken) =>
        EmailAddress.TryParse($"ada@{new string('d', length)}.com", out _).ShouldBe(taken);

    [Theory]
    [InlineData("ADA@Example.COM", "ada@example.com")]
    [InlineData(" ada@example.com\u00A0", "ada@example.com")]
    [InlineData("ａｄａ＠ｅｘａｍｐｌｅ．ｃｏｍ", "ada@example.com")]
    [InlineData("ju\u0308rgen@example.com", "jürgen@example.com")]
    [InlineData("ﬁnn@example.com", "finn@example.com")]
    [InlineData(null, "")]
    public void Spellings_of_one_address_are_compared_alike(string? input, string normalized) =>
        EmailAddress.Normalize(input).ShouldBe(normalized);

    [Fact]
    public void Normalising_takes_anything_and_its_result_is_its_own_normal_form() =>
        Anything.Sample(text =>
        {
            var once = EmailAddress.Normalize(text);
            EmailAddress.Normalize(once).ShouldBe(once);
            once.ShouldNotContain('\0');
        });

    [Fact]
    public void What_is_taken_can_neither_end_a_header_nor_name_two_mailboxes() =>
        Gen.Select(Anything, Anything, (left, right) => left + "@" + right).Sample(text =>
        {
            if (!EmailAddress.TryParse(text, out var address))
            {
                return;
            }

            foreach (var form in new[] { address.Value, address.Normalized })
            {
                form.Count(c => c == '@').ShouldBe(1);
                form.ShouldAllBe(c => !char.IsControl(c) && !char.IsWhiteSpace(c) && c != '<' && c != '>' && c != ',');
                Encoding.UTF8.GetByteCount(form).ShouldBeLessThanOrEqualTo(EmailAddress.MaxLength);
            }

            address.Normalized.ShouldBe(EmailAddress.Normalize(text));
        });

    [Fact]
    public void A_long_text_is_cut_before_any_work_is_spent_on_it() =>
        EmailAddress.Normalize(new string('a', 1_000_000)).Length.ShouldBeLessThan(2_000);

    [Fact]
    public void An_address_does_not_slip_into_a_log()
    {
        EmailAddress.TryParse("ada@example.com", out var address).ShouldBeTrue();

        $"{address}".ShouldNotContain("ada");
    }
}
