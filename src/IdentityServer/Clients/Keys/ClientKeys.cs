using System.Runtime.CompilerServices;
using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Egress;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Clients.Keys;

/// <summary>What became of looking for a client's keys.</summary>
internal abstract record ClientKeysAnswer
{
    private ClientKeysAnswer()
    {
    }

    /// <param name="Keys">Those that a signature may have been made with, at least one.</param>
    internal sealed record Found(IReadOnlyList<SecurityKey> Keys) : ClientKeysAnswer;

    /// <param name="Fault">Why there are none.</param>
    internal sealed record Missing(ClientJwtFault Fault) : ClientKeysAnswer;
}

/// <summary>
/// The public keys of clients: those in the metadata, or those that the client publishes at its <c>jwks_uri</c>. A published set is kept for
/// some minutes, and asked for again when a signature names a key that is not in it: so a client rotates its keys without telling anybody.
/// </summary>
internal sealed class ClientKeys(EgressCache documents, ILogger<ClientKeys> logger)
{
    /// <summary>How long a published set is used without asking: a key that the client has withdrawn signs for no longer than that.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(5);

    private readonly ConditionalWeakTable<ClientMetadata, NamedKey[]> _registered = [];

    // By the very array that the cache hands out: a new document is a new array.
    private readonly ConditionalWeakTable<byte[], NamedKey[]> _published = [];

    /// <summary>The keys that a signature with this <c>kid</c> and algorithm may have been made with.</summary>
    /// <param name="client">Whose.</param>
    /// <param name="kid">What the signature names; null when it names none, and then every key of the kind is tried.</param>
    /// <param name="algorithm">One of <see cref="ClientSigningAlgorithms"/>.</param>
    /// <param name="cancellationToken">Stops waiting for the document.</param>
    public async ValueTask<ClientKeysAnswer> FindAsync(ClientSettings client, string? kid, string algorithm, CancellationToken cancellationToken)
    {
        if (client.Metadata.Jwks is { } set)
        {
            return Choose(_registered.GetValue(client.Metadata, _ => Read(set)), kid, algorithm, "jwks");
        }

        if (client.Metadata.JwksUri is not { } address)
        {
            return new ClientKeysAnswer.Missing(new(
                ClientJwtFaultKind.KeyUnknown, "The client has registered neither jwks nor jwks_uri.", ("kid", Quotable.Word(kid ?? "-")), ("source", "jwks")));
        }

        var uri = new Uri(address, UriKind.Absolute);
        var chosen = Choose(client, await documents.GetAsync(uri, EgressRules.KeySet, Lifetime, cancellationToken), kid, algorithm);
        return chosen is ClientKeysAnswer.Found
            ? chosen
            : Choose(client, await documents.GetFreshAsync(uri, EgressRules.KeySet, Lifetime, cancellationToken), kid, algorithm);
    }

    private ClientKeysAnswer Choose(ClientSettings client, EgressAnswer answer, string? kid, string algorithm) => answer switch
    {
        EgressAnswer.Answered document => Choose(_published.GetValue(document.Body, Read), kid, algorithm, "jwks_uri"),
        EgressAnswer.Refused refused => NotRead(client, refused.Reason),
        EgressAnswer.Failed failed => NotRead(client, failed.Reason),
        var other => throw new System.Diagnostics.UnreachableException($"Unmapped answer {other}."),
    };

    // Anybody may ask in a client's name: why its host is not reached, and what its name resolves to, is for the operator alone.
    private ClientKeysAnswer.Missing NotRead(ClientSettings client, string reason)
    {
        logger.DocumentNotRead(client.ClientId, "jwks_uri", reason);
        return new(new ClientJwtFault(
            ClientJwtFaultKind.KeysUnreachable, "The client's jwks_uri could not be read; the server's log has the reason.", ("member", "jwks_uri")));
    }

    private static ClientKeysAnswer Choose(NamedKey[] keys, string? kid, string algorithm, string source)
    {
        var fitting = keys.Where(key => key.Fits(kid, algorithm)).Select(key => key.Key).ToList();
        return fitting.Count > 0
            ? new ClientKeysAnswer.Found(fitting)
            : new ClientKeysAnswer.Missing(new(
                ClientJwtFaultKind.KeyUnknown,
                kid is null
                    ? $"The client's {source} has no key for {algorithm}."
                    : $"The client's {source} has no key for {algorithm} with the kid that the signature names.",
                ("kid", Quotable.Word(kid ?? "-")),
                ("source", source)));
    }

    private static NamedKey[] Read(byte[] document)
    {
        try
        {
            using var json = JsonDocument.Parse(document);
            return ClientKeyRules.FirstBroken(json.RootElement) is null ? Read(json.RootElement) : [];
        }
        catch (Exception unreadable) when (unreadable is JsonException or InvalidOperationException or ArgumentException)
        {
            return []; // no JSON, no Unicode, or a key that the library takes for none
        }
    }

    private static NamedKey[] Read(JsonElement set) =>
        [.. set.GetProperty("keys").EnumerateArray().Where(ClientKeyRules.IsUsable).Select(key => new NamedKey(new JsonWebKey(key.GetRawText())))];

    private sealed record NamedKey(JsonWebKey Key)
    {
        public bool Fits(string? kid, string algorithm) =>
            Key.Kty == (algorithm == ClientSigningAlgorithms.ES256 ? JsonWebAlgorithmsKeyTypes.EllipticCurve : JsonWebAlgorithmsKeyTypes.RSA)
            && (string.IsNullOrEmpty(Key.Alg) || Key.Alg == algorithm)
            && (kid is null || string.IsNullOrEmpty(Key.Kid) || Key.Kid == kid);
    }
}
