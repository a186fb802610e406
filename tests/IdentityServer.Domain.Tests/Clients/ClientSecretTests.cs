using CsCheck;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Domain.Tests.Clients;

public sealed class ClientSecretTests
{
    private static readonly byte[] Salt = [.. Enumerable.Range(0, ClientSecretHash.SaltLength).Select(i => (byte)i)];

    [Fact]
    public void A_generated_secret_is_strong_and_needs_no_escaping()
    {
        Gen.Byte.Array[ClientSecret.GeneratedBytes].Where(bytes => bytes.Distinct().Count() > 24).Sample(bytes =>
        {
            var secret = ClientSecret.FromRandom(bytes);

            secret.IsStrong.ShouldBeTrue();
            secret.Reveal().Length.ShouldBe(43);
            Uri.EscapeDataString(secret.Reveal()).ShouldBe(secret.Reveal());
        });
    }

    [Fact]
    public void A_secret_is_made_of_exactly_256_random_bits()
    {
        Should.Throw<ArgumentException>(() => ClientSecret.FromRandom(new byte[31]));
        Should.Throw<ArgumentException>(() => ClientSecret.FromRandom(new byte[33]));
    }

    [Fact]
    public void A_secret_hides_itself_where_things_are_printed()
    {
        ClientSecret.TryParse("correct horse battery staple", out var secret).ShouldBeTrue();

        secret!.ToString().ShouldBe("•••••");
        new ClientMetadata { ClientSecret = secret }.ToString().ShouldNotContain("horse");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("tab\there")]
    [InlineData("schlüssel")]
    [InlineData("nul\0")]
    public void A_secret_is_printable_ascii(string? value) => ClientSecret.TryParse(value, out _).ShouldBeFalse();

    [Fact]
    public void A_secret_has_at_most_256_characters()
    {
        ClientSecret.TryParse(new string('x', 256), out _).ShouldBeTrue();
        ClientSecret.TryParse(new string('x', 257), out _).ShouldBeFalse();
    }

    [Theory]
    [InlineData("abcdefghijklmnopqrstuvwxyz012345", true)]
    [InlineData("abcdefghijklmnopqrstuvwxyz01234", false)] // 31 characters
    [InlineData("abcdefghijkllllllllllllllllllllll", true)] // 12 different ones
    [InlineData("abcdefghijkkkkkkkkkkkkkkkkkkkkkkkk", false)] // 11 different ones
    [InlineData("secret", false)]
    public void Only_a_long_and_varied_secret_gets_the_fast_hash(string value, bool strong)
    {
        ClientSecret.TryParse(value, out var secret).ShouldBeTrue();

        secret!.IsStrong.ShouldBe(strong);
        var stored = ClientSecretHash.Create(secret, Salt);
        ClientSecretHash.IsSlow(stored).ShouldBe(!strong);
        stored.ShouldStartWith(strong ? "1$sha256$" : "1$pbkdf2-sha256$100000$");
        ClientSecretHash.Matches(stored, value).ShouldBeTrue();
        ClientSecretHash.Matches(stored, value + "x").ShouldBeFalse();
        ClientSecretHash.Matches(stored, value[..^1]).ShouldBeFalse();
        stored.ShouldNotContain(value);
    }

    [Fact]
    public void Two_weak_secrets_that_are_alike_are_stored_differently()
    {
        ClientSecret.TryParse("secret", out var secret).ShouldBeTrue();

        ClientSecretHash.Create(secret!, Salt).ShouldNotBe(ClientSecretHash.Create(secret!, new byte[ClientSecretHash.SaltLength]));
        Should.Throw<ArgumentException>(() => ClientSecretHash.Create(secret!, new byte[8]));
    }

    [Theory]
    [InlineData("")]
    [InlineData("secret-in-the-clear-as-somebody-else-stored-it")]
    [InlineData("1$sha256$")]
    [InlineData("1$sha256$short")]
    [InlineData("2$sha256$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("1$pbkdf2-sha256$")]
    [InlineData("1$pbkdf2-sha256$0$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("1$pbkdf2-sha256$2000000000$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("1$pbkdf2-sha256$1$!!$??")]
    public void Text_that_is_not_ours_matches_nothing(string stored)
    {
        ClientSecretHash.Matches(stored, "secret-in-the-clear-as-somebody-else-stored-it").ShouldBeFalse();
        ClientSecretHash.Matches(stored, stored).ShouldBeFalse();
    }

    [Fact]
    public void Whatever_is_presented_is_answered_and_never_thrown_at()
    {
        ClientSecret.TryParse("abcdefghijklmnopqrstuvwxyz012345", out var secret).ShouldBeTrue();
        var stored = ClientSecretHash.Create(secret!, Salt);

        Gen.String.Where(text => text != secret!.Reveal()).Sample(text => ClientSecretHash.Matches(stored, text).ShouldBeFalse());
        ClientSecretHash.Matches(stored, "\uD800").ShouldBeFalse();
    }
}
