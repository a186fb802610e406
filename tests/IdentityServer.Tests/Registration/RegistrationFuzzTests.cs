using System.Collections.Concurrent;
using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Tests.Registration;

/// <summary>Whatever is sent to be registered, nothing fails, and what is registered obeys every rule.</summary>
public sealed class RegistrationFuzzTests
{
    private const int Bodies = 4_000;

    private const string Whole =
        """
        {"client_name":"Shop","application_type":"web","redirect_uris":["https://app.example.com/callback"],"post_logout_redirect_uris":["https://app.example.com/bye"],
         "token_endpoint_auth_method":"client_secret_basic","grant_types":["authorization_code","refresh_token"],"response_types":["code"],"scope":"openid email offline_access",
         "id_token_signed_response_alg":"ES256","userinfo_signed_response_alg":"RS256","subject_type":"public","require_pushed_authorization_requests":false,"require_pkce":true,
         "default_max_age":600,"require_auth_time":true,"default_acr_values":[],"backchannel_logout_uri":"https://app.example.com/b","frontchannel_logout_uri":"https://app.example.com/f",
         "access_token_lifetime":300,"initiate_login_uri":"https://app.example.com/login","client_uri":"https://app.example.com/","logo_uri":"https://app.example.com/l.png",
         "policy_uri":"https://app.example.com/p","tos_uri":"https://app.example.com/t","contacts":["ada@example.com"],"software_id":"shop","software_version":"1",
         "jwks":{"keys":[{"kty":"EC","crv":"P-256","kid":"1","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU","y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"}]}}
        """;

    private static readonly string[] Values =
    [
        "null", "true", "false", "0", "-1", "1e9", "1e400", "2147483648", "0.5", "\"\"", "\" \"", "\"code\"", "\"none\"", "\"client_secret_post\"", "\"private_key_jwt\"", "\"native\"",
        "\"implicit\"", "\"HS256\"", "\"pairwise\"", "\"\\u0000\"", "\"\\ud800\"", "\"\\u202eevil\"", "\"javascript:alert(1)\"", "\"https://app.example.com/#x\"", "\"https://app.example.com/\\u0000\"",
        "\"http://127.0.0.1/\"", "\"https://user:pw@app.example.com/\"", "\"https://[::1\"", "\"com.example.app:/cb\"", "\"openid\"", "\"openid openid\"", "\"admin\"", "[]", "{}", "[null]", "[[]]", "[\"\"]",
        "[\"code\"]", "[\"authorization_code\"]", "[\"client_credentials\"]", "[\"refresh_token\"]", "[\"code\",\"code token\"]", "[\"https://app.example.com/callback\",\"https://app.example.com/callback\"]",
        "[\"http://127.0.0.1:1/cb\"]", "[\"com.example.app:/cb\"]", "[1]", "{\"keys\":[]}", "{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQAB\",\"e\":\"AQAB\"}]}", "{\"keys\":[{\"kty\":\"oct\",\"k\":\"AA\"}]}",
        "{\"a\":1,\"a\":2}", "\"" + new string('x', 3_000) + "\"", "[" + string.Join(',', Enumerable.Repeat("\"https://a.example/\"", 60)) + "]", "\"c-known\"", "\"ünïcode 名前 😀\"",
    ];

    private static readonly string[] Strangers =
        ["first_party", "verified", "client_id", "client_secret", "jwks_uri", "request_uris", "request_object_signing_alg", "require_signed_request_object", "software_statement", "unknown",
         "id_token_encrypted_response_alg", "registration_access_token", "", "redirect_uris", "Scope", "backchannel_logout_session_required", "refresh_token_lifetime", "token_endpoint_auth_signing_alg"];

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task No_body_makes_registration_fail_and_whatever_is_registered_obeys_the_rules(bool postgreSql)
    {
        await using var stage = await RegistrationStage.OpenAsync(postgreSql, setup => setup.ShowLog = false);
        var token = await stage.TokenAsync(uses: Bodies);
        var (wrong, statuses) = (new ConcurrentQueue<string>(), new ConcurrentDictionary<HttpStatusCode, int>());

        await Parallel.ForEachAsync(Enumerable.Range(0, Bodies), new ParallelOptions { MaxDegreeOfParallelism = 4, CancellationToken = TestContext.Current.CancellationToken }, async (number, _) =>
        {
            var body = Body(new Random(number));
            var answer = await stage.SendAsync(HttpMethod.Post, RegistrationStage.Path, token, raw: body);
            statuses.AddOrUpdate(answer.Status, 1, (_, count) => count + 1);
            if (Fault(answer) is { } fault)
            {
                wrong.Enqueue($"{number}: {fault}: {Encoding.Latin1.GetString(body)} -> {answer.Body}");
            }
        });

        wrong.ShouldBeEmpty();
        statuses.Keys.ShouldBe([HttpStatusCode.Created, HttpStatusCode.BadRequest], ignoreOrder: true);
        statuses[HttpStatusCode.Created].ShouldBeGreaterThan(Bodies / 20, "else nothing was tried");
        statuses[HttpStatusCode.BadRequest].ShouldBeGreaterThan(Bodies / 4);
        TestContext.Current.TestOutputHelper?.WriteLine(string.Join(", ", statuses.Select(pair => $"{(int)pair.Key}: {pair.Value}")));
    }

    private static byte[] Body(Random random)
    {
        var members = JsonDocument.Parse(Whole).RootElement.EnumerateObject().Select(member => (Name: member.Name, Value: member.Value.GetRawText())).ToList();
        for (var change = random.Next(4); change >= 0; change--)
        {
            var at = random.Next(members.Count);
            switch (random.Next(5))
            {
                case 0:
                    members.RemoveAt(at);
                    break;
                case 1 or 2:
                    members[at] = (members[at].Name, Values[random.Next(Values.Length)]);
                    break;
                case 3:
                    members.Insert(at, (Strangers[random.Next(Strangers.Length)], Values[random.Next(Values.Length)]));
                    break;
                default:
                    members.RemoveAll(member => member.Name is not "redirect_uris" && random.Next(2) == 0);
                    break;
            }

            members = members is [] ? [("redirect_uris", "[\"https://app.example.com/callback\"]")] : members;
        }

        var body = Encoding.UTF8.GetBytes("{" + string.Join(',', members.Select(member => $"{JsonSerializer.Serialize(member.Name)}:{member.Value}")) + "}");
        if (random.Next(6) == 0)
        {
            body[random.Next(body.Length)] = (byte)random.Next(256);
        }

        return random.Next(20) == 0 ? body[..random.Next(body.Length)] : body;
    }

    private static string? Fault(RegistrationAnswer answer)
    {
        if (answer.Status == HttpStatusCode.BadRequest)
        {
            return answer.Error is "invalid_client_metadata" or "invalid_redirect_uri" or "unapproved_software_statement"
                && answer.Fields.Count > 0 && System.Text.Ascii.IsValid(answer.Text("error_description")) ? null : "an error that is not told as it should be";
        }

        if (answer.Status != HttpStatusCode.Created)
        {
            return $"{(int)answer.Status}";
        }

        var client = JsonNode.Parse(answer.Body)!.AsObject();
        foreach (var name in new[] { "client_id_issued_at", "client_secret_expires_at", "client_secret", "registration_client_uri", "registration_access_token" })
        {
            client.Remove(name);
        }

        return ClientMetadata.Parse(JsonSerializer.SerializeToElement(client)) is not ClientMetadataVerdict.Accepted { Metadata: var stored } ? "what is stored breaks the rules"
            : stored.FirstParty || stored.Verified ? "it passes for one of ours"
            : !stored.RequirePkce ? "it needs no PKCE"
            : stored.Scopes.Except(StandardScopes.All).Any() ? "it has more scopes than the token allows"
            : stored.ClientId == "c-known" || answer.ClientId.Length != 24 ? "it chose its client_id"
            : stored.RedirectUris.Any(uri => !RedirectUri.TryParse(uri, stored.ApplicationType, out _, out _)) ? "it has a bad redirect URI"
            : null;
    }
}
