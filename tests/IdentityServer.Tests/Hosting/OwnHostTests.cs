using System.Net;
using System.Text.Json;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Hosting;

/// <summary>No request makes the server speak of a host that is not its own, or answer to one.</summary>
public sealed class OwnHostTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("id.example.com")]
    [InlineData("id.example.com:9999")]
    [InlineData("ID.EXAMPLE.COM:443")]
    public async Task Outside_Development_addresses_are_the_issuers_whatever_port_the_request_names(string host)
    {
        await using var server = await ProductionAsync("https://id.example.com");

        var answer = await GetAsync(server, "/.well-known/openid-configuration", host);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        var discovery = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancel)).RootElement;
        var addresses = discovery.EnumerateObject()
            .Where(member => member.Name.EndsWith("_endpoint", StringComparison.Ordinal) || member.Name is "jwks_uri" or "issuer")
            .Select(member => member.Value.GetString()!).ToList();
        addresses.Count.ShouldBeGreaterThan(7);
        addresses.ShouldAllBe(address => address.StartsWith("https://id.example.com/", StringComparison.Ordinal));
    }

    [Fact]
    public async Task An_issuer_with_a_port_keeps_it()
    {
        await using var server = await ProductionAsync("https://id.example.com:8443");

        var answer = await GetAsync(server, "/.well-known/openid-configuration", "id.example.com");

        (await answer.Content.ReadAsStringAsync(Cancel)).ShouldContain("\"https://id.example.com:8443/connect/token\"");
    }

    [Fact]
    public async Task Outside_Development_another_name_gets_in_nowhere()
    {
        await using var server = await ProductionAsync("https://id.example.com");

        foreach (var path in new[] { "/", "/.well-known/openid-configuration", "/sign-in" })
        {
            (await GetAsync(server, path, "evil.example")).StatusCode.ShouldBe(HttpStatusCode.BadRequest, path);
        }
    }

    [Theory]
    [InlineData("evil.example")]
    [InlineData("evil.example:5080")]
    [InlineData("127.0.0.1.evil.example")]
    [InlineData("localhost.evil.example")]
    [InlineData("evillocalhost")]
    [InlineData("192.0.2.1")]
    [InlineData("[2001:db8::1]")]
    public async Task In_Development_a_name_that_is_pointed_at_this_machine_reads_no_mail(string host)
    {
        await using var server = await TestServer.StartAsync(setup => setup.Relay = false);

        foreach (var path in new[] { "/dev/mailbox.json", "/dev/mailbox", "/", "/.well-known/openid-configuration" })
        {
            var answer = await GetAsync(server, path, host);
            answer.StatusCode.ShouldBe(HttpStatusCode.BadRequest, path);
            (await answer.Content.ReadAsStringAsync(Cancel)).ShouldContain("Issuer", Case.Sensitive, "it says what can be done");
        }
    }

    [Theory]
    [InlineData("localhost")]
    [InlineData("LocalHost:5080")]
    [InlineData("shop.localhost:5080")]
    [InlineData("127.0.0.1")]
    [InlineData("127.8.9.10:1234")]
    [InlineData("[::1]:5080")]
    public async Task In_Development_every_name_of_this_machine_is_answered(string host)
    {
        await using var server = await TestServer.StartAsync(setup => setup.Relay = false);

        (await GetAsync(server, "/dev/mailbox.json", host)).StatusCode.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task In_Development_the_host_of_a_configured_issuer_is_answered()
    {
        await using var server = await TestServer.StartAsync(setup =>
        {
            setup.Relay = false;
            setup.Settings["Issuer"] = "http://id.test:5080";
        });

        (await GetAsync(server, "/dev/mailbox.json", "id.test:5080")).StatusCode.ShouldBe(HttpStatusCode.OK);
        (await GetAsync(server, "/dev/mailbox.json", "other.test:5080")).StatusCode.ShouldBe(HttpStatusCode.BadRequest);
    }

    private static Task<TestServer> ProductionAsync(string issuer) => TestServer.StartAsync(setup =>
    {
        setup.Environment = "Production";
        setup.Settings["Issuer"] = issuer;
        setup.Settings["Proxy:KnownAddresses:0"] = "127.0.0.1";
    });

    private static async Task<HttpResponseMessage> GetAsync(TestServer server, string path, string host)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Host = host;
        request.Headers.Add("X-Forwarded-Proto", "https");
        return await server.CreateClient().SendAsync(request, Cancel);
    }
}
