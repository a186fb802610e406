using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using System.Web;
using IdentityServer.Clients;
using IdentityServer.Diagnostics;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Diagnosis;

/// <summary>What a mistake led to.</summary>
/// <param name="ClientId">Whose owners are to be told.</param>
/// <param name="Wire">What the caller was told: a part of the section's line in <c>docs/errors.md</c>.</param>
/// <param name="Page">The page that a person saw, if it was one.</param>
/// <param name="Body">What a program read.</param>
/// <param name="Details">Facts of the entry; an asterisk stands for any value.</param>
internal sealed record Provoked(string ClientId, string Wire, Answer? Page, string Body, params (string Name, string Value)[] Details);

/// <summary>A server on which clients make mistakes. One is enough for many: each mistake has clients of its own.</summary>
public sealed class Stage : IAsyncLifetime
{
    public const string Special = "q1+W2e/3r4%41t5y6u7i8o9p0aSdFgHjKlZx";
    public const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    internal bool PostgreSql { get; init; }

    internal World World { get; private set; } = null!;

    internal DateTimeOffset Now => World.Clock.GetUtcNow();

    internal string Issuer => World.Server.Address.AbsoluteUri;

    public async ValueTask InitializeAsync()
    {
        World = await World.StartAsync(PostgreSql);
        await Protocol.ResourceWorld.AddResourcesAsync(World);
    }

    public ValueTask DisposeAsync() => World.DisposeAsync();

    /// <summary>A client with a secret that needs encoding.</summary>
    internal async Task<string> AddSpecialAsync(string method)
    {
        var id = $"client-{Guid.NewGuid():N}";
        await World.RegisterAsync($$"""
            {"client_id":"{{id}}","client_secret":"{{Special}}","redirect_uris":["{{RelyingParty.RedirectUri}}"],"token_endpoint_auth_method":"{{method}}"}
            """);
        return id;
    }

    /// <summary>Posts a form, as it is said.</summary>
    internal async Task<(HttpStatusCode Status, string? Error, string Body)> PostAsync(
        string path, Dictionary<string, string> fields, string? basic = null, string? raw = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Post, path)
        {
            Content = raw is null ? new FormUrlEncodedContent(fields) : new StringContent(raw, Encoding.ASCII, "application/x-www-form-urlencoded"),
        };
        if (basic is not null)
        {
            request.Headers.TryAddWithoutValidation("Authorization", "Basic " + basic).ShouldBeTrue();
        }

        using var http = World.Server.CreateClient(cookies: false);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        var error = body.StartsWith('{') && JsonDocument.Parse(body).RootElement.TryGetProperty("error", out var name) ? name.GetString() : null;
        return (answer.StatusCode, error, body);
    }

    /// <summary>The same, as the mistake of a client.</summary>
    internal async Task<Provoked> TokenAsync(
        string clientId, Dictionary<string, string> fields, string? basic = null, string? raw = null, string path = "/connect/token", params (string Name, string Value)[] details)
    {
        if (path == "/connect/token" && raw is null)
        {
            fields.TryAdd("grant_type", "authorization_code");
            fields.TryAdd("code", "x");
            fields.TryAdd("redirect_uri", RelyingParty.RedirectUri);
            fields.TryAdd("code_verifier", new string('v', 43));
        }

        var (status, error, body) = await PostAsync(path, fields, basic, raw);
        return new(clientId, error ?? ((int)status).ToString(System.Globalization.CultureInfo.InvariantCulture), null, body, details);
    }

    /// <summary>An authorization request that fails.</summary>
    internal async Task<Provoked> AuthorizeAsync(string clientId, string start, params (string Name, string Value)[] details)
    {
        var answer = await World.OpenBrowser().GetAsync(start);
        answer = answer.Location is { IsAbsoluteUri: false } or { IsAbsoluteUri: true, Host: "127.0.0.1" } ? await World.OpenBrowser().FollowAsync(answer) : answer;
        return Of(clientId, answer, details);
    }

    internal static Provoked Of(string clientId, Answer answer, params (string Name, string Value)[] details) =>
        answer.Location is not { } back
            ? new(clientId, "our error page", answer, answer.Body, details)
            : new(clientId, HttpUtility.ParseQueryString(back.Fragment.Length > 0 ? back.Fragment[1..] : back.Query)["error"].ShouldNotBeNull(), null, back.ToString(), details);

    internal static Provoked Of(string clientId, TokenAnswer answer, params (string Name, string Value)[] details) =>
        new(clientId, answer.Error.ShouldNotBeNull(), null, answer.Json.ToString(), details);

    /// <summary>A code of a whole sign-in.</summary>
    internal async Task<string> CodeAsync(RelyingParty client, params (string Name, string? Value)[] changes)
    {
        var back = await World.OpenBrowser().SignInAsync(client.Start(changes), await World.AddUserAsync());
        return back.Parameter("code").ShouldNotBeNull(back.Body);
    }

    /// <summary>Makes an account the owner of clients.</summary>
    internal Task<bool> OwnAsync(Guid user, params string[] clientIds) => World.Server.InScopeAsync(async services =>
    {
        var db = services.GetRequiredService<Storage.IdentityServerDbContext>();
        foreach (var clientId in clientIds)
        {
            db.ClientOwners.Add(new() { ClientRowId = await RowIdAsync(clientId), UserId = user, AddedAt = Now });
        }

        await db.SaveChangesAsync(TestContext.Current.CancellationToken);
        return true;
    });

    internal async Task<string> RowIdAsync(string clientId) =>
        (await World.Server.Services.GetRequiredService<ClientCache>().FindSettingsAsync(clientId, TestContext.Current.CancellationToken)).ShouldNotBeNull().Id;

    /// <summary>The newest entry of a client, once it is one of a code: a request is handed over after its answer was sent.</summary>
    internal async Task<ClientFailure?> NewestAsync(string clientId, string code)
    {
        for (var look = 0; ; look++)
        {
            var newest = await FailuresAsync(clientId) is [var first, ..] ? first : null;
            if (newest?.Code == code || look == 500)
            {
                return newest;
            }

            await Task.Delay(2, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>What a client's owners are told, the newest first.</summary>
    internal Task<IReadOnlyList<ClientFailure>> FailuresAsync(string clientId) => World.Server.InScopeAsync(async services =>
        (await services.GetRequiredService<ClientHistory>().FailuresAsync(await RowIdAsync(clientId), new(), 50, TestContext.Current.CancellationToken)).Failures);

    internal static string Base64(string text) => Convert.ToBase64String(Encoding.ASCII.GetBytes(text));

    /// <summary>Asks as a page in a browser would, before it sends what no form could.</summary>
    internal async Task<HttpResponseMessage> PreflightAsync(string origin)
    {
        using var http = World.Server.CreateClient(cookies: false);
        using var request = new HttpRequestMessage(HttpMethod.Options, "/connect/token");
        request.Headers.Add("Origin", origin);
        request.Headers.Add("Access-Control-Request-Method", "POST");
        return await http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    internal async Task<Provoked> UserInfoAsync(string clientId, string token, params (string Name, string Value)[] details)
    {
        using var http = World.Server.CreateClient(cookies: false);
        using var request = new HttpRequestMessage(HttpMethod.Get, "/connect/userinfo");
        request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        answer.StatusCode.ShouldBe(HttpStatusCode.Unauthorized);
        return new(clientId, "401 invalid_token", null, answer.Headers.WwwAuthenticate.ToString(), details);
    }
}

/// <summary>What a test does with the entries of a server.</summary>
internal static class Entries
{
    /// <summary>Has all that happened so far written: what is to be written of a request is handed over before its answer begins.</summary>
    public static Task StopWritingAsync(this TestServer server) =>
        server.Services.GetRequiredService<InsightWriter>().FlushAsync(TestContext.Current.CancellationToken);
}
