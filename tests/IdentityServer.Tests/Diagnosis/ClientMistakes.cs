using System.Globalization;
using System.Text.Json.Nodes;
using IdentityServer.Tests.Clients;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using static IdentityServer.Domain.Diagnosis.FailureCodes;

namespace IdentityServer.Tests.Diagnosis;

/// <summary>One way for each mistake that a client can make with what it proves itself by.</summary>
internal static class ClientMistakes
{
    public static readonly Dictionary<string, Func<Stage, Task<Provoked>>> All = new()
    {
        [ClientUnknown] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            return await stage.AuthorizeAsync(
                client.Id, client.Start(("client_id", client.Id.ToUpperInvariant())), ("received", client.Id.ToUpperInvariant()), ("difference", "case"));
        },
        [ClientIdAndSecretSwapped] = async stage =>
        {
            var client = await stage.World.AddClientAsync("client_secret_post");
            return await stage.TokenAsync(client.Id, new() { ["client_id"] = client.Secret!, ["client_secret"] = client.Id });
        },
        [ClientAuthenticationMissing] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            return await stage.TokenAsync(client.Id, new() { ["client_id"] = client.Id }, details: ("registered", "client_secret_basic"));
        },
        [ClientAuthenticationInBody] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            return await stage.TokenAsync(
                client.Id, new() { ["client_id"] = client.Id, ["client_secret"] = client.Secret! }, details: ("registered", "client_secret_basic"));
        },
        [ClientAuthenticationInHeader] = async stage =>
        {
            var client = await stage.World.AddClientAsync("client_secret_post");
            return await stage.TokenAsync(client.Id, [], Stage.Base64($"{client.Id}:{client.Secret}"), details: ("registered", "client_secret_post"));
        },
        [ClientAuthenticationNotExpected] = async stage =>
        {
            var client = await stage.World.AddClientAsync("none");
            return await stage.TokenAsync(client.Id, new() { ["client_id"] = client.Id, ["client_secret"] = "x" }, details: ("used", "client_secret_post"));
        },
        [ClientAuthenticationBySecret] = async stage =>
        {
            using var key = new SigningParty();
            var id = await AddSigningAsync(stage, key);
            return await stage.TokenAsync(id, new() { ["client_id"] = id, ["client_secret"] = "x" }, details: ("used", "client_secret_post"));
        },
        [ClientAuthenticationByAssertion] = async stage =>
        {
            using var key = new SigningParty();
            var client = await stage.World.AddClientAsync();
            return await AssertAsync(stage, key, client.Id, details: [("registered", "client_secret_basic")]);
        },
        [ClientAuthenticationRepeated] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            return await stage.TokenAsync(client.Id, new() { ["client_secret"] = client.Secret! }, Stage.Base64($"{client.Id}:{client.Secret}"));
        },
        [ClientAssertionIncomplete] = async stage =>
        {
            using var key = new SigningParty();
            var id = await AddSigningAsync(stage, key);
            return await stage.TokenAsync(id, new() { ["client_id"] = id, ["client_assertion"] = "x" });
        },
        [BasicCredentialsMalformed] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            return await stage.TokenAsync(client.Id, [], $"{client.Id}:{client.Secret}");
        },
        [SecretMissing] = async stage =>
        {
            var client = await stage.World.AddClientAsync();
            return await stage.TokenAsync(client.Id, [], Stage.Base64($"{client.Id}:"));
        },
        [SecretWrong] = stage => PresentAsync(stage, secret => secret[..^3], ("length", "62")),
        [SecretExpired] = async stage =>
        {
            var client = await stage.World.AddClientAsync("client_secret_post");
            var made = await stage.World.Server.HaveSecretAsync(client.Id, "of May", stage.Now.AddHours(1));
            var day = stage.Now.AddHours(1).ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
            await stage.World.AdvanceAsync(TimeSpan.FromHours(2));
            return await PresentAsync(stage, client.Id, made.Secret.Reveal(), ("label", "of May"), ("date", day));
        },
        [SecretRetired] = async stage =>
        {
            var client = await stage.World.AddClientAsync("client_secret_post");
            var made = await stage.World.Server.HaveSecretAsync(client.Id, "of May");
            await stage.World.Server.RetireSecretAsync(client.Id, made.Shown.Id, evenIfUnsafe: true);
            return await PresentAsync(
                stage, client.Id, made.Secret.Reveal(), ("label", "of May"), ("date", stage.Now.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture)));
        },
        [SecretOfAnotherClient] = async stage =>
        {
            var (client, other) = (await stage.World.AddClientAsync("client_secret_post"), await stage.World.AddClientAsync());
            await stage.OwnAsync(await SomebodyAsync(stage), client.Id, other.Id);
            return await PresentAsync(stage, client.Id, other.Secret!, ("client", other.Id));
        },
        [SecretWithWhitespace] = stage => PresentAsync(stage, secret => secret + "\n"),
        [SecretInQuotes] = stage => PresentAsync(stage, secret => $"\"{secret}\""),
        [SecretPercentEncoded] = async stage =>
            await PresentAsync(stage, await stage.AddSpecialAsync("client_secret_post"), Uri.EscapeDataString(Stage.Special)),
        [SecretNotPercentEncoded] = async stage =>
        {
            var id = await stage.AddSpecialAsync("client_secret_basic");
            return await stage.TokenAsync(id, [], Stage.Base64($"{id}:{Stage.Special}"));
        },
        [SecretPlusBecameBlank] = async stage =>
        {
            var id = await stage.AddSpecialAsync("client_secret_post");
            var raw = $"grant_type=authorization_code&code=x&client_id={id}&client_secret={Stage.Special.Replace("%", "%25", StringComparison.Ordinal)}";
            return await stage.TokenAsync(id, [], raw: raw);
        },
        [SecretIsWholePair] = async stage =>
        {
            var client = await stage.World.AddClientAsync("client_secret_post");
            return await PresentAsync(stage, client.Id, Stage.Base64($"{client.Id}:{client.Secret}"));
        },
        [SecretIsItsHash] = async stage =>
        {
            var client = await stage.World.AddClientAsync("client_secret_post");
            var row = await stage.RowIdAsync(client.Id);
            var hash = await stage.World.ReadAsync(db => db.ClientSecrets.Where(secret => secret.ClientRowId == row).Select(secret => secret.Hash).SingleAsync());
            return await PresentAsync(stage, client.Id, hash);
        },
        [TooManyWrongSecrets] = async stage =>
        {
            var id = $"client-{Guid.NewGuid():N}";
            await stage.World.RegisterAsync($$"""
                {"client_id":"{{id}}","client_secret":"summer","redirect_uris":["{{RelyingParty.RedirectUri}}"],"token_endpoint_auth_method":"client_secret_post"}
                """);
            for (var guess = 0; guess < 10; guess++)
            {
                await PresentAsync(stage, id, $"guess {guess}");
            }

            stage.World.Clock.Advance(TimeSpan.FromMilliseconds(1)); // so that this one is the newest
            return await PresentAsync(stage, id, "guess again", ("seconds", "*"));
        },
        [AssertionMalformed] = async stage =>
        {
            using var key = new SigningParty();
            var id = await AddSigningAsync(stage, key);
            return await stage.TokenAsync(id, new() { ["client_id"] = id, ["client_assertion"] = "x", ["client_assertion_type"] = Stage.AssertionType });
        },
        [AssertionOfUnknownKind] = stage => AssertAsync(stage, type: "at+jwt", details: [("received", "at+jwt")]),
        [AssertionIssuerWrong] = stage => AssertAsync(stage, [("iss", "https://shop.example")], details: [("claim", "iss")]),
        [AssertionAudienceWrong] = stage => AssertAsync(
            stage, [("aud", "https://other.example/token")], details: [("received", "https://other.example/token"), ("expected", stage.Issuer)]),
        [AssertionExpired] = stage => AssertAsync(stage, [("exp", stage.Now.AddSeconds(-100).ToUnixTimeSeconds())], details: [("seconds", "100")]),
        [AssertionFromTheFuture] = stage => AssertAsync(
            stage, [("iat", stage.Now.AddSeconds(100).ToUnixTimeSeconds())], details: [("claim", "iat"), ("seconds", "100")]),
        [AssertionExpiryMissing] = stage => AssertAsync(stage, [("exp", null)]),
        [AssertionLivesTooLong] = stage => AssertAsync(
            stage, [("exp", stage.Now.AddHours(2).ToUnixTimeSeconds())], details: [("seconds", "7200"), ("most", "3600")]),
        [AssertionJtiMissing] = stage => AssertAsync(stage, [("jti", null)]),
        [AssertionReplayed] = async stage =>
        {
            using var key = new SigningParty();
            var id = await AddSigningAsync(stage, key);
            var jti = Guid.NewGuid().ToString();
            await AssertAsync(stage, key, id, [("jti", jti)]);
            stage.World.Clock.Advance(TimeSpan.FromMilliseconds(1)); // the first fails as well, for its code; the newest is looked at
            return await AssertAsync(stage, key, id, [("jti", jti)]);
        },
        [AssertionAlgorithmRefused] = async stage =>
        {
            using var key = new SigningParty("RS256");
            var id = await AddSigningAsync(stage, key, ",\"token_endpoint_auth_signing_alg\":\"PS256\"");
            return await AssertAsync(stage, key, id, details: [("received", "RS256"), ("expected", "PS256")]);
        },
        [AssertionKeyUnknown] = async stage =>
        {
            using var key = new SigningParty();
            using var another = new SigningParty(kid: "key-2");
            return await AssertAsync(stage, another, await AddSigningAsync(stage, key), details: [("kid", "key-2"), ("source", "jwks")]);
        },
        [AssertionSignatureWrong] = async stage =>
        {
            using var key = new SigningParty();
            using var another = new SigningParty();
            return await AssertAsync(stage, another, await AddSigningAsync(stage, key), details: [("kid", "key-1")]);
        },
        [ClientKeysUnreachable] = async stage =>
        {
            using var key = new SigningParty();
            var id = $"client-{Guid.NewGuid():N}";
            await stage.World.RegisterAsync($$"""
                {"client_id":"{{id}}","redirect_uris":["{{RelyingParty.RedirectUri}}"],"token_endpoint_auth_method":"private_key_jwt",
                 "jwks_uri":"https://keys.invalid/jwks.json"}
                """);
            return await AssertAsync(stage, key, id, details: [("member", "jwks_uri")]);
        },
    };

    /// <summary>An account, as an owner of clients.</summary>
    public static async Task<Guid> SomebodyAsync(Stage stage)
    {
        var email = await stage.World.AddUserAsync();
        return await stage.World.ReadAsync(db => db.Users.Where(user => user.Email == email).Select(user => user.Id).SingleAsync());
    }

    private static async Task<Provoked> PresentAsync(Stage stage, Func<string, string> change, params (string, string)[] details)
    {
        var client = await stage.World.AddClientAsync("client_secret_post");
        return await PresentAsync(stage, client.Id, change(client.Secret!), details);
    }

    private static Task<Provoked> PresentAsync(Stage stage, string id, string secret, params (string, string)[] details) =>
        stage.TokenAsync(id, new() { ["client_id"] = id, ["client_secret"] = secret }, details: details);

    private static async Task<string> AddSigningAsync(Stage stage, SigningParty key, string more = "")
    {
        var id = $"client-{Guid.NewGuid():N}";
        await stage.World.RegisterAsync($$"""
            {"client_id":"{{id}}","redirect_uris":["{{RelyingParty.RedirectUri}}"],"token_endpoint_auth_method":"private_key_jwt","jwks":{{key.Jwks}}{{more}}}
            """);
        return id;
    }

    private static async Task<Provoked> AssertAsync(
        Stage stage, (string Name, JsonNode? Value)[]? changes = null, string? type = null, (string, string)[]? details = null)
    {
        using var key = new SigningParty();
        return await AssertAsync(stage, key, await AddSigningAsync(stage, key), changes, type, details);
    }

    private static Task<Provoked> AssertAsync(
        Stage stage, SigningParty key, string id, (string Name, JsonNode? Value)[]? changes = null, string? type = null, (string, string)[]? details = null) =>
        stage.TokenAsync(
            id,
            new()
            {
                ["client_id"] = id,
                ["client_assertion_type"] = Stage.AssertionType,
                ["client_assertion"] = key.Sign(SigningParty.Assertion(id, stage.Issuer, stage.Now, changes ?? []), type),
            },
            details: details ?? []);
}
