using System.Text.Json;
using CsCheck;
using IdentityServer.Domain.Authorization;

namespace IdentityServer.Domain.Tests.Authorization;

/// <summary>Whatever JSON a client or a stranger sends, it is read or refused, and nothing is thrown.</summary>
public sealed class RequestObjectTests
{
    private static readonly string[] Names = ["scope", "claims", "resource", "iss", "aud", "sub", "exp", "client_id", "userinfo", "id_token", "name", "acr", "value", "values", "essential", "request", "\\ud800"];

    private static readonly Gen<string> Leaf = OneOf("null", "true", "1", "1e400", "\"x\"", "\"\\ud800\"", "\"urn:identityserver:acr:pwd-emailotp\"", "[]", "{}");

    private static readonly Gen<string> Json = Gen.Recursive<string>((depth, inner) => depth > 4
        ? Leaf
        : Gen.OneOf(
            Leaf,
            inner.Array[0, 3].Select(items => $"[{string.Join(',', items)}]"),
            Gen.Select(OneOf(Names), inner).Array[0, 4].Select(members => $"{{{string.Join(',', members.Select(member => $"\"{member.Item1}\":{member.Item2}"))}}}")));

    private static Gen<string> OneOf(params string[] texts) => Gen.Int[0, texts.Length - 1].Select(at => texts[at]);

    [Fact]
    public void Any_json_is_a_request_object_or_is_refused_with_a_reason() => Json.Sample(
        json =>
        {
            using var document = JsonDocument.Parse(json);
            if (RequestObject.Read(document.RootElement, "client", ["https://id.example"], "code") is RequestObjectVerdict.Refused refused)
            {
                refused.Reason.Length.ShouldBeGreaterThan(10);
            }
        },
        iter: 20_000);

    [Fact]
    public void Any_json_asks_for_claims_or_is_refused_with_a_reason() => Json.Sample(
        json =>
        {
            if (ClaimsRequest.TryRead(json, out var asked, out var fault))
            {
                asked.UserInfo.ShouldAllBe(name => ClaimsRequest.IsKnown(name));
            }
            else
            {
                fault.Length.ShouldBeGreaterThan(10);
            }
        },
        iter: 20_000);

    [Theory]
    [InlineData("""{"scope":"\ud800"}""")]
    [InlineData("""{"resource":["\ud800"]}""")]
    [InlineData("""{"\ud800":"x"}""")]
    [InlineData("""{"":"x"}""")]
    public void Text_that_is_not_unicode_is_refused(string json) =>
        RequestObject.Read(JsonDocument.Parse(json).RootElement, "client", [], null).ShouldBeOfType<RequestObjectVerdict.Refused>();

    [Theory]
    [InlineData("""{"userinfo":{"\ud800":null}}""")]
    [InlineData("""{"id_token":{"sub":{"value":"\ud800"}}}""")]
    public void Claims_that_are_not_unicode_are_refused(string json) => ClaimsRequest.TryRead(json, out _, out _).ShouldBeFalse();
}
