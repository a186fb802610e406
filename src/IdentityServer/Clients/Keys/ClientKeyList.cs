using System.Buffers.Text;
using System.Diagnostics;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Egress;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Clients.Keys;

/// <summary>A key as its owners see it.</summary>
/// <param name="Kid">Its <c>kid</c>; null when it has none.</param>
/// <param name="Type">Its <c>kty</c>, such as <c>EC</c>.</param>
/// <param name="Algorithm">Its <c>alg</c>; null when it has none.</param>
/// <param name="Use">Its <c>use</c>; null when it has none.</param>
/// <param name="Thumbprint">Its JWK thumbprint (RFC 7638), SHA-256, base64url; null for a key of a kind that has none here.</param>
/// <param name="Usable">It can sign for the client here.</param>
/// <param name="CertificateEndsAt">When the certificate ends that it comes with (<c>x5c</c>); null for none.</param>
/// <param name="LastUsedAt">When the client last proved itself with it, as far as nodes have told; null for never.</param>
internal sealed record ShownKey(
    string? Kid, string? Type, string? Algorithm, string? Use, string? Thumbprint, bool Usable, DateTimeOffset? CertificateEndsAt, DateTimeOffset? LastUsedAt);

/// <summary>The keys of a client, and what is wrong with them.</summary>
/// <param name="Keys">Those that were found.</param>
/// <param name="Problem">The rule that the set breaks, or why it could not be read; null for neither.</param>
internal sealed record ShownKeys(IReadOnlyList<ShownKey> Keys, MetadataProblem? Problem);

/// <summary>Shows the public keys that a client has registered or publishes. Whoever calls has made sure that the one who asks may see them.</summary>
internal sealed class ClientKeyList(EgressCache documents, IdentityServerDbContext db, ILogger<ClientKeyList> logger)
{
    // So short that a set that was mended counts at once, and long enough that nobody has us ask again and again.
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(5);

    /// <summary>The keys of a client as they are now; none for a client without.</summary>
    public async Task<ShownKeys> ReadAsync(ClientSettings client, CancellationToken cancellationToken)
    {
        if (client.Metadata.Jwks is { } set)
        {
            return await ShowAsync(client.Id, "jwks", set, cancellationToken);
        }

        if (client.Metadata.JwksUri is not { } address)
        {
            return new([], null);
        }

        return await documents.GetAsync(new Uri(address, UriKind.Absolute), EgressRules.KeySet, Kept, cancellationToken) switch
        {
            EgressAnswer.Answered document => await ParseAsync(client.Id, document.Body, cancellationToken),
            EgressAnswer.Refused refused => NotRead(client, refused.Reason),
            EgressAnswer.Failed failed => NotRead(client, failed.Reason),
            var other => throw new UnreachableException($"Unmapped answer {other}."),
        };
    }

    private async Task<ShownKeys> ParseAsync(string rowId, byte[] body, CancellationToken cancellationToken)
    {
        try
        {
            using var document = JsonDocument.Parse(body);
            return await ShowAsync(rowId, "jwks_uri", document.RootElement.Clone(), cancellationToken);
        }
        catch (JsonException)
        {
            return new([], new("jwks_uri", "names a document that is not JSON", "Serve a JWK set there: {\"keys\": [...]} (RFC 7517 §5)."));
        }
    }

    private async Task<ShownKeys> ShowAsync(string rowId, string field, JsonElement set, CancellationToken cancellationToken)
    {
        var fault = ClientKeyRules.FirstBroken(set);
        var uses = await db.ClientKeyUses.AsNoTracking().Where(use => use.ClientRowId == rowId)
            .ToDictionaryAsync(use => use.Thumbprint, use => use.LastUsedAt, StringComparer.Ordinal, cancellationToken);
        var keys = set.ValueKind == JsonValueKind.Object && set.TryGetProperty("keys", out var list) && list.ValueKind == JsonValueKind.Array
            ? list.EnumerateArray().Where(key => key.ValueKind == JsonValueKind.Object).Take(ClientKeyRules.MaxKeys).Select(key => Show(key, uses)).ToList()
            : [];
        return new(keys, fault is null ? null : new(field, fault.Rule, fault.Mend));
    }

    private static ShownKey Show(JsonElement key, Dictionary<string, DateTimeOffset> uses)
    {
        var thumbprint = ThumbprintOf(key);
        return new(
            Text(key, "kid"), Text(key, "kty"), Text(key, "alg"), Text(key, "use"), thumbprint, ClientKeyRules.IsUsable(key), CertificateEnd(key),
            thumbprint is not null && uses.TryGetValue(thumbprint, out var used) ? used : null);
    }

    private static string? ThumbprintOf(JsonElement key)
    {
        try
        {
            return ClientKeyRules.IsUsable(key) ? Base64Url.EncodeToString(new JsonWebKey(key.GetRawText()).ComputeJwkThumbprint()) : null;
        }
        catch (ArgumentException)
        {
            return null; // the library takes it for none
        }
    }

    private static DateTimeOffset? CertificateEnd(JsonElement key)
    {
        if (!key.TryGetProperty("x5c", out var chain) || chain.ValueKind != JsonValueKind.Array || chain.GetArrayLength() == 0
            || chain[0].ValueKind != JsonValueKind.String || !chain[0].TryGetBytesFromBase64(out var encoded))
        {
            return null;
        }

        try
        {
            using var certificate = X509CertificateLoader.LoadCertificate(encoded);
            return certificate.NotAfter.ToUniversalTime();
        }
        catch (CryptographicException)
        {
            return null;
        }
    }

    private static string? Text(JsonElement key, string name)
    {
        try
        {
            return key.TryGetProperty(name, out var value) && value.ValueKind == JsonValueKind.String ? value.GetString() : null;
        }
        catch (InvalidOperationException)
        {
            return null; // not Unicode
        }
    }

    // An owner is not the operator: what a name means inside our walls is for the log.
    private ShownKeys NotRead(ClientSettings client, string reason)
    {
        logger.DocumentNotRead(client.ClientId, "jwks_uri", reason);
        return new([], new(
            "jwks_uri", "could not be read", "Serve a JWK set there over https, as application/json, without a redirect. The operator's log has the reason."));
    }
}
