using System.Net;
using System.Text.Json;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>What this server tells of itself is what it does.</summary>
public sealed class DiscoveryTests
{
    private static readonly JsonSerializerOptions _indented = new() { WriteIndented = true, NewLine = "\n" };

    [Fact]
    public async Task D1_The_metadata_is_what_somebody_has_read_and_kept()
    {
        await using var world = await World.StartAsync();
        var answer = await world.OpenBrowser().GetAsync("/.well-known/openid-configuration");

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.Message.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        var text = JsonSerializer.Serialize(JsonDocument.Parse(answer.Body).RootElement, _indented);
        Snapshot.ShouldMatch("Protocol/Snapshots/discovery.json", text.Replace(world.Server.Address.ToString(), "https://id.example.com/", StringComparison.Ordinal) + "\n");
    }

    [Fact]
    public async Task D4_Sign_out_is_offered_with_both_channels_and_always_names_the_session()
    {
        await using var world = await World.StartAsync();
        var metadata = JsonDocument.Parse((await world.OpenBrowser().GetAsync("/.well-known/openid-configuration")).Body).RootElement;

        metadata.GetProperty("end_session_endpoint").GetString().ShouldBe(new Uri(world.Server.Address, "/connect/endsession").AbsoluteUri);
        foreach (var member in new[] { "backchannel_logout_supported", "backchannel_logout_session_supported", "frontchannel_logout_supported", "frontchannel_logout_session_supported" })
        {
            metadata.GetProperty(member).GetBoolean().ShouldBeTrue(member);
        }
    }

    [Fact]
    public async Task D2_Every_member_is_one_that_a_registry_knows()
    {
        // IANA's registry of OAuth authorization server metadata, which holds those of OpenID Connect Discovery and of the logout
        // specifications too, as far as we have a use for them.
        string[] known =
        [
            "issuer", "authorization_endpoint", "token_endpoint", "jwks_uri", "registration_endpoint", "scopes_supported", "response_types_supported",
            "response_modes_supported", "grant_types_supported", "token_endpoint_auth_methods_supported", "token_endpoint_auth_signing_alg_values_supported",
            "ui_locales_supported", "revocation_endpoint", "revocation_endpoint_auth_methods_supported", "revocation_endpoint_auth_signing_alg_values_supported",
            "introspection_endpoint", "introspection_endpoint_auth_methods_supported", "introspection_endpoint_auth_signing_alg_values_supported",
            "code_challenge_methods_supported", "userinfo_endpoint", "acr_values_supported", "subject_types_supported", "id_token_signing_alg_values_supported",
            "userinfo_signing_alg_values_supported", "request_object_signing_alg_values_supported", "claims_supported", "claims_parameter_supported",
            "request_parameter_supported", "request_uri_parameter_supported", "require_request_uri_registration", "authorization_response_iss_parameter_supported",
            "pushed_authorization_request_endpoint", "require_pushed_authorization_requests", "tls_client_certificate_bound_access_tokens", "end_session_endpoint", "prompt_values_supported", "backchannel_logout_supported",
            "backchannel_logout_session_supported", "frontchannel_logout_supported", "frontchannel_logout_session_supported",
        ];
        await using var world = await World.StartAsync();

        var members = JsonDocument.Parse((await world.OpenBrowser().GetAsync("/.well-known/openid-configuration")).Body).RootElement.EnumerateObject();

        members.Select(member => member.Name).ShouldBeSubsetOf(known);
    }

    [Fact]
    public async Task D1_The_OAuth_metadata_says_the_same()
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();

        var oauth = await browser.GetAsync("/.well-known/oauth-authorization-server");

        oauth.Status.ShouldBe(HttpStatusCode.OK);
        oauth.Body.ShouldBe((await browser.GetAsync("/.well-known/openid-configuration")).Body);
    }

    [Fact]
    public async Task D1_The_issuer_is_one_text_wherever_it_stands()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var issuer = JsonDocument.Parse((await browser.GetAsync("/.well-known/openid-configuration")).Body).RootElement.GetProperty("issuer").GetString();

        var back = await browser.SignInAsync(client.Start(), await world.AddUserAsync());
        var tokens = await client.ExchangeAsync(back.Parameter("code")!);

        back.Parameter("iss").ShouldBe(issuer);
        tokens.IdTokenClaims.GetProperty("iss").GetString().ShouldBe(issuer);
        TokenAnswer.Claims(tokens.AccessToken!).GetProperty("iss").GetString().ShouldBe(issuer);
    }

    [Fact]
    public async Task D3_Keys_are_published_without_what_is_private_each_under_a_name_of_its_own()
    {
        await using var world = await World.StartAsync();

        var keys = JsonDocument.Parse((await world.OpenBrowser().GetAsync("/.well-known/jwks")).Body).RootElement.GetProperty("keys").EnumerateArray().ToList();

        keys.Select(key => key.GetProperty("alg").GetString()).ShouldBe(["ES256", "RS256", "PS256"], ignoreOrder: true);
        keys.Select(key => key.GetProperty("kid").GetString()).Distinct().Count().ShouldBe(keys.Count);
        keys.SelectMany(key => key.EnumerateObject()).Select(member => member.Name)
            .ShouldBeSubsetOf(["kid", "use", "kty", "alg", "crv", "x", "y", "n", "e"]);
        keys.ShouldAllBe(key => key.GetProperty("use").GetString() == "sig");
    }

    [Fact]
    public async Task Every_endpoint_that_is_named_answers()
    {
        await using var world = await World.StartAsync();
        var browser = world.OpenBrowser();
        var endpoints = JsonDocument.Parse((await browser.GetAsync("/.well-known/openid-configuration")).Body).RootElement.EnumerateObject()
            .Where(member => member.Name.EndsWith("_endpoint", StringComparison.Ordinal) || member.Name == "jwks_uri").ToList();

        endpoints.Select(endpoint => endpoint.Name).ShouldBe(
            ["authorization_endpoint", "token_endpoint", "userinfo_endpoint", "introspection_endpoint", "revocation_endpoint", "end_session_endpoint",
             "pushed_authorization_request_endpoint", "registration_endpoint", "jwks_uri"],
            ignoreOrder: true);
        foreach (var endpoint in endpoints)
        {
            (await browser.GetAsync(new Uri(endpoint.Value.GetString()!).PathAndQuery)).Status.ShouldNotBe(HttpStatusCode.NotFound, endpoint.Name);
        }
    }
}
