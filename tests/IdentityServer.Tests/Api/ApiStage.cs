using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Api;

/// <summary>What the API answered.</summary>
internal sealed record ApiReply(HttpStatusCode Status, JsonElement Json, HttpResponseMessage Message, string Body)
{
    public string? ETag => Message.Headers.ETag?.ToString();

    /// <summary>The end of the problem's type.</summary>
    public string? Problem => Json.ValueKind == JsonValueKind.Object && Json.TryGetProperty("type", out var type) ? type.GetString()!.Split('#')[^1] : null;

    public string? Text(string name) => Json.GetProperty(name).GetString();

    public IReadOnlyList<string> Fields => [.. Json.GetProperty("problems").EnumerateArray().Select(problem => problem.GetProperty("field").GetString()!)];
}

/// <summary>Somebody who calls the API with a token; without one, with none.</summary>
internal sealed class ApiUser(HttpClient http, string? token)
{
    public string? Token => token;

    public Task<ApiReply> GetAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Get, path, null, headers);

    public Task<ApiReply> PostAsync(string path, object body, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Post, path, body, headers);

    public Task<ApiReply> PutAsync(string path, object body, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Put, path, body, headers);

    public Task<ApiReply> PatchAsync(string path, object body, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Patch, path, body, headers);

    public Task<ApiReply> DeleteAsync(string path, params (string Name, string Value)[] headers) => SendAsync(HttpMethod.Delete, path, null, headers);

    /// <summary>Sends a request. A body that is text goes as it is; any other is written as JSON.</summary>
    public async Task<ApiReply> SendAsync(HttpMethod method, string path, object? body, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, "/api/v1" + path);
        if (body is not null)
        {
            request.Content = new StringContent(body as string ?? JsonSerializer.Serialize(body), Encoding.UTF8, "application/json");
        }

        if (token is not null)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Bearer", token);
        }

        foreach (var (name, value) in headers)
        {
            request.Headers.TryAddWithoutValidation(name, value).ShouldBeTrue();
        }

        var response = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var text = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        return new(response.StatusCode, text.Length == 0 ? default : JsonDocument.Parse(text).RootElement, response, text);
    }
}

/// <summary>People and machines with tokens for the management API.</summary>
internal sealed class ApiStage(World world) : IAsyncDisposable
{
    public const string AllScopes = "openid offline_access clients.read clients.write clients.secrets clients.test-users";

    public World World => world;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static async Task<ApiStage> StartAsync(bool postgreSql = false, Action<TestServerSetup>? configure = null) =>
        new(await World.StartAsync(postgreSql, configure));

    /// <summary>Nobody.</summary>
    public ApiUser Anonymous => new(world.Server.CreateClient(cookies: false), null);

    /// <summary>Whoever holds a token.</summary>
    public ApiUser With(string token) => new(world.Server.CreateClient(cookies: false), token);

    /// <summary>The command line tool, as any program may pass for it.</summary>
    public RelyingParty CommandLine() => new(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), BuiltIns.CommandLineId, null, "none");

    /// <summary>A person who signs in through the command line tool.</summary>
    public async Task<ApiUser> PersonAsync(string? email = null, string scope = AllScopes, Browser? browser = null)
    {
        email ??= await world.AddUserAsync();
        return With((await TokensAsync(email, scope, browser)).AccessToken!);
    }

    /// <summary>The tokens of a sign-in through the command line tool.</summary>
    public async Task<TokenAnswer> TokensAsync(string email, string scope = AllScopes, Browser? browser = null)
    {
        const string redirect = "http://127.0.0.1:7890/";
        var tool = CommandLine();
        var back = await (browser ?? world.OpenBrowser()).SignInAsync(tool.Start(("redirect_uri", redirect), ("scope", scope)), email);
        back.Parameter("code").ShouldNotBeNull(back.Location?.ToString() ?? back.Body);
        var answer = await tool.ExchangeAsync(back.Parameter("code")!, ("redirect_uri", redirect));
        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Json.ToString());
        return answer;
    }

    /// <summary>Registers a client through the API.</summary>
    public static async Task<ApiReply> CreateAsync(ApiUser user, string kind = "web-server", string? scope = null)
    {
        var made = await user.PostAsync("/clients", kind == "machine"
            ? new Dictionary<string, object?> { ["kind"] = kind, ["client_name"] = "Robot", ["scope"] = scope ?? string.Join(' ', ManagementScopes.All) }
            : new Dictionary<string, object?> { ["kind"] = kind, ["client_name"] = "Shop", ["redirect_uris"] = new[] { "https://shop.example.com/callback" } });
        made.Status.ShouldBe(HttpStatusCode.Created, made.Body);
        return made;
    }

    /// <summary>The token of a machine client for itself.</summary>
    public async Task<ApiUser> MachineAsync(ApiReply made, string? scope = null)
    {
        var party = new RelyingParty(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), made.Text("client_id")!, made.Text("client_secret"), "client_secret_basic");
        var answer = await party.TokenAsync(new() { ["grant_type"] = "client_credentials", ["scope"] = scope ?? string.Join(' ', ManagementScopes.All) });
        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Json.ToString());
        return With(answer.AccessToken!);
    }

    /// <summary>Has a client make a mistake.</summary>
    public async Task FailAsync(ApiReply made)
    {
        var party = new RelyingParty(
            world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), made.Text("client_id")!, "a-wrong-secret-of-" + Guid.NewGuid().ToString("N"), "client_secret_basic");
        (await party.TokenAsync(new() { ["grant_type"] = "client_credentials" })).Error.ShouldBe("invalid_client");
    }

    /// <summary>Lets a machine manage a client, of one owner.</summary>
    public Task LetAsync(string ownerEmail, string machine, string client) => world.Server.InScopeAsync(async services =>
    {
        var user = await services.GetRequiredService<UserDirectory>().FindByEmailAsync(ownerEmail, Cancel);
        var (access, owner) = (services.GetRequiredService<ClientAccess>(), new Actor.Person(user!));
        return (await services.GetRequiredService<ClientAgents>().AddAsync(
            (await access.FindAsync(owner, client, Cancel))!, (await access.FindAsync(owner, machine, Cancel))!, Cancel)).ShouldBeTrueAnd();
    });

    /// <summary>Makes a person own a client too.</summary>
    public Task<int> AddOwnerAsync(string email, string clientId) => world.Server.InScopeAsync(async services =>
    {
        var db = services.GetRequiredService<Storage.IdentityServerDbContext>();
        db.ClientOwners.Add(new ClientOwner
        {
            ClientRowId = (await db.Clients.Where(client => client.ClientId == clientId).Select(client => client.Id).SingleAsync(Cancel))!,
            UserId = await db.Users.Where(user => user.Email == email).Select(user => user.Id).SingleAsync(Cancel),
            AddedAt = world.Clock.GetUtcNow(),
        });
        return await db.SaveChangesAsync(Cancel);
    });

    public ValueTask DisposeAsync() => world.DisposeAsync();
}

internal static class Facts
{
    public static bool ShouldBeTrueAnd(this bool fact)
    {
        fact.ShouldBeTrue();
        return fact;
    }
}
