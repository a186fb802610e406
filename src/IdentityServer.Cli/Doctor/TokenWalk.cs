using System.Buffers.Text;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Doctor;

/// <summary>The part of a sign-in that a client does by itself: trades the code for tokens, reads them, asks userinfo.</summary>
internal sealed class TokenWalk(ToolContext context, ManagementApi api, Report report, Diagnosis diagnosis)
{
    public async Task RunAsync(
        ServerDocument server, Patient client, ClientLogin login, WalkRequest request, string code, CancellationToken cancellationToken)
    {
        if (!client.IsPublic && (login.Secret is null || !client.HasSecret))
        {
            await report.AddAsync(client.HasSecret
                ? Finding.Skipped("sign-in: tokens", "The code is traded with the client's secret, which is not here.", "Give it: --secret-stdin, or IDSRV_CLIENT_SECRET.")
                : Finding.Skipped("sign-in: tokens", "The code is traded with the client's key, which is not here."));
            return;
        }

        var fields = new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["code"] = code,
            ["redirect_uri"] = request.RedirectUri,
            ["code_verifier"] = request.Pkce.Verifier,
        };
        var answer = await new TokenEndpoint(api.Http).AskAsync(server.Token, fields, login, cancellationToken);
        if (answer is not TokenAnswer.Issued issued)
        {
            await diagnosis.AddAsync("sign-in: tokens", answer is TokenAnswer.Refused refused ? refused.Sentence : ((TokenAnswer.Failed)answer).Why, cancellationToken);
            return;
        }

        await report.AddAsync(Finding.Fine("sign-in: tokens", $"The code is traded for tokens, good for {Math.Round(issued.Lifetime.TotalMinutes)} minutes."));
        if (!request.Scopes.Contains("openid"))
        {
            await report.AddAsync(Finding.Skipped("sign-in: id_token", "The client has not registered the scope openid."));
            return;
        }

        var claims = Claims(issued.IdToken);
        await report.AddAsync(Judge(claims, server, client, request));
        await report.AddAsync(await UserInfoAsync(server, issued.AccessToken, claims.Text("sub"), cancellationToken));
    }

    /// <summary>Asks for a token of the client's own.</summary>
    public async Task RunMachineAsync(ServerDocument server, Patient client, string? secret, CancellationToken cancellationToken)
    {
        const string Check = "client credentials";
        if (!client.HasSecret || secret is null)
        {
            await report.AddAsync(Finding.Skipped(Check, client.HasSecret
                ? "The client's secret is not here. Give it: --secret-stdin, or IDSRV_CLIENT_SECRET."
                : "The client proves itself with a key, which is not here."));
            return;
        }

        var answer = await new TokenEndpoint(api.Http).AskAsync(
            server.Token, new() { ["grant_type"] = "client_credentials" }, new(client.ClientId, secret, client.Method), cancellationToken);
        if (answer is TokenAnswer.Issued issued)
        {
            await report.AddAsync(Finding.Fine(Check, $"The client gets a token, good for {Math.Round(issued.Lifetime.TotalMinutes)} minutes."));
        }
        else
        {
            await diagnosis.AddAsync(Check, answer is TokenAnswer.Refused refused ? refused.Sentence : ((TokenAnswer.Failed)answer).Why, cancellationToken);
        }
    }

    // OpenID Connect Core §3.1.3.7; the signature need not be looked at in what came straight from the token endpoint.
    private Finding Judge(JsonNode? claims, ServerDocument server, Patient client, WalkRequest request)
    {
        const string Check = "sign-in: id_token";
        if (claims is null)
        {
            return Finding.Problem(Check, "No id_token came that can be read.", "If the client registered encryption for it, that is why; else tell the operator.");
        }

        var audience = claims.Text("aud") is { } one ? [one] : claims.Texts("aud");
        var now = context.Clock.GetUtcNow().ToUnixTimeSeconds();
        return claims.Text("iss") != server.Issuer.AbsoluteUri ? Finding.Problem(Check, "Its iss is not the issuer.", "Tell the operator.")
            : !audience.Contains(client.ClientId) ? Finding.Problem(Check, "Its aud is not the client.", "Tell the operator.")
            : claims.Text("nonce") != request.Nonce ? Finding.Problem(Check, "Its nonce is not that of the request.", "Tell the operator.")
            : claims.Number("exp") <= now ? Finding.Problem(Check, "By this machine's clock it is over already.", "Set this machine's clock right.")
            : Finding.Fine(Check, string.Create(CultureInfo.InvariantCulture, $"iss, aud, nonce and exp are right; amr is {string.Join(' ', claims.Texts("amr"))}."));
    }

    private async Task<Finding> UserInfoAsync(ServerDocument server, string accessToken, string? subject, CancellationToken cancellationToken)
    {
        const string Check = "sign-in: userinfo";
        if (server.UserInfo is null)
        {
            return Finding.Skipped(Check, "The server has none.");
        }

        using var request = new HttpRequestMessage(HttpMethod.Get, server.UserInfo);
        request.Headers.Authorization = new("Bearer", accessToken);
        using var response = await api.Http.SendAsync(request, cancellationToken);
        var body = await response.Content.ReadAsStringAsync(cancellationToken);
        var claims = response.Content.Headers.ContentType?.MediaType == "application/jwt" ? Claims(body) : Parse(body);
        return !response.IsSuccessStatusCode ? Finding.Problem(Check, $"It answers {(int)response.StatusCode}.", "Tell the operator.")
            : claims.Text("sub") != subject ? Finding.Problem(Check, "Its sub is not that of the id_token.", "Tell the operator.")
            : Finding.Fine(Check, $"It tells {string.Join(", ", (claims as JsonObject ?? []).Select(claim => claim.Key))}.");
    }

    private static JsonNode? Claims(string? token) =>
        token?.Split('.') is [_, var payload, _] && Base64Url.IsValid(payload) ? Parse(System.Text.Encoding.UTF8.GetString(Base64Url.DecodeFromChars(payload))) : null;

    private static JsonNode? Parse(string text)
    {
        try
        {
            return JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null;
        }
    }
}
