using CsCheck;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Domain.Tests.Clients;

public sealed class WebOriginTests
{
    private static readonly Gen<string> Label = Gen.Char["abcdefghijklmnopqrstuvwxyz0123456789"].Array[1, 12].Select(letters => new string(letters));
    private static readonly Gen<string> HostName = Label.Array[1, 4].Select(labels => string.Join('.', labels) + ".example");

    [Theory]
    [InlineData("https://app.example.com/callback?x=1", "https://app.example.com")]
    [InlineData("https://App.Example.COM/Callback", "https://app.example.com")]
    [InlineData("HTTPS://app.example.com", "https://app.example.com")]
    [InlineData("https://app.example.com:443/callback", "https://app.example.com")]
    [InlineData("https://app.example.com:8443/callback", "https://app.example.com:8443")]
    [InlineData("http://localhost:5091/", "http://localhost:5091")]
    [InlineData("http://localhost:80/", "http://localhost")]
    [InlineData("http://[::1]:4711/cb", "http://[::1]:4711")]
    [InlineData("https://xn--bcher-kva.example/cb", "https://xn--bcher-kva.example")]
    [InlineData("com.example.app:/callback", null)]
    [InlineData("not a URI", null)]
    public void The_origin_of_a_URI_is_written_as_browsers_write_it(string uri, string? origin) => WebOrigin.Of(uri).ShouldBe(origin);

    [Theory]
    [InlineData("")]
    [InlineData("null")]
    [InlineData("*")]
    [InlineData("https://*.example.com")]
    [InlineData("app.example.com")]
    [InlineData("https://app.example.com/")]
    [InlineData("https://app.example.com:443")]
    [InlineData("http://localhost:80")]
    [InlineData("https://App.example.com")]
    [InlineData("HTTPS://app.example.com")]
    [InlineData(" https://app.example.com")]
    [InlineData("https://app.example.com\n")]
    [InlineData("https://app.example.com\0")]
    [InlineData("https://user@app.example.com")]
    [InlineData("https://app.example.com?")]
    [InlineData("https://app.example.com#")]
    [InlineData("https://bücher.example")]
    [InlineData("https://app.example.com, https://other.example.com")]
    [InlineData("https:app.example.com")]
    [InlineData("https:///app.example.com")]
    [InlineData("https:\\\\app.example.com")]
    [InlineData("https://0x7f.1")]
    [InlineData("https://app.example.com:08443")]
    [InlineData("https://app.example.com:99999")]
    [InlineData("file://")]
    [InlineData("chrome-extension://abcdef")]
    [InlineData(null)]
    public void What_no_browser_sends_is_no_origin(string? presented) => WebOrigin.IsWellFormed(presented).ShouldBeFalse();

    [Fact]
    public void The_origin_of_every_URI_that_can_be_registered_is_one_and_fits() =>
        Gen.Select(HostName, Gen.Int[0, 65535], Gen.Bool, (host, port, upper) => (upper ? host.ToUpperInvariant() : host) + (port == 0 ? "" : $":{port}"))
            .Sample(authority =>
            {
                RedirectUri.TryParse($"https://{authority}/cb", ClientApplicationTypes.Web, out var uri, out _).ShouldBeTrue();
                WebOrigin.IsWellFormed(WebOrigin.Of(uri!.Value)).ShouldBeTrue(authority);
            });

    [Fact]
    public void The_longest_host_that_can_be_registered_has_an_origin_that_fits()
    {
        var label = new string('a', 63);
        var origin = $"https://{label}.{label}.{label}.{label[..61]}:65535";

        RedirectUri.TryParse(origin + "/cb", ClientApplicationTypes.Web, out _, out _).ShouldBeTrue();
        WebOrigin.IsWellFormed(origin).ShouldBeTrue();
    }

    [Theory]
    [InlineData(ClientAuthenticationMethods.None, ClientApplicationTypes.Web, true)]
    [InlineData(ClientAuthenticationMethods.None, ClientApplicationTypes.Native, false)]
    [InlineData(ClientAuthenticationMethods.Basic, ClientApplicationTypes.Web, false)]
    [InlineData(ClientAuthenticationMethods.Post, ClientApplicationTypes.Web, false)]
    public void Only_a_public_web_client_has_pages_that_call_from_a_browser(string method, string type, bool has)
    {
        var client = new ClientMetadata
        {
            TokenEndpointAuthMethod = method,
            ApplicationType = type,
            RedirectUris = ["https://App.example.com/a", "https://app.example.com:443/b", "http://localhost:5091/"],
            PostLogoutRedirectUris = ["https://elsewhere.example.com/"],
        };

        client.PageOrigins.ShouldBe(has ? ["https://app.example.com", "http://localhost:5091"] : []);
    }
}
