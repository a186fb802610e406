using System.Text.Json.Nodes;
using IdentityServer.Tests.Protocol;
using IdentityServer.Tests.Support;
using static IdentityServer.Domain.Diagnosis.FailureCodes;

namespace IdentityServer.Tests.Diagnosis;

/// <summary>One way for each mistake that a client can make with an authorization request.</summary>
internal static class AuthorizationMistakes
{
    public static readonly Dictionary<string, Func<Stage, Task<Provoked>>> All = new()
    {
        [RedirectUriMismatch] = stage => AskAsync(
            stage,
            [("redirect_uri", RelyingParty.RedirectUri + "/")],
            ("received", RelyingParty.RedirectUri + "/"),
            ("registered", RelyingParty.RedirectUri),
            ("difference", "trailing_slash")),
        [RedirectUriMissing] = stage => AskAsync(stage, [("redirect_uri", null)], ("registered", RelyingParty.RedirectUri)),
        [ResponseTypeRefused] = stage => AskAsync(stage, [("response_type", "id_token token")], ("received", "id_token token")),
        [ResponseModeRefused] = stage => AskAsync(stage, [("response_mode", "web_message")], ("received", "web_message")),
        [PkceChallengeMissing] = stage => AskAsync(stage, [("code_challenge", null)]),
        [PkceMethodRefused] = stage => AskAsync(stage, [("code_challenge_method", "plain")], ("received", "plain")),
        [ScopeUnknown] = stage => AskAsync(stage, [("scope", "openid User.Read")], ("scope", "openid User.Read")),
        [ScopeNotAllowed] = async stage =>
        {
            var client = await stage.World.AddClientWithScopeAsync("openid");
            return await stage.AuthorizeAsync(client.Id, client.Start(("scope", "openid phone")), ("scope", "phone"));
        },
        [ScopeNotForPeople] = async stage =>
        {
            var client = await stage.World.AddClientWithScopeAsync("openid clients.read", firstParty: false);
            return await stage.AuthorizeAsync(client.Id, client.Start(("scope", "openid clients.read")), ("scope", "clients.read"));
        },
        [ResourceRefused] = stage => AskAsync(stage, [("resource", "https://unknown.example")], ("reason", "*")),
        [PromptMalformed] = stage => AskAsync(stage, [("prompt", "none login")], ("received", "none login")),
        [MaxAgeMalformed] = stage => AskAsync(stage, [("max_age", "1h")], ("received", "1h")),
        [ClaimsMalformed] = stage => AskAsync(stage, [("claims", "{\"email\":true")]),
        [AcrNotOffered] = stage => AskAsync(stage, [("claims", """{"id_token":{"acr":{"essential":true,"value":"urn:example:gold"}}}""")]),
        [ParRequired] = async stage =>
        {
            var client = await stage.World.AddClientAsync(extra: "\"require_pushed_authorization_requests\":true");
            return await stage.AuthorizeAsync(client.Id, client.Start());
        },
        [RequestUriUnknown] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            var pushed = (await client.PostAsync("/connect/par", client.Request())).Json.GetProperty("request_uri").GetString()!;
            await stage.World.AdvanceAsync(TimeSpan.FromMinutes(61));
            return await stage.AuthorizeAsync(client.Id, $"/connect/authorize?client_id={client.Id}&request_uri={Uri.EscapeDataString(pushed)}");
        },
        [RequestObjectRequired] = async stage =>
        {
            using var key = new SigningParty();
            var client = await AddSigningAsync(stage, key, ",\"require_signed_request_object\":true");
            return await stage.AuthorizeAsync(client.Id, client.Start());
        },
        [RequestObjectUnsigned] = stage => SignAsync(stage, (_, _) => SigningParty.Unsigned(new JsonObject { ["state"] = "x" })),
        [RequestObjectExpired] = stage => SignAsync(
            stage, (key, _) => key.Sign(new() { ["exp"] = stage.Now.AddSeconds(-100).ToUnixTimeSeconds() }), ("seconds", "100")),
        [RequestObjectSignatureWrong] = stage => SignAsync(
            stage,
            (_, _) =>
            {
                using var other = new SigningParty();
                return other.Sign(new() { ["state"] = "x" });
            },
            ("reason", "Its signature was not made with the client's key.")),
        [RequestObjectRefused] = stage => SignAsync(
            stage, (key, _) => key.Sign(new() { ["aud"] = "https://other.example" }), ("reason", "Its aud must be the issuer.")),
        [RequestUriNotRegistered] = stage => AskAsync(
            stage, [("request_uri", "https://app.example.com/request.jwt")], ("received", "https://app.example.com/request.jwt")),
        [RequestUriUnreachable] = async stage =>
        {
            using var key = new SigningParty();
            var client = await AddSigningAsync(stage, key, ",\"request_uris\":[\"https://objects.invalid/request.jwt\"]");
            return await stage.AuthorizeAsync(client.Id, client.Start(("request_uri", "https://objects.invalid/request.jwt")));
        },
        [ParameterRepeated] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            return await stage.AuthorizeAsync(client.Id, client.Start() + "&scope=email", ("parameter", "scope"));
        },
        [ParameterMissing] = async stage =>
        {
            var client = await stage.World.AddClientAsync("client_secret_post");
            return await stage.TokenAsync(client.Id, [], raw: $"client_id={client.Id}&client_secret={client.Secret}", details: ("parameter", "grant_type"));
        },
        [RequestTooLarge] = stage => AskAsync(stage, [.. Enumerable.Range(0, 64).Select(index => ($"p{index}", (string?)"x"))], ("most", "8192")),
        [IdTokenHintUnreadable] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            var answer = await stage.World.OpenBrowser().GetAsync($"/connect/endsession?client_id={client.Id}&id_token_hint=eyJhbGciOiJub25lIn0.e30.");
            return new(client.Id, "own page", null, answer.Location!.ToString());
        },
        [IdTokenHintOfAnotherClient] = async stage =>
        {
            var (client, other) = (await stage.World.AddClientAsync(), await stage.World.AddClientAsync());
            var tokens = await other.SignInAsync(await stage.World.AddUserAsync());
            return await stage.AuthorizeAsync(client.Id, client.Start(("id_token_hint", tokens.IdToken)));
        },
        [RequestRefused] = stage => AskAsync(stage, [("audience", "https://api.example.com")], ("error", "invalid_request")),
    };

    private static async Task<Provoked> AskAsync(Stage stage, (string Name, string? Value)[] changes, params (string, string)[] details)
    {
        var client = await stage.World.AddClientAsync();
        return await stage.AuthorizeAsync(client.Id, client.Start(changes), details);
    }

    private static async Task<Provoked> SignAsync(Stage stage, Func<SigningParty, string, string> sign, params (string, string)[] details)
    {
        using var key = new SigningParty();
        var client = await AddSigningAsync(stage, key, "");
        return await stage.AuthorizeAsync(client.Id, client.Start(("request", sign(key, client.Id))), details);
    }

    private static Task<RelyingParty> AddSigningAsync(Stage stage, SigningParty key, string more) =>
        stage.World.AddClientAsync(extra: $"\"jwks\":{key.Jwks}{more}");
}
