using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Clients.Keys;

/// <summary>What became of a JWT that a client is said to have signed.</summary>
internal abstract record ClientJwtVerdict
{
    private ClientJwtVerdict()
    {
    }

    /// <summary>The client signed it, and its time is now.</summary>
    internal sealed record Verified(JsonWebToken Token) : ClientJwtVerdict;

    /// <param name="Fault">Why not.</param>
    internal sealed record Refused(ClientJwtFault Fault) : ClientJwtVerdict
    {
        /// <summary>As a sentence for the client's developer.</summary>
        public string Reason => Fault.Reason;
    }
}

/// <summary>
/// Checks the signature and the time of JWTs that clients sign (RFC 7523 §3, RFC 9101 §6.2), by the client's own keys and by asymmetric
/// algorithms alone (RFC 8725 §3.1). Headers that bring or name a key (<c>jwk</c>, <c>jku</c>, <c>x5u</c>) are nothing to go by, and are not.
/// </summary>
internal sealed class ClientJwts(ClientKeys keys, TimeProvider clock)
{
    /// <summary>The longest JWT that is looked at, in characters.</summary>
    public const int LongestToken = 16 * 1024;

    /// <summary>How far clocks may differ.</summary>
    public static readonly TimeSpan Skew = TimeSpan.FromSeconds(30);

    private static readonly JsonWebTokenHandler Handler = new() { MapInboundClaims = false };

    /// <summary>Reads a JWT without believing it.</summary>
    public static bool TryRead(string? text, [NotNullWhen(true)] out JsonWebToken? token)
    {
        token = null;
        if (text is not { Length: > 0 and <= LongestToken } || text.Count(c => c == '.') != 2)
        {
            return false;
        }

        try
        {
            token = new JsonWebToken(text);
            return true;
        }
        catch (Exception malformed) when (malformed is ArgumentException or SecurityTokenException or FormatException)
        {
            return false;
        }
    }

    /// <summary>Checks one.</summary>
    /// <param name="client">Who is said to have signed it.</param>
    /// <param name="token">As read.</param>
    /// <param name="registered">The algorithm that the client registered for the purpose; null for any that is taken.</param>
    /// <param name="cancellationToken">Stops waiting for keys.</param>
    public async Task<ClientJwtVerdict> VerifyAsync(ClientSettings client, JsonWebToken token, string? registered, CancellationToken cancellationToken)
    {
        if (!ClientSigningAlgorithms.All.Contains(token.Alg, StringComparer.Ordinal) || (registered is not null && token.Alg != registered))
        {
            return Refuse(
                ClientJwtFaultKind.Algorithm,
                registered is null
                    ? $"It must be signed with one of {string.Join(", ", ClientSigningAlgorithms.All)}."
                    : $"It must be signed with {registered}, which the client registered.",
                ("received", Quotable.Word(token.Alg)),
                ("expected", registered ?? string.Join(", ", ClientSigningAlgorithms.All)));
        }

        if (token.TryGetHeaderValue<object>("crit", out _))
        {
            return Refuse(ClientJwtFaultKind.Malformed, "Its header names extensions (crit), and none is understood here.");
        }

        if (FaultInTime(token) is { } fault)
        {
            return new ClientJwtVerdict.Refused(fault);
        }

        var kid = string.IsNullOrEmpty(token.Kid) ? null : token.Kid;
        switch (await keys.FindAsync(client, kid, token.Alg, cancellationToken))
        {
            case ClientKeysAnswer.Found found:
                return await IsSignedAsync(token, found.Keys)
                    ? new ClientJwtVerdict.Verified(token)
                    : Refuse(ClientJwtFaultKind.Signature, "Its signature was not made with the client's key.", ("kid", Quotable.Word(kid ?? "-")));
            case ClientKeysAnswer.Missing missing:
                return new ClientJwtVerdict.Refused(missing.Fault);
            case var other:
                throw new System.Diagnostics.UnreachableException($"Unmapped answer {other}.");
        }
    }

    private static ClientJwtVerdict.Refused Refuse(ClientJwtFaultKind kind, string reason, params IReadOnlyList<(string Name, string Value)> facts) =>
        new(new ClientJwtFault(kind, reason, facts));

    private static async Task<bool> IsSignedAsync(JsonWebToken token, IReadOnlyList<SecurityKey> keys)
    {
        var result = await Handler.ValidateTokenAsync(token, new TokenValidationParameters
        {
            IssuerSigningKeys = keys,
            TryAllIssuerSigningKeys = true, // they were chosen by kid already, or there is none
            ValidAlgorithms = [token.Alg],
            RequireSignedTokens = true,
            ValidateIssuer = false,
            ValidateAudience = false,
            ValidateLifetime = false,
            RequireExpirationTime = false,
            CryptoProviderFactory = new CryptoProviderFactory { CacheSignatureProviders = false },
        });
        return result.IsValid;
    }

    private ClientJwtFault? FaultInTime(JsonWebToken token)
    {
        var now = clock.GetUtcNow();
        return Moment(token, "exp") is { } expires && expires <= now - Skew
                ? new(ClientJwtFaultKind.Expired, "It has expired (exp).", Seconds(now - expires))
            : Moment(token, "nbf") is { } begins && begins > now + Skew
                ? new(ClientJwtFaultKind.NotYet, "It is not valid yet (nbf): compare the clocks.", ("claim", "nbf"), Seconds(begins - now))
            : Moment(token, "iat") is { } issued && issued > now + Skew
                ? new(ClientJwtFaultKind.NotYet, "It was issued in the future (iat): compare the clocks.", ("claim", "iat"), Seconds(issued - now))
            : null;
    }

    /// <summary>A span as a fact for the client's owners.</summary>
    public static (string Name, string Value) Seconds(TimeSpan span) => ("seconds", span.TotalSeconds.ToString("0", CultureInfo.InvariantCulture));

    /// <summary>A member that tells a time (RFC 7519 §2, NumericDate); null when it is missing or no time.</summary>
    public static DateTimeOffset? Moment(JsonWebToken token, string name) =>
        token.TryGetPayloadValue<double>(name, out var seconds) && seconds is >= 0 and < 253_402_300_800
            ? DateTimeOffset.FromUnixTimeMilliseconds((long)(seconds * 1000))
            : null;
}
