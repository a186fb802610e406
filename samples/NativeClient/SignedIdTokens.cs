using System.Security.Claims;
using Duende.IdentityModel.OidcClient;
using Duende.IdentityModel.OidcClient.Results;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace NativeClient;

/// <summary>
/// Checks an id_token's signature, issuer, audience and age (OpenID Connect Core §3.1.3.7). OidcClient leaves that out unless it is given
/// a validator, and relies on TLS to the token endpoint.
/// </summary>
internal sealed class SignedIdTokens : IIdentityTokenValidator
{
    private static readonly JsonWebTokenHandler Handler = new();

    public async Task<IdentityTokenValidationResult> ValidateAsync(
        string identityToken, OidcClientOptions options, CancellationToken cancellationToken = default)
    {
        var verdict = await Handler.ValidateTokenAsync(identityToken, new TokenValidationParameters
        {
            ValidIssuer = options.ProviderInformation.IssuerName,
            ValidAudience = options.ClientId,
            ValidAlgorithms = [SecurityAlgorithms.RsaSha256, SecurityAlgorithms.EcdsaSha256],
            IssuerSigningKeys = options.ProviderInformation.KeySet.Keys.Select(Convert),
            ClockSkew = options.ClockSkew,
            RequireSignedTokens = true,
        });
        return verdict.IsValid
            ? new() { User = new ClaimsPrincipal(verdict.ClaimsIdentity), SignatureAlgorithm = ((JsonWebToken)verdict.SecurityToken).Alg }
            : new() { Error = verdict.Exception?.Message ?? "The id_token is not valid." };
    }

    // The two libraries have a class each for the same few members (RFC 7517).
    private static JsonWebKey Convert(Duende.IdentityModel.Jwk.JsonWebKey key) =>
        new() { Kid = key.Kid, Kty = key.Kty, Alg = key.Alg, Use = key.Use, N = key.N, E = key.E, Crv = key.Crv, X = key.X, Y = key.Y };
}
