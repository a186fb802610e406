using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Registration;

/// <summary>What registration answered.</summary>
internal sealed record RegistrationAnswer(HttpStatusCode Status, JsonElement Json, string Body, HttpResponseMessage Message)
{
    public string? Error => Text("error");

    public string ClientId => Text("client_id")!;

    /// <summary>The registration access token.</summary>
    public string Access => Text("registration_access_token")!;

    public IReadOnlyList<string> Fields => [.. Json.GetProperty("problems").EnumerateArray().Select(problem => problem.GetProperty("field").GetString()!)];

    public string? Text(string name) => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty(name, out var value) ? value.GetString() : null;

    public bool Flag(string name) => Json.GetProperty(name).GetBoolean();
}

/// <summary>A server, and somebody who registers clients there over HTTP and nothing else.</summary>
internal sealed partial class RegistrationStage : IAsyncDisposable
{
    public const string Path = "/connect/register";

    /// <summary>The least that a web application sends.</summary>
    public const string Least = """{"redirect_uris":["https://app.example.com/callback"]}""";

    private static readonly JsonSerializerOptions Indented = new()
    {
        WriteIndented = true,
        NewLine = "\n",
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
    };

    private readonly HttpClient _http;

    private RegistrationStage(World world) => (World, _http) = (world, world.Server.CreateClient(cookies: false));

    public World World { get; }

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<RegistrationStage> OpenAsync(bool postgreSql = false, Action<TestServerSetup>? configure = null) =>
        new(await World.StartAsync(postgreSql, configure));

    /// <summary>An initial access token.</summary>
    public Task<string> TokenAsync(int uses = 1, PkcePolicy pkce = PkcePolicy.Required, int days = 7, params string[] scopes) =>
        World.Server.InScopeAsync(async services => (await services.GetRequiredService<RegistrationTokens>().CreateAsync(
            new("Test", TimeSpan.FromDays(days), uses, new(scopes is [] ? StandardScopes.All : scopes, pkce)), Cancel)).Secret.Reveal());

    /// <summary>Registers a client, which goes well.</summary>
    public async Task<RegistrationAnswer> RegisterAsync(string json = Least, PkcePolicy pkce = PkcePolicy.Required, params string[] scopes)
    {
        var answer = await PostAsync(await TokenAsync(pkce: pkce, scopes: scopes), json);
        answer.Status.ShouldBe(HttpStatusCode.Created, answer.Body);
        return answer;
    }

    /// <summary>Tries to register a client, which does not.</summary>
    public async Task<RegistrationAnswer> RefusedAsync(string json, string? error = null)
    {
        var answer = await PostAsync(await TokenAsync(), json);
        answer.Status.ShouldBe(HttpStatusCode.BadRequest, answer.Body);
        answer.Error.ShouldBe(error ?? answer.Error);
        return answer;
    }

    public Task<RegistrationAnswer> PostAsync(string? token, string json) => SendAsync(HttpMethod.Post, Path, token, json);

    public Task<RegistrationAnswer> ReadAsync(RegistrationAnswer client) => SendAsync(HttpMethod.Get, $"{Path}/{client.ClientId}", client.Access);

    /// <summary>Changes a client to these members and its <c>client_id</c>.</summary>
    public Task<RegistrationAnswer> ChangeAsync(RegistrationAnswer client, string json) => SendAsync(
        HttpMethod.Put, $"{Path}/{client.ClientId}", client.Access, $$"""{"client_id":"{{client.ClientId}}",{{json.TrimStart()[1..]}}""");

    public Task<RegistrationAnswer> DeleteAsync(RegistrationAnswer client) => SendAsync(HttpMethod.Delete, $"{Path}/{client.ClientId}", client.Access);

    public async Task<RegistrationAnswer> SendAsync(
        HttpMethod method, string path, string? token, string? json = null, string type = "application/json", string network = "192.0.2.1", byte[]? raw = null)
    {
        using var request = new HttpRequestMessage(method, path);
        request.Headers.Add("X-Forwarded-For", network);
        if (token is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", $"Bearer {token}").ShouldBeTrue();
        }

        if (json is not null || raw is not null)
        {
            request.Content = new ByteArrayContent(raw ?? Encoding.UTF8.GetBytes(json!));
            request.Content.Headers.TryAddWithoutValidation("Content-Type", type).ShouldBeTrue();
        }

        var response = await _http.SendAsync(request, Cancel);
        var body = await response.Content.ReadAsStringAsync(Cancel);
        var parsed = response.Content.Headers.ContentType?.MediaType == "application/json" ? JsonDocument.Parse(body).RootElement : default;
        return new(response.StatusCode, parsed, body, response);
    }

    /// <summary>The client that was registered, at work.</summary>
    public RelyingParty PartyOf(RegistrationAnswer client) => new(
        World.Server.CreateClient(cookies: false), () => World.OpenBrowser(), client.ClientId, client.Text("client_secret"), client.Text("token_endpoint_auth_method")!);

    /// <summary>A person signs in at a client and allows what it asks for.</summary>
    public static async Task<Answer> SignInAsync(Browser browser, string start, string email) => await AllowAsync(browser, await browser.SignInAsync(start, email));

    /// <summary>Says yes on the page that asks for consent.</summary>
    public static async Task<Answer> AllowAsync(Browser browser, Answer question)
    {
        question.Status.ShouldBe(HttpStatusCode.OK, question.Body);
        return await browser.FollowAsync(await browser.SubmitAsync(question, new Dictionary<string, string> { ["Answer"] = "allow" }));
    }

    /// <summary>An answer to keep: what differs from run to run is named instead.</summary>
    public string Kept(RegistrationAnswer answer)
    {
        var text = JsonSerializer.Serialize(answer.Json, Indented).Replace(World.Server.Address.ToString(), "https://id.example.com/", StringComparison.Ordinal);
        text = Random().Replace(text, match => $"\"{match.Groups[1].Value}\": \"({match.Groups[1].Value})\"");
        return (answer.Json.TryGetProperty("client_id", out var id) ? text.Replace(id.GetString()!, "(client_id)", StringComparison.Ordinal) : text) + "\n";
    }

    public ValueTask DisposeAsync() => World.DisposeAsync();

    [GeneratedRegex("\"(client_secret|registration_access_token)\": \"[^\"]+\"")]
    private static partial Regex Random();
}
