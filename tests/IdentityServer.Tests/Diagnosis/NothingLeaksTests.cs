using System.Buffers.Text;
using System.Net.Http.Headers;
using System.Reflection;
using System.Text;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;

namespace IdentityServer.Tests.Diagnosis;

/// <summary>
/// Marked values are sent in every parameter and header of every endpoint, alone and dressed up as what people send by mistake; then all that
/// was kept of failures is searched for them, as they were sent and decoded.
/// </summary>
public sealed class NothingLeaksTests
{
    private static readonly string[] Endpoints =
        ["/connect/authorize", "/connect/par", "/connect/token", "/connect/introspect", "/connect/revoke", "/connect/endsession", "/connect/userinfo"];

    // What must not be kept however short it is: a word in one of the others is a word of the protocol.
    private static readonly string[] Secret =
    [
        "client_secret", "code", "refresh_token", "access_token", "token", "client_assertion", "code_verifier", "id_token_hint", "password", "username",
        "login_hint", "code_challenge", "nonce", "state", "request", "assertion", "subject_token", "device_code", "claims",
    ];

    private static readonly string[] Parameters =
    [
        .. typeof(OpenIddictConstants.Parameters).GetFields(BindingFlags.Public | BindingFlags.Static).Select(field => (string)field.GetRawConstantValue()!),
        "logout_hint", "dpop_jkt", "unheard_of",
    ];

    [Fact]
    public async Task Of_what_is_secret_nothing_is_kept_wherever_it_was_sent()
    {
        await using var world = await World.StartAsync(configure: setup => setup.ShowLog = false);
        var marks = new List<string>();
        var clients = new List<RelyingParty>();
        foreach (var endpoint in Endpoints)
        {
            // Of one client no more than DiagnosisPolicy.FailuresPerHour are kept: each has a few parameters only.
            foreach (var (turn, names) in Parameters.Chunk(20).Index())
            {
                var client = await world.AddClientAsync(
                    turn % 2 == 0 ? "client_secret_post" : "none", redirectUris: [RelyingParty.RedirectUri, "https://app.example.com/other"]);
                clients.Add(client);
                foreach (var name in names)
                {
                    foreach (var value in Dressed(name, marks))
                    {
                        await SendAsync(world, endpoint, client, name, value);
                    }
                }
            }
        }

        foreach (var method in new[] { "client_secret_basic", "client_secret_post", "none" })
        {
            var client = await world.AddClientAsync(method);
            clients.Add(client);
            await SendHeadersAsync(world, client, marks);
        }

        marks.Count.ShouldBeGreaterThan(500);
        await ShouldKeepNothingAsync(world, [.. marks, .. clients.Select(client => client.Secret).OfType<string>()]);
    }

    // The secret alone, in an address, in a URI's every place, in a JWT, encoded, and with blanks.
    private static IEnumerable<string> Dressed(string name, List<string> marks)
    {
        var (word, brief) = (Mark(marks, 16), Mark(marks, 5));
        yield return word;
        yield return $"ada.{brief}@example.com";
        yield return $"https://ada:{brief}@app.example.com/callback?code={brief}&{word}#access_token={brief}";
        yield return $"https://app.example.com/callback/{word}";
        yield return $"openid {word} {Uri.EscapeDataString($"{brief}@example.com")}";
        yield return $"eyJhbGciOiJub25lIn0.{Base64Url.EncodeToString(Encoding.ASCII.GetBytes($$"""{"sub":"{{word}}"}"""))}.{word}";
        if (Secret.Contains(name))
        {
            yield return brief;
            yield return $" \"{brief}\"\n";
        }
    }

    private static string Mark(List<string> marks, int bytes)
    {
        var mark = "f" + Convert.ToHexStringLower(System.Security.Cryptography.RandomNumberGenerator.GetBytes(bytes));
        marks.Add(mark);
        return mark;
    }

    private static async Task SendAsync(World world, string endpoint, RelyingParty client, string name, string value)
    {
        var fields = endpoint is "/connect/authorize" or "/connect/par" ? client.Request() : new Dictionary<string, string>
        {
            ["client_id"] = client.Id,
            ["grant_type"] = "authorization_code",
            ["code"] = "x",
            ["redirect_uri"] = RelyingParty.RedirectUri,
        };
        if (client.Secret is { } secret && endpoint is not ("/connect/authorize" or "/connect/endsession"))
        {
            fields["client_secret"] = secret;
        }

        fields[name] = value;
        using var http = world.Server.CreateClient(cookies: false);
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint) { Content = new FormUrlEncodedContent(fields) };
        request.Headers.Add("X-Forwarded-For", $"10.{Random.Shared.Next(256)}.{Random.Shared.Next(256)}.{Random.Shared.Next(256)}"); // no network's limits
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    private static async Task SendHeadersAsync(World world, RelyingParty client, List<string> marks)
    {
        foreach (var endpoint in Endpoints)
        {
            foreach (var (name, value) in new (string, string)[]
            {
                ("Authorization", "Basic " + Stage.Base64($"{client.Id}:{Mark(marks, 5)}")),
                ("Authorization", $"Basic {client.Id}:{Mark(marks, 5)}"),
                ("Authorization", "Basic " + Stage.Base64($"{Mark(marks, 5)}:{client.Id}")),
                ("Authorization", $"Bearer {Mark(marks, 16)}"),
                ("Cookie", $"idsrv.session={Mark(marks, 16)}"),
                ("Origin", $"https://{Mark(marks, 16)}.example"),
                ("Referer", $"https://app.example.com/?code={Mark(marks, 5)}"),
                ("User-Agent", Mark(marks, 5)),
                ("DPoP", Mark(marks, 16)),
            })
            {
                using var http = world.Server.CreateClient(cookies: false);
                using var request = new HttpRequestMessage(HttpMethod.Post, endpoint)
                {
                    Content = new FormUrlEncodedContent(name == "Authorization" ? [] : [KeyValuePair.Create("client_id", client.Id)]),
                };
                request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
                using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
            }
        }
    }

    private static async Task ShouldKeepNothingAsync(World world, IReadOnlyList<string> marks)
    {
        await world.Server.StopWritingAsync();
        var rows = await world.ReadAsync(db => db.ClientFailures.AsNoTracking().ToListAsync(TestContext.Current.CancellationToken));
        rows.Select(row => row.Code).Distinct().Count().ShouldBeGreaterThan(15, "many kinds of failures");
        rows.Count.ShouldBeGreaterThan(1_000);
        var kept = string.Join('\n', rows.Select(row => $"{row.Id} {row.Code} {row.Endpoint} {row.Details}"));
        foreach (var text in new[] { kept, Uri.UnescapeDataString(kept), kept.Replace("\\u002B", "+", StringComparison.Ordinal) })
        {
            foreach (var mark in marks)
            {
                text.Contains(mark, StringComparison.OrdinalIgnoreCase).ShouldBeFalse(
                    rows.FirstOrDefault(row => row.Details.Contains(mark, StringComparison.OrdinalIgnoreCase)) is { } row ? $"{row.Code} {row.Details}" : mark);
                text.ShouldNotContain(Stage.Base64(mark)[..^4]);
            }
        }
    }
}
