using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Resources;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Protocol;

/// <summary>Two APIs, clients that may use them, and a person who signs in.</summary>
internal static class ResourceWorld
{
    public const string NotesApi = "https://notes.test.example";
    public const string MailApi = "https://mail.test.example";
    public const string Everything = "openid profile email offline_access n.read n.write m.read";

    /// <summary>Registers both APIs: <paramref name="more"/> goes into that of the notes.</summary>
    public static async Task AddResourcesAsync(this World world, string more = "")
    {
        await world.AddResourceAsync($$"""
            {"resource":"{{NotesApi}}","name":"Notes <b>API</b>","scopes":[{"name":"n.read","description":"Read <i>your</i> notes"},
             {"name":"n.write","description":"Write notes"}]{{more}}}
            """);
        await world.AddResourceAsync($$"""{"resource":"{{MailApi}}","name":"Mail","scopes":[{"name":"m.read","description":"Read your mail"}]}""");
    }

    public static Task<ResourceOutcome> AddResourceAsync(this World world, string line, TestServer? node = null) =>
        (node ?? world.Server).InScopeAsync(async services => await services.GetRequiredService<ResourceRegistry>().SaveAsync(
            ResourceMetadata.Parse(JsonDocument.Parse(line).RootElement).ShouldBeOfType<ResourceMetadataVerdict.Accepted>().Metadata,
            TestContext.Current.CancellationToken));

    /// <summary>A client that may ask for all there is.</summary>
    public static Task<RelyingParty> AddApiClientAsync(this World world, bool firstParty = true) =>
        world.AddClientWithScopeAsync(Everything, firstParty);

    public static async Task<RelyingParty> AddClientWithScopeAsync(this World world, string scope, bool firstParty = true)
    {
        var (id, secret) = ($"client-{Guid.NewGuid():N}", "S" + Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N"));
        await world.RegisterAsync($$"""
            {"client_id":"{{id}}","client_secret":"{{secret}}","client_name":"Test app","redirect_uris":["{{RelyingParty.RedirectUri}}"],
             "grant_types":["authorization_code","refresh_token","client_credentials"],"scope":"{{scope}}","first_party":{{(firstParty ? "true" : "false")}}}
            """);
        return new(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), id, secret, "client_secret_basic");
    }

    /// <summary>A resource server that stands for a resource.</summary>
    public static async Task<RelyingParty> AddResourceServerAsync(this World world, params string[] resources)
    {
        var (id, secret) = ($"api-{Guid.NewGuid():N}", "S" + Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N"));
        await world.RegisterAsync($$"""{"client_id":"{{id}}","client_secret":"{{secret}}","introspects":{{JsonSerializer.Serialize(resources)}}}""");
        return new(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), id, secret, "client_secret_basic");
    }

    /// <summary>An authorization request with any number of <c>resource</c> parameters.</summary>
    public static string Start(this RelyingParty client, string scope, params string[] resources) =>
        client.Start(("scope", scope)) + string.Concat(resources.Select(resource => "&resource=" + Uri.EscapeDataString(resource)));

    /// <summary>A whole sign-in up to the code.</summary>
    public static async Task<string> CodeAsync(this World world, RelyingParty client, string scope, params string[] resources)
    {
        var back = await world.OpenBrowser().SignInAsync(client.Start(scope, resources), await world.AddUserAsync());
        return back.Parameter("code").ShouldNotBeNull(back.Location?.ToString() ?? back.Body);
    }

    /// <summary>Trades a refresh token for a token for something.</summary>
    public static Task<TokenAnswer> RefreshForAsync(this RelyingParty client, string refreshToken, string? resource, string? scope = null)
    {
        var fields = new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["refresh_token"] = refreshToken };
        if (resource is not null)
        {
            fields["resource"] = resource;
        }

        if (scope is not null)
        {
            fields["scope"] = scope;
        }

        return client.TokenAsync(fields);
    }

    /// <summary>The audiences of an access token.</summary>
    public static string[] Audiences(this TokenAnswer answer) => TokenAnswer.Claims(answer.AccessToken.ShouldNotBeNull(answer.Json.ToString())).GetProperty("aud") switch
    {
        { ValueKind: JsonValueKind.Array } list => [.. list.EnumerateArray().Select(item => item.GetString()!)],
        var one => [one.GetString()!],
    };

    /// <summary>The scopes of an access token, in the order of the alphabet.</summary>
    public static string Scopes(this TokenAnswer answer) =>
        string.Join(' ', TokenAnswer.Claims(answer.AccessToken!).GetProperty("scope").GetString()!.Split(' ').Order(StringComparer.Ordinal));
}
