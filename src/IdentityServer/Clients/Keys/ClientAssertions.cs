using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Settings;
using IdentityServer.Storage.Operations;
using Microsoft.IdentityModel.JsonWebTokens;

namespace IdentityServer.Clients.Keys;

/// <summary>
/// Judges client assertions (<c>private_key_jwt</c>: RFC 7523 §3, OpenID Connect Core §9). Each counts once, on every node and over restarts:
/// its <c>jti</c> is spent in the database before anything is done for the client.
/// </summary>
internal sealed class ClientAssertions(ClientJwts jwts, CounterOperations counters, Installation installation, TimeProvider clock)
{
    /// <summary>The longest that an assertion may live. So long its <c>jti</c> is remembered, and a little longer.</summary>
    public static readonly TimeSpan LongestLife = TimeSpan.FromHours(1);

    private const int LongestJti = 256;

    // Draft-typed assertions (rfc7523bis) and plain ones; anything else was made for another purpose.
    private static readonly string[] Types = ["JWT", "client-authentication+jwt", "application/client-authentication+jwt", "application/jwt"];

    /// <summary>Judges an assertion, and spends it when it is good.</summary>
    /// <param name="client">Who is said to have made it.</param>
    /// <param name="token">As read.</param>
    /// <param name="endpoint">The path of the endpoint that it was sent to, such as <c>connect/par</c>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async Task<ClientJwtVerdict> JudgeAsync(ClientSettings client, JsonWebToken token, string endpoint, CancellationToken cancellationToken)
    {
        if (Fault(client, token, endpoint) is { } fault)
        {
            return new ClientJwtVerdict.Refused(fault);
        }

        var verdict = await jwts.VerifyAsync(client, token, client.Metadata.TokenEndpointAuthSigningAlg, cancellationToken);
        return verdict is not ClientJwtVerdict.Verified || await IsFirstAsync(client, token.Id, cancellationToken)
            ? verdict
            : new ClientJwtVerdict.Refused(new(
                ClientJwtFaultKind.Replayed, "It was used before: make a new one, with a jti of its own, for each request."));
    }

    private ClientJwtFault? Fault(ClientSettings client, JsonWebToken token, string endpoint)
    {
        if (token.Typ is { Length: > 0 } type && !Types.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            return new(ClientJwtFaultKind.Type, "Its typ says that it was made for something else.", ("received", Quotable.Word(type)));
        }

        if (token.Issuer != client.ClientId || token.Subject != client.ClientId)
        {
            return new(
                ClientJwtFaultKind.Issuer, "iss and sub must both be the client_id.", ("claim", token.Issuer != client.ClientId ? "iss" : "sub"));
        }

        if (!IsForUs(token, endpoint))
        {
            return new(
                ClientJwtFaultKind.Audience,
                "aud must be the issuer, or the token endpoint, and nobody else besides.",
                ("received", string.Join(' ', token.Audiences.Take(4).Select(audience => Quotable.Uri(audience, Ours(endpoint))))),
                ("expected", installation.Issuer.AbsoluteUri));
        }

        if (ClientJwts.Moment(token, "exp") is not { } expires)
        {
            return new(ClientJwtFaultKind.ExpiryMissing, "exp is missing.");
        }

        var life = expires - clock.GetUtcNow();
        return life > LongestLife
                ? new(
                    ClientJwtFaultKind.LivesTooLong,
                    $"It lives too long: exp may be at most {LongestLife.TotalMinutes:0} minutes ahead.",
                    ClientJwts.Seconds(life),
                    ("most", LongestLife.TotalSeconds.ToString("0", CultureInfo.InvariantCulture)))
            : token.Id is not { Length: > 0 and <= LongestJti }
                ? new(ClientJwtFaultKind.IdMissing, $"jti is missing, or has more than {LongestJti} characters.")
            : null;
    }

    // Every audience must be ours: an assertion that somebody else may also take could come from them.
    private bool IsForUs(JsonWebToken token, string endpoint)
    {
        var ours = Ours(endpoint);
        var audiences = token.Audiences.ToList();
        return audiences.Count > 0 && audiences.TrueForAll(audience => ours.Contains(audience, StringComparer.Ordinal));
    }

    private string[] Ours(string endpoint)
    {
        var issuer = installation.Issuer.GetLeftPart(UriPartial.Authority);
        return [issuer, $"{issuer}/", $"{issuer}/connect/token", $"{issuer}/{endpoint}"];
    }

    // A window of a counter is at least as long as an assertion lives, whenever in the window it came.
    private async Task<bool> IsFirstAsync(ClientSettings client, string jti, CancellationToken cancellationToken)
    {
        var name = Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes($"{client.ClientId} {jti}")));
        return (await counters.TrySpendAsync($"client-assertion/{name}", LongestLife + ClientJwts.Skew, 1, clock.GetUtcNow(), cancellationToken)).Allowed;
    }
}
