using System.Net;
using System.Text;

namespace IdentityServer.Tests.Registration;

/// <summary>What cannot be read, or can be read in two ways, is refused and told.</summary>
public sealed class RegistrationBodyTests
{
    [Theory]
    [InlineData("", "not JSON")]
    [InlineData("nonsense", "not JSON")]
    [InlineData("{\"redirect_uris\":[\"https://app.example.com/\"]", "not JSON")]
    [InlineData("{}{}", "not JSON")]
    [InlineData("{\"redirect_uris\":[\"https://app.example.com/\"],}", "not JSON")]
    [InlineData("// words\n{}", "not JSON")]
    [InlineData("[]", "not a JSON object")]
    [InlineData("null", "not a JSON object")]
    [InlineData("\"text\"", "not a JSON object")]
    [InlineData("{\"redirect_uris\":[\"https://app.example.com/\"],\"redirect_uris\":[\"https://evil.example/\"]}", "appears twice")]
    [InlineData("{\"redirect_uris\":[\"https://app.example.com/\"],\"x\":1,\"x\":2}", "appears twice")]
    [InlineData("{\"redirect_uris\":[\"https://app.example.com/\"],\"x\":{\"y\":1,\"\\u0079\":2}}", "a member twice")]
    [InlineData("{\"redirect_uris\":[\"https://app.example.com/\"],\"client_name\":\"\\ud800\"}", "not Unicode")]
    [InlineData("{\"redirect_uris\":[\"https://app.example.com/\"],\"\\udc00\":1}", "not Unicode")]
    [InlineData("{\"redirect_uris\":[\"https://app.example.com/\"],\"client_name\":\"\\u0000\"}", "plain text")]
    public async Task A_body_with_no_one_reading_is_refused(string body, string reason)
    {
        await using var stage = await RegistrationStage.OpenAsync();

        var answer = await stage.RefusedAsync(body);

        answer.Text("error_description")!.ShouldContain(reason);
    }

    [Fact]
    public async Task Bytes_that_are_not_UTF_8_are_refused()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        byte[] body = [.. "{\"redirect_uris\":[\"https://app.example.com/\"],\"client_name\":\""u8, 0xC3, 0x28, .. "\"}"u8];

        var answer = await stage.SendAsync(HttpMethod.Post, RegistrationStage.Path, await stage.TokenAsync(), raw: body);

        (answer.Status, answer.Error).ShouldBe((HttpStatusCode.BadRequest, "invalid_client_metadata"));
    }

    [Theory]
    [InlineData("text/plain")]
    [InlineData("application/xml")]
    [InlineData("application/json; charset=utf-16")]
    [InlineData("application/json; charset=utf-7")]
    [InlineData("application/x-www-form-urlencoded")]
    [InlineData("multipart/form-data; boundary=x")]
    [InlineData("nonsense")]
    public async Task A_body_that_is_not_declared_as_JSON_is_refused(string type)
    {
        await using var stage = await RegistrationStage.OpenAsync();

        var answer = await stage.SendAsync(HttpMethod.Post, RegistrationStage.Path, await stage.TokenAsync(), RegistrationStage.Least, type);

        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task Depth_and_size_have_an_end()
    {
        await using var stage = await RegistrationStage.OpenAsync();
        var token = await stage.TokenAsync(uses: 5);
        string Deep(int levels) => $$"""{"redirect_uris":["https://app.example.com/callback"],"x":{{new string('[', levels)}}{{new string(']', levels)}}}""";

        (await stage.PostAsync(token, Deep(15))).Status.ShouldBe(HttpStatusCode.Created);
        (await stage.PostAsync(token, Deep(16))).Status.ShouldBe(HttpStatusCode.BadRequest);
        (await stage.PostAsync(token, Deep(30_000))).Status.ShouldBe(HttpStatusCode.BadRequest);
        var large = await stage.PostAsync(token, RegistrationStage.Least + new string(' ', 66_000));
        (large.Status, large.Error).ShouldBe((HttpStatusCode.RequestEntityTooLarge, "invalid_client_metadata"));
        (await stage.PostAsync(token, RegistrationStage.Least + new string(' ', 60_000))).Status.ShouldBe(HttpStatusCode.Created);
    }

    [Fact]
    public async Task Thousands_of_mistakes_are_not_all_told()
    {
        await using var stage = await RegistrationStage.OpenAsync();

        var answer = await stage.RefusedAsync($$"""{"redirect_uris":[{{string.Join(',', Enumerable.Repeat("\"x\"", 10_000))}}]}""", "invalid_redirect_uri");

        answer.Fields.Count.ShouldBe(50);
        Encoding.UTF8.GetByteCount(answer.Body).ShouldBeLessThan(64 * 1024);
    }
}
