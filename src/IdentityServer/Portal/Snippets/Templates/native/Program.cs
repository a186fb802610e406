using System.Diagnostics;
using System.Net;
using System.Net.Sockets;
using System.Security.Claims;
using Duende.IdentityModel.OidcClient;
using Duende.IdentityModel.OidcClient.Results;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

// The answer comes to a port of this machine that happens to be free; the provider takes any (RFC 8252, 7.3).
var probe = new TcpListener(IPAddress.Loopback, 0);
probe.Start();
var port = ((IPEndPoint)probe.LocalEndpoint).Port;
probe.Stop();
var origin = "{{loopback_origin}}" + $":{port}";
using var listener = new HttpListener { Prefixes = { $"{origin}/" } };
listener.Start();

var client = new OidcClient(new OidcClientOptions
{
    Authority = "{{issuer}}",
    ClientId = "{{client_id}}",
    Scope = "{{scope}}",
    RedirectUri = origin + "{{loopback_rest}}",
    IdentityTokenValidator = new SignedIdTokens(),
{{^userinfo}}
    LoadProfile = false,
{{/userinfo}}
});

// The person signs in with the system's browser, which they know, and never types a password into this program.
var attempt = await client.PrepareLoginAsync();
if (attempt.IsError)
{
    Console.Error.WriteLine($"The provider refused: {attempt.Error} {attempt.ErrorDescription}");
    return 1;
}

Console.WriteLine($"Sign in at: {attempt.StartUrl}");
try
{
    Process.Start(new ProcessStartInfo(attempt.StartUrl) { UseShellExecute = true });
}
catch (System.ComponentModel.Win32Exception)
{
    // No browser was found; the address is there to be opened.
}

var result = await client.ProcessResponseAsync(await AnswerAsync(), attempt);
if (result.IsError)
{
    Console.Error.WriteLine($"Not signed in: {result.Error} {result.ErrorDescription}");
    return 1;
}

Console.WriteLine($"Signed in: {result.User.FindFirst("sub")!.Value} {result.User.FindFirst("name")?.Value}");
return 0;

// Whatever else a browser asks this port for is turned away.
async Task<string> AnswerAsync()
{
    while (true)
    {
        var context = await listener.GetContextAsync();
        var isAnswer = context.Request.QueryString["state"] == attempt.State;
        context.Response.StatusCode = isAnswer ? 200 : 404;
        context.Response.ContentType = "text/plain; charset=utf-8";
        await context.Response.OutputStream.WriteAsync("Go back to the program; this window can be closed."u8.ToArray());
        context.Response.Close();
        if (isAnswer)
        {
            return context.Request.Url!.AbsoluteUri;
        }
    }
}

// OidcClient leaves it to its user to check the signature of an id_token.
sealed class SignedIdTokens : IIdentityTokenValidator
{
    public async Task<IdentityTokenValidationResult> ValidateAsync(string identityToken, OidcClientOptions options, CancellationToken cancellationToken)
    {
        var verdict = await new JsonWebTokenHandler().ValidateTokenAsync(identityToken, new TokenValidationParameters
        {
            ValidIssuer = options.ProviderInformation.IssuerName,
            ValidAudience = options.ClientId,
            ValidAlgorithms = ["{{id_token_alg}}"],
            IssuerSigningKeys = options.ProviderInformation.KeySet.Keys.Select(key =>
                new JsonWebKey { Kid = key.Kid, Kty = key.Kty, Alg = key.Alg, Use = key.Use, N = key.N, E = key.E, Crv = key.Crv, X = key.X, Y = key.Y }),
        });
        return verdict.IsValid
            ? new() { User = new ClaimsPrincipal(verdict.ClaimsIdentity), SignatureAlgorithm = "{{id_token_alg}}" }
            : new() { Error = verdict.Exception?.Message ?? "The id_token is not valid." };
    }
}
