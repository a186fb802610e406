using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenIddict.Server;

namespace IdentityServer.Tests.Protocol.Guards;

/// <summary>
/// I1, tried out: every endpoint with every grant, prompt and way of client authentication that the server offers, by somebody who has
/// all but the mailed code. What is offered is read from the running server, so that whatever is added one day comes here first.
/// </summary>
public sealed partial class EveryWayInTests
{
    private static readonly string[] Endpoints =
    [
        "AuthorizationEndpointUris", "ConfigurationEndpointUris", "EndSessionEndpointUris", "IntrospectionEndpointUris", "JsonWebKeySetEndpointUris",
        "PushedAuthorizationEndpointUris", "RevocationEndpointUris", "TokenEndpointUris", "UserInfoEndpointUris",
    ];

    private static readonly string[] Prompts = ["none", "login", "consent", "select_account", "create"];

    private static readonly string[] Methods = ["client_secret_basic", "client_secret_post", "private_key_jwt", "none"];

    private static readonly string[] Grants = ["authorization_code", "refresh_token", "client_credentials"];

    // Not offered, and asked for all the same.
    private static readonly string[] RefusedGrants =
    [
        "password", "implicit", "urn:ietf:params:oauth:grant-type:device_code", "urn:ietf:params:oauth:grant-type:token-exchange",
        "urn:ietf:params:oauth:grant-type:jwt-bearer", "urn:openid:params:grant-type:ciba",
    ];

    private static readonly string[] RefusedPrompts = ["unknown", "none login", ""];

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_the_server_offers_is_what_these_tests_know()
    {
        await using var server = await TestServer.StartAsync();
        var options = OptionsOf(server);

        Offered(options).Select(endpoint => endpoint.Name).ShouldBe(Endpoints, ignoreOrder: true);
        options.GrantTypes.ShouldBe(Grants, ignoreOrder: true);
        options.PromptValues.ShouldBe(Prompts, ignoreOrder: true);
        var discovery = JsonDocument.Parse(await server.CreateClient().GetStringAsync("/.well-known/openid-configuration", Cancel)).RootElement;
        discovery.EnumerateObject().Where(member => member.Name.EndsWith("_endpoint", StringComparison.Ordinal))
            .Select(member => new Uri(member.Value.GetString()!).AbsolutePath)
            .ShouldBe(["/connect/authorize", "/connect/token", "/connect/userinfo", "/connect/introspect", "/connect/revoke", "/connect/endsession", "/connect/par", "/connect/register"], ignoreOrder: true);
        discovery.EnumerateObject().Where(member => member.Name.EndsWith("_auth_methods_supported", StringComparison.Ordinal))
            .SelectMany(member => member.Value.EnumerateArray()).Select(method => method.GetString()!).ShouldBeSubsetOf(Methods);
    }

    [Fact]
    public async Task Somebody_with_everything_but_the_mailed_code_gets_nothing_anywhere()
    {
        await using var world = await World.StartAsync(configure: setup => setup.ShowLog = false);
        var options = OptionsOf(world.Server);
        var email = await world.AddUserAsync();
        var attacker = world.OpenBrowser();
        using var key = new SigningParty();
        var clients = new List<(string Method, RelyingParty Client)>();
        foreach (var method in Methods)
        {
            clients.Add((method, method switch
            {
                "none" => await world.AddClientAsync(method),
                "private_key_jwt" => await AddSignerAsync(world, key),
                _ => await world.AddServiceAsync(method),
            }));
        }

        // The password was right: this browser holds a pending handle and a stored request that waits for the code.
        var codePage = await attacker.ReachCodePageAsync(clients[0].Client.Start(), email);
        var known = new Known(email, attacker.Cookies.GetAllCookies().Single(cookie => cookie.Name.StartsWith("idsrv.pending.", StringComparison.Ordinal)).Value,
            codePage.Parameter("request_uri") ?? System.Web.HttpUtility.ParseQueryString(codePage.Message.RequestMessage!.RequestUri!.Query)["request_uri"]!);
        var asks = options.GrantTypes.SelectMany(grant => options.PromptValues.Concat(RefusedPrompts).Select(prompt => (Grant: grant, Prompt: prompt)))
            .Concat(RefusedGrants.Select(grant => (Grant: grant, Prompt: ""))).ToList();
        var (asked, ownTokens) = (0, 0);
        foreach (var path in Offered(options).SelectMany(endpoint => endpoint.Paths))
        {
            foreach (var (grant, prompt) in asks)
            {
                foreach (var (method, client) in clients)
                {
                    var mode = options.ResponseModes.ElementAt(asked++ % options.ResponseModes.Count);
                    var fields = Fields(client, known, grant, prompt, mode);
                    if (method == "private_key_jwt")
                    {
                        // A new one for each request: an assertion that was used is refused before anything else is looked at.
                        fields["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
                        fields["client_assertion"] = key.Sign(SigningParty.Assertion(client.Id, world.Server.Address.GetLeftPart(UriPartial.Authority), world.Clock.GetUtcNow()));
                    }

                    foreach (var answer in await AskAsync(attacker, path, method, client, fields))
                    {
                        ownTokens += Judge(answer, grant == "client_credentials" ? client.Id : null);
                    }
                }
            }
        }

        asked.ShouldBeGreaterThan(900);
        ownTokens.ShouldBe(asks.Count(ask => ask.Grant == "client_credentials") * 3, "three clients may act for themselves, and nothing else gives tokens");
        await ShouldHoldNothingAsync(world);
    }

    [Fact]
    public async Task No_page_gives_anything_either()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var attacker = world.OpenBrowser();
        var codePage = await attacker.ReachCodePageAsync(client.Start(), email);
        var query = codePage.Message.RequestMessage!.RequestUri!.Query;
        var paths = world.Server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Select(endpoint => "/" + RouteValue().Replace(endpoint.RoutePattern.RawText!.TrimStart('/'), "1")).Distinct().ToList();
        paths.ShouldContain("/sign-in/code");
        paths.Count.ShouldBeGreaterThan(8);
        var own = codePage.Document.QuerySelector("input[name=antiforgery]")!.GetAttribute("value")!;

        foreach (var path in paths)
        {
            foreach (var method in new[] { HttpMethod.Get, HttpMethod.Head, HttpMethod.Options, HttpMethod.Trace, HttpMethod.Put, HttpMethod.Delete })
            {
                Judge(await attacker.SendAsync(method, path + query), null).ShouldBe(0);
            }

            foreach (var fields in new Dictionary<string, string>[]
            {
                [],
                new() { ["antiforgery"] = own, ["Email"] = email, ["Answer"] = "allow", ["Digits"] = "", ["code"] = "x", ["state"] = "x" },
            })
            {
                Judge(await attacker.PostAsync(path + query, fields), null).ShouldBe(0);
            }
        }

        await ShouldHoldNothingAsync(world);
    }

    private static async Task<RelyingParty> AddSignerAsync(World world, SigningParty key)
    {
        var id = $"signer-{Guid.NewGuid():N}";
        await world.RegisterAsync($$"""
            {"client_id":"{{id}}","client_name":"Signer","redirect_uris":["{{RelyingParty.RedirectUri}}"],"token_endpoint_auth_method":"private_key_jwt",
             "jwks":{{key.Jwks}},"grant_types":["authorization_code","refresh_token","client_credentials"],
             "scope":"openid profile email address phone offline_access"}
            """);
        return new(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), id, null, "private_key_jwt");
    }

    private static OpenIddictServerOptions OptionsOf(TestServer server) =>
        server.Services.GetRequiredService<IOptionsMonitor<OpenIddictServerOptions>>().CurrentValue;

    private static IEnumerable<(string Name, string[] Paths)> Offered(OpenIddictServerOptions options) =>
        typeof(OpenIddictServerOptions).GetProperties()
            .Where(property => property.PropertyType == typeof(List<Uri>))
            .Select(property => (property.Name, Uris: (List<Uri>)property.GetValue(options)!))
            .Where(endpoint => endpoint.Uris.Count > 0)
            .Select(endpoint => (endpoint.Name, endpoint.Uris.Select(uri => "/" + uri.OriginalString.TrimStart('/')).ToArray()));

    private static Dictionary<string, string> Fields(RelyingParty client, Known known, string grant, string prompt, string mode)
    {
        var fields = client.Request(("prompt", prompt.Length == 0 ? null : prompt), ("response_mode", mode), ("login_hint", known.Email));
        fields["grant_type"] = grant;
        fields["code_verifier"] = client.Verifier;
        fields["token"] = known.Pending;
        foreach (var (name, value) in grant switch
        {
            "authorization_code" => new[] { ("code", known.Pending) },
            "refresh_token" => [("refresh_token", known.Pending)],
            "client_credentials" => [],
            "urn:ietf:params:oauth:grant-type:device_code" => [("device_code", known.Pending)],
            "urn:ietf:params:oauth:grant-type:token-exchange" =>
                [("subject_token", known.Pending), ("subject_token_type", "urn:ietf:params:oauth:token-type:access_token")],
            "urn:ietf:params:oauth:grant-type:jwt-bearer" => [("assertion", known.Pending)],
            "password" or "implicit" or "urn:openid:params:grant-type:ciba" => [("username", known.Email), ("password", World.Password)],
            _ => throw new InvalidOperationException($"The grant {grant} is new here: say what a client sends with it."),
        })
        {
            fields[name] = value;
        }

        // All scopes of this client are about a person, and refused to one that acts for itself; without any it gets a token of its own.
        if (grant == "client_credentials")
        {
            fields.Remove("scope");
        }

        return fields;
    }

    // As itself with the request whole, and as one that comes back to a request that waits for its code.
    private static async Task<IEnumerable<Answer>> AskAsync(
        Browser attacker, string path, string method, RelyingParty client, Dictionary<string, string> fields)
    {
        if (method == "client_secret_basic")
        {
            attacker.Headers["Authorization"] = "Basic " + Convert.ToBase64String(Encoding.UTF8.GetBytes($"{client.Id}:{client.Secret}"));
        }
        else if (method == "client_secret_post")
        {
            fields["client_secret"] = client.Secret!;
        }

        if (path == "/connect/token")
        {
            foreach (var name in new[] { "response_type", "response_mode", "nonce", "code_challenge", "code_challenge_method", "state" })
            {
                fields.Remove(name);
            }
        }

        var answers = new List<Answer> { await attacker.PostAsync(path, fields), await attacker.GetAsync(path + QueryString.Create(fields!)) };
        attacker.Headers.Remove("Authorization");
        if (answers[0].Location is not null)
        {
            answers.Add(await attacker.FollowAsync(answers[0]));
        }

        return answers;
    }

    /// <summary>Fails on anything that speaks for a person; counts tokens that a client got for itself.</summary>
    private static int Judge(Answer answer, string? actsForItself)
    {
        ((int)answer.Status).ShouldBeLessThan(500, answer.Message.RequestMessage!.RequestUri!.PathAndQuery);
        (answer.Message.Headers.TryGetValues("Set-Cookie", out var set) && set.Any(SetsSession().IsMatch)).ShouldBeFalse();
        Given().IsMatch(answer.Location?.OriginalString ?? "").ShouldBeFalse(answer.Location?.OriginalString);
        GivenByForm().IsMatch(answer.Body).ShouldBeFalse(answer.Body);
        if (!answer.Body.StartsWith('{') || JsonDocument.Parse(answer.Body).RootElement is not { ValueKind: JsonValueKind.Object } json)
        {
            return 0;
        }

        foreach (var name in new[] { "code", "id_token", "refresh_token", "device_code" })
        {
            json.TryGetProperty(name, out _).ShouldBeFalse(answer.Body);
        }

        if (!json.TryGetProperty("access_token", out var token))
        {
            return 0;
        }

        TokenAnswer.Claims(token.GetString()!).GetProperty("sub").GetString().ShouldBe(actsForItself.ShouldNotBeNull(answer.Body));
        return 1;
    }

    private static async Task ShouldHoldNothingAsync(World world)
    {
        (await world.TokensOfPeopleAsync()).ShouldBeEmpty();
        (await world.ReadAsync(db => db.AuthenticationSessions.CountAsync(Cancel))).ShouldBe(0);
        (await world.ReadAsync(db => db.Authorizations.CountAsync(row => row.SessionId != null, Cancel))).ShouldBe(0);
        (await world.RefusalsAsync()).ShouldBeEmpty("nothing of ours even tried to sign somebody in");
    }

    [GeneratedRegex("[?&#](code|access_token|id_token|refresh_token)=")]
    private static partial Regex Given();

    [GeneratedRegex("name=\"(code|access_token|id_token|refresh_token)\"")]
    private static partial Regex GivenByForm();

    [GeneratedRegex("idsrv\\.session=[^;]")]
    private static partial Regex SetsSession();

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex RouteValue();

    private sealed record Known(string Email, string Pending, string RequestUri);
}
