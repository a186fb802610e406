using System.Buffers.Text;
using System.Text.Json;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Domain.Tests.Clients;

public sealed class ClientKeyRulesTests
{
    private static readonly string P256 = $$"""{"kty":"EC","crv":"P-256","x":"{{Bytes(32)}}","y":"{{Bytes(32)}}","kid":"one"}""";

    private static readonly string Rsa = $$"""{"kty":"RSA","n":"{{Bytes(256)}}","e":"AQAB","kid":"two"}""";

    [Fact]
    public void Public_keys_of_both_kinds_are_taken() => Fault(P256, Rsa).ShouldBeNull();

    [Fact]
    public void Keys_of_other_kinds_are_let_by_where_one_can_be_used() =>
        Fault(P256, """{"kty":"OKP","crv":"Ed25519","x":"AA"}""", """{"kty":"new-kind"}""").ShouldBeNull();

    [Theory]
    [InlineData("d")]
    [InlineData("p")]
    [InlineData("q")]
    [InlineData("dp")]
    [InlineData("dq")]
    [InlineData("qi")]
    [InlineData("k")]
    public void A_private_or_symmetric_key_is_refused_and_its_owner_told_that_it_was_sent(string member)
    {
        var fault = Fault(P256[..^1] + $$""","{{member}}":"AA"}""").ShouldNotBeNull();

        fault.Rule.ShouldContain("private");
        fault.Mend.ShouldContain("make a new key");
    }

    [Theory]
    [InlineData(255, false)]
    [InlineData(256, true)]
    [InlineData(1024, true)]
    [InlineData(1025, false)]
    public void An_rsa_key_has_2048_to_8192_bits(int bytes, bool taken) =>
        (Fault($$"""{"kty":"RSA","n":"{{Bytes(bytes)}}","e":"AQAB"}""") is null).ShouldBe(taken);

    [Fact]
    public void Leading_zeros_do_not_make_an_rsa_key_longer() =>
        Fault($$"""{"kty":"RSA","n":"{{Base64Url.EncodeToString([0, .. Enumerable.Repeat((byte)1, 255)])}}","e":"AQAB"}""").ShouldNotBeNull();

    [Theory]
    [InlineData("""{"kty":"EC","crv":"P-521","x":"AA","y":"AA"}""")]
    [InlineData("""{"kty":"EC","crv":"P-256","x":"AA","y":"AA"}""")]
    [InlineData("""{"kty":"OKP","crv":"Ed25519","x":"AA"}""")]
    public void A_set_with_nothing_that_can_sign_is_refused(string key) => Fault(key).ShouldNotBeNull().Rule.ShouldContain("no key that can sign");

    [Fact]
    public void A_key_for_encryption_signs_nothing() => Fault(P256[..^1] + ""","use":"enc"}""").ShouldNotBeNull();

    [Fact]
    public void Two_keys_of_one_name_are_refused() => Fault(P256, P256).ShouldNotBeNull().Rule.ShouldContain("kid");

    [Theory]
    [InlineData("{}")]
    [InlineData("[]")]
    [InlineData("""{"keys":{}}""")]
    [InlineData("""{"keys":[]}""")]
    [InlineData("""{"keys":[1]}""")]
    [InlineData("""{"keys":[{"kty":1}]}""")]
    public void What_is_no_key_set_is_refused(string json) => Broken(json).ShouldNotBeNull();

    [Fact]
    public void A_set_is_bounded() => Fault([.. Enumerable.Range(0, 21).Select(number => P256.Replace("one", $"{number}", StringComparison.Ordinal))]).ShouldNotBeNull();

    [Theory]
    [InlineData("\"kid\":1")]
    [InlineData("\"alg\":5")]
    [InlineData("\"x5c\":\"a\"")]
    [InlineData("\"key_ops\":\"verify\"")]
    [InlineData("\"key_ops\":[1]")]
    [InlineData("\"x5t\":\"\\ud800\"")]
    public void A_member_of_the_wrong_kind_is_refused(string member) =>
        Fault(P256.Replace("\"kid\":\"one\"", member, StringComparison.Ordinal)).ShouldNotBeNull().Rule.ShouldContain("kind");

    private static UriFault? Fault(params string[] keys) => Broken($$"""{"keys":[{{string.Join(',', keys)}}]}""");

    private static UriFault? Broken(string json)
    {
        using var document = JsonDocument.Parse(json);
        return ClientKeyRules.FirstBroken(document.RootElement);
    }

    private static string Bytes(int count) => Base64Url.EncodeToString([.. Enumerable.Repeat((byte)200, count)]);
}
