using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>What programs read when something is refused: status, headers and body, as somebody has read and kept them.</summary>
public sealed class ErrorDocumentTests
{
    private static readonly JsonSerializerOptions Indented = new() { WriteIndented = true, NewLine = "\n", Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_refusals_of_every_endpoint_are_what_somebody_has_read_and_kept()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync("client_secret_post");
        var publicClient = await world.AddClientAsync("none");
        using var http = world.Server.CreateClient(cookies: false);
        var text = new StringBuilder();
        foreach (var (what, path, fields) in new (string, string, Dictionary<string, string>)[]
        {
            ("no grant", "/connect/token", Own()),
            ("an unknown grant", "/connect/token", Own(("grant_type", "password"), ("username", "a"), ("password", "b"))),
            ("an unknown client", "/connect/token", new() { ["grant_type"] = "client_credentials", ["client_id"] = "nobody", ["client_secret"] = "x" }),
            ("a wrong secret", "/connect/token", Own(("grant_type", "authorization_code"), ("code", "x"), ("client_secret", "wrong"))),
            ("the wrong method", "/connect/token", new() { ["grant_type"] = "refresh_token", ["refresh_token"] = "x", ["client_id"] = client.Id }),
            ("a code that is none", "/connect/token", Own(("grant_type", "authorization_code"), ("code", "x"), ("redirect_uri", RelyingParty.RedirectUri), ("code_verifier", client.Verifier))),
            ("a refresh token that is none", "/connect/token", Own(("grant_type", "refresh_token"), ("refresh_token", "x"))),
            ("an assertion that is none", "/connect/token", new() { ["grant_type"] = "client_credentials", ["client_assertion"] = "x", ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer" }),
            ("a pushed request to elsewhere", "/connect/par", Own(("response_type", "code"), ("redirect_uri", "https://evil.example/"), ("scope", "openid"))),
            ("a pushed request for a token", "/connect/par", Own(("response_type", "token"), ("redirect_uri", RelyingParty.RedirectUri))),
            ("introspection without a token", "/connect/introspect", Own()),
            ("introspection by a public client", "/connect/introspect", new() { ["client_id"] = publicClient.Id, ["token"] = "x" }),
            ("revocation without a token", "/connect/revoke", Own()),
            ("userinfo without a token", "/connect/userinfo", []),
            ("userinfo with one that is none", "/connect/userinfo", new() { ["access_token"] = "x" }),
        })
        {
            using var answer = await http.PostAsync(path, new FormUrlEncodedContent(fields), TestContext.Current.CancellationToken);
            await WriteAsync(text, what, path, answer);
        }

        using var registration = new HttpRequestMessage(HttpMethod.Post, "/connect/register") { Content = new StringContent("{}", Encoding.UTF8, "application/json") };
        registration.Headers.Authorization = new AuthenticationHeaderValue("Bearer", "x");
        using var refused = await http.SendAsync(registration, TestContext.Current.CancellationToken);
        await WriteAsync(text, "registration with a token that is none", "/connect/register", refused);

        Snapshot.ShouldMatch("Protocol/Snapshots/errors.txt", text.ToString().Replace(client.Id, "CLIENT", StringComparison.Ordinal));

        Dictionary<string, string> Own(params ReadOnlySpan<(string Name, string Value)> more)
        {
            var fields = new Dictionary<string, string> { ["client_id"] = client.Id, ["client_secret"] = client.Secret! };
            foreach (var (name, value) in more)
            {
                fields[name] = value;
            }

            return fields;
        }
    }

    private static async Task WriteAsync(StringBuilder text, string what, string path, HttpResponseMessage answer)
    {
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var shown = answer.Content.Headers.ContentType?.MediaType == "application/json" ? JsonSerializer.Serialize(JsonDocument.Parse(body).RootElement, Indented) : body;
        text.Append("# ").Append(what).Append(" (").Append(path).Append(")\n")
            .Append((int)answer.StatusCode).Append(' ').Append(answer.Content.Headers.ContentType).Append('\n');
        foreach (var challenge in answer.Headers.WwwAuthenticate)
        {
            text.Append("WWW-Authenticate: ").Append(challenge).Append('\n');
        }

        text.Append(shown).Append("\n\n");
    }
}
