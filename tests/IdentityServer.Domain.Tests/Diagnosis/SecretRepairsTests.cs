using System.Text;
using CsCheck;
using IdentityServer.Domain.Diagnosis;

namespace IdentityServer.Domain.Tests.Diagnosis;

public sealed class SecretRepairsTests
{
    private const string Client = "shop-web";
    private const string Secret = "q1+W2e/3r4%41t5y6u7i8o9p0aSdFgHjKlZx";

    [Theory]
    [InlineData(Secret + "\n", "secret_with_whitespace")]
    [InlineData("\uFEFF" + Secret, "secret_with_whitespace")]
    [InlineData("'" + Secret + "'", "secret_in_quotes")]
    [InlineData("q1 W2e/3r4%41t5y6u7i8o9p0aSdFgHjKlZx", "secret_plus_became_blank")]
    [InlineData("q1%2BW2e%2F3r4%2541t5y6u7i8o9p0aSdFgHjKlZx", "secret_percent_encoded")]
    [InlineData(Client + ":" + Secret, "secret_is_whole_pair")]
    public void A_mistake_is_undone(string presented, string code) =>
        SecretRepairs.Of(presented, null, Client).ShouldContain((code, Secret));

    [Fact]
    public void The_whole_pair_in_base64_is_undone() =>
        SecretRepairs.Of(Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Client}:{Secret}")), null, Client)
            .ShouldContain((FailureCodes.SecretIsWholePair, Secret));

    [Fact]
    public void What_decoding_spoilt_is_taken_as_it_came() =>
        SecretRepairs.Of(Uri.UnescapeDataString(Secret.Replace('+', ' ')), Secret, Client)
            .ShouldContain((FailureCodes.SecretNotPercentEncoded, Secret));

    [Fact]
    public void There_is_never_more_than_a_handful_and_never_what_came()
    {
        Gen.Select(Gen.String, Gen.String).Sample((presented, undecoded) =>
        {
            var repairs = SecretRepairs.Of(presented, undecoded, Client);
            return repairs.Count <= SecretRepairs.Most && repairs.All(repair => repair.Candidate != presented && repair.Candidate.Length > 0);
        });
    }

    [Theory]
    [InlineData("Basic c2hvcC13ZWI6YSViK2M=", "shop-web", "a%b+c", true)]
    [InlineData("basic  c2hvcC13ZWI6", "shop-web", "", true)]
    [InlineData("Basic shop-web:secret", "shop-web", "secret", false)]
    public void A_header_is_read_without_decoding(string header, string clientId, string secret, bool wellFormed)
    {
        var read = BasicCredentials.Read(header).ShouldNotBeNull();

        (read.ClientId, read.RevealSecret(), read.IsWellFormed).ShouldBe((clientId, secret, wellFormed));
        read.ToString().ShouldNotContain("shop");
    }

    [Theory]
    [InlineData(null)]
    [InlineData("")]
    [InlineData("Bearer abc:def")]
    [InlineData("Basic")]
    [InlineData("Basic bm8tY29sb24=")]
    [InlineData("Basic :secret")]
    public void A_header_that_names_nobody_is_none(string? header) => BasicCredentials.Read(header).ShouldBeNull();
}
