using System.Net;
using IdentityServer.Tests.Protocol;
using IdentityServer.Tests.Support;
using static IdentityServer.Domain.Diagnosis.FailureCodes;

namespace IdentityServer.Tests.Diagnosis;

/// <summary>One way for each mistake that a client can make with a code or a token, or in a browser.</summary>
internal static class TokenMistakes
{
    public static readonly Dictionary<string, Func<Stage, Task<Provoked>>> All = new()
    {
        [GrantTypeUnsupported] = stage => AskAsync(stage, new() { ["grant_type"] = "password", ["username"] = "a", ["password"] = "b" }, ("received", "password")),
        [GrantTypeNotAllowed] = stage => AskAsync(stage, new() { ["grant_type"] = "client_credentials" }, ("received", "client_credentials")),
        [CodeUnreadable] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            return Stage.Of(client.Id, await client.ExchangeAsync("no-code"));
        },
        [CodeExpired] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            var code = await stage.CodeAsync(client);
            await stage.World.AdvanceAsync(TimeSpan.FromSeconds(90));
            return Stage.Of(client.Id, await client.ExchangeAsync(code), ("seconds", "30"));
        },
        [CodeUsedTwice] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            var code = await stage.CodeAsync(client);
            (await client.ExchangeAsync(code)).Status.ShouldBe(HttpStatusCode.OK);
            return Stage.Of(client.Id, await client.ExchangeAsync(code));
        },
        [CodeOfAnotherClient] = async stage =>
        {
            var (client, other) = (await stage.World.AddClientAsync(), await stage.World.AddClientAsync());
            return Stage.Of(client.Id, await client.ExchangeAsync(await stage.CodeAsync(other)));
        },
        [CodeRedirectUriDiffers] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            const string received = "http://app.example.com/callback";
            return Stage.Of(
                client.Id,
                await client.ExchangeAsync(await stage.CodeAsync(client), ("redirect_uri", received)),
                ("received", received),
                ("registered", RelyingParty.RedirectUri),
                ("difference", "scheme"));
        },
        [CodeRedirectUriMissing] = stage => ExchangeAsync(stage, ("redirect_uri", null)),
        [PkceVerifierMissing] = stage => ExchangeAsync(stage, ("code_verifier", null)),
        [PkceVerifierWrong] = stage => ExchangeAsync(stage, ("code_verifier", new string('w', 43))),
        [PkceVerifierUnexpected] = async stage =>
        {
            var client = await stage.World.AddClientAsync(extra: "\"require_pkce\":false");
            var code = await stage.CodeAsync(client, ("code_challenge", null), ("code_challenge_method", null));
            return Stage.Of(client.Id, await client.ExchangeAsync(code));
        },
        [RefreshTokenUnreadable] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            return Stage.Of(client.Id, await client.RefreshAsync("no-token"));
        },
        [RefreshTokenExpired] = async stage =>
        {
            var (client, tokens) = await SignInAsync(stage);
            await stage.World.AdvanceAsync(TimeSpan.FromDays(7) + TimeSpan.FromMinutes(1));
            return Stage.Of(client.Id, await client.RefreshAsync(tokens.RefreshToken!), ("seconds", "60"));
        },
        [RefreshTokenUsedTwice] = async stage =>
        {
            var (client, tokens) = await SignInAsync(stage);
            (await client.RefreshAsync(tokens.RefreshToken!)).Status.ShouldBe(HttpStatusCode.OK);
            return Stage.Of(client.Id, await client.RefreshAsync(tokens.RefreshToken!));
        },
        [RefreshTokenRevoked] = async stage =>
        {
            var (client, tokens) = await SignInAsync(stage);
            await client.PostAsync("/connect/revoke", new() { ["token"] = tokens.RefreshToken! });
            return Stage.Of(client.Id, await client.RefreshAsync(tokens.RefreshToken!));
        },
        [RefreshTokenOfAnotherClient] = async stage =>
        {
            var (_, tokens) = await SignInAsync(stage);
            var client = await stage.World.AddClientAsync();
            return Stage.Of(client.Id, await client.RefreshAsync(tokens.RefreshToken!));
        },
        [ScopeExceedsGrant] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            var tokens = await client.ExchangeAsync(await stage.CodeAsync(client, ("scope", "openid offline_access")));
            return Stage.Of(
                client.Id,
                await client.TokenAsync(new() { ["grant_type"] = "refresh_token", ["refresh_token"] = tokens.RefreshToken!, ["scope"] = "openid phone" }));
        },
        [ScopeAboutAPerson] = async stage =>
        {
            var client = await stage.World.AddMachineAsync();
            return Stage.Of(client.Id, await client.TokenAsync(new() { ["grant_type"] = "client_credentials", ["scope"] = "openid" }), ("scope", "openid"));
        },
        [SignInEnded] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            var browser = stage.World.OpenBrowser();
            var back = await browser.SignInAsync(client.Start(), await stage.World.AddUserAsync());
            var page = await browser.FollowAsync(await browser.GetAsync("/connect/endsession"));
            await browser.SubmitAsync(page, new Dictionary<string, string>());
            return Stage.Of(client.Id, await client.ExchangeAsync(back.Parameter("code")!));
        },
        [OriginNotRegistered] = async stage =>
        {
            var host = $"p{Guid.NewGuid():N}.example";
            var client = await stage.World.AddClientAsync("none", redirectUris: $"https://{host}/callback");
            using var answer = await stage.PreflightAsync($"http://{host}:8080");
            answer.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
            return new(client.Id, "204", null, "", ("origin", "*"), ("expected", $"https://{host}"));
        },
        [IntrospectionByPublicClient] = async stage =>
        {
            var client = await stage.World.AddClientAsync("none");
            return await stage.TokenAsync(client.Id, new() { ["client_id"] = client.Id, ["token"] = "x" }, path: "/connect/introspect");
        },
        [IntrospectionNotForThisClient] = async stage =>
        {
            var (_, tokens) = await SignInAsync(stage);
            var api = await stage.World.AddResourceServerAsync(ResourceWorld.NotesApi);
            var answer = await api.PostAsync("/connect/introspect", new() { ["token"] = tokens.AccessToken! });
            answer.Json.GetProperty("active").GetBoolean().ShouldBeFalse();
            return new(api.Id, "200", null, answer.Json.ToString());
        },
        [RevocationNotForThisClient] = async stage =>
        {
            var (_, tokens) = await SignInAsync(stage);
            var client = await stage.World.AddClientAsync();
            var answer = await client.PostAsync("/connect/revoke", new() { ["token"] = tokens.RefreshToken! });
            return new(client.Id, answer.Error ?? "200", null, answer.Json.ToString());
        },
        [PostLogoutRedirectUriMismatch] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            return await stage.AuthorizeAsync(
                client.Id,
                $"/connect/endsession?client_id={client.Id}&post_logout_redirect_uri=https%3A%2F%2Fapp.example.com%2FBye",
                ("received", "https://app.example.com/Bye"),
                ("registered", "https://app.example.com/bye"),
                ("difference", "path_case"));
        },
        [AccessTokenExpired] = async stage =>
        {
            var (client, tokens) = await SignInAsync(stage);
            await stage.World.AdvanceAsync(TimeSpan.FromMinutes(16));
            return await stage.UserInfoAsync(client.Id, tokens.AccessToken!, ("seconds", "60"));
        },
        [AccessTokenRevoked] = async stage =>
        {
            var (client, tokens) = await SignInAsync(stage);
            await client.PostAsync("/connect/revoke", new() { ["token"] = tokens.RefreshToken! });
            return await stage.UserInfoAsync(client.Id, tokens.AccessToken!);
        },
        [AccessTokenForAnotherResource] = async stage =>
        {
            var client = await stage.World.AddApiClientAsync();
            var tokens = await client.ExchangeAsync(
                await stage.World.CodeAsync(client, ResourceWorld.Everything, ResourceWorld.NotesApi, ResourceWorld.MailApi), ("resource", ResourceWorld.MailApi));
            return await stage.UserInfoAsync(client.Id, tokens.AccessToken!);
        },
        [TooManyRequests] = async stage =>
        {
            var client = await stage.World.AddClientAsync("none");
            var answer = await client.PostAsync("/connect/par", client.Request());
            for (var request = 0; request < 200 && answer.Error is null; request++)
            {
                answer = await client.PostAsync("/connect/par", client.Request());
            }

            return Stage.Of(client.Id, answer, ("seconds", "*"));
        },
    };

    private static async Task<Provoked> AskAsync(Stage stage, Dictionary<string, string> fields, params (string, string)[] details)
    {
        var client = await stage.World.AddClientAsync();
        return Stage.Of(client.Id, await client.TokenAsync(fields), details);
    }

    private static async Task<Provoked> ExchangeAsync(Stage stage, params (string Name, string? Value)[] changes)
    {
        var client = await stage.World.AddClientAsync();
        return Stage.Of(client.Id, await client.ExchangeAsync(await stage.CodeAsync(client), changes));
    }

    private static async Task<(RelyingParty Client, TokenAnswer Tokens)> SignInAsync(Stage stage)
    {
        var client = await stage.World.AddClientAsync();
        return (client, await client.SignInAsync(await stage.World.AddUserAsync()));
    }
}
