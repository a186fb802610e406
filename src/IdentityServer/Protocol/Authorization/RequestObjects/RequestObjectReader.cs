using System.Text;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Clients.Diagnosis;
using IdentityServer.Clients.Keys;
using IdentityServer.Domain.Authorization;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Egress;
using IdentityServer.Settings;
using Microsoft.IdentityModel.Tokens;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Protocol.Authorization.RequestObjects;

/// <summary>What became of a request object.</summary>
internal abstract record RequestObjectAnswer
{
    private RequestObjectAnswer()
    {
    }

    /// <param name="Parameters">The parameters that it holds, by name.</param>
    internal sealed record Read(IReadOnlyDictionary<string, JsonElement> Parameters) : RequestObjectAnswer;

    /// <param name="Error">One of OpenID Connect Core §3.1.2.6.</param>
    /// <param name="Reason">A sentence for the client's developer.</param>
    /// <param name="Failure">The same for the client's owners.</param>
    internal sealed record Refused(string Error, string Reason, ClientMistake Failure) : RequestObjectAnswer;
}

/// <summary>
/// Reads request objects (RFC 9101): signed ones only, by value or from an address that the client registered beforehand. Nothing is ever
/// fetched from an address that only a request names (RFC 9101 §10.4.1).
/// </summary>
internal sealed class RequestObjectReader(
    ClientJwts jwts, EgressCache documents, Installation installation, ILogger<RequestObjectReader> logger)
{
    // Long enough that a burst of requests costs one fetch, and short enough that nobody sees an object of before.
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(5);

    private static readonly string[] Types = ["JWT", "oauth-authz-req+jwt", "application/oauth-authz-req+jwt", "application/jwt"];

    /// <summary>Reads an object that came in the request.</summary>
    public async Task<RequestObjectAnswer> ReadAsync(ClientSettings client, string text, string? responseType, CancellationToken cancellationToken)
    {
        if (!ClientJwts.TryRead(text, out var token))
        {
            return Refuse("It is no signed JWT.");
        }

        if (token.Alg == SecurityAlgorithms.None)
        {
            return new RequestObjectAnswer.Refused(
                Errors.RequestNotSupported, "Request objects are taken when they are signed.", new(FailureCodes.RequestObjectUnsigned));
        }

        if (token.Typ is { Length: > 0 } type && !Types.Contains(type, StringComparer.OrdinalIgnoreCase))
        {
            return Refuse("Its typ says that it was made for something else.");
        }

        return await jwts.VerifyAsync(client, token, client.Metadata.RequestObjectSigningAlg, cancellationToken) switch
        {
            ClientJwtVerdict.Refused refused => Refuse(refused.Fault),
            ClientJwtVerdict.Verified => Read(Base64UrlEncoder.Decode(token.EncodedPayload), client, responseType),
            var other => throw new System.Diagnostics.UnreachableException($"Unmapped verdict {other}."),
        };
    }

    /// <summary>Fetches an object from an address and reads it.</summary>
    public async Task<RequestObjectAnswer> FetchAsync(ClientSettings client, string address, string? responseType, CancellationToken cancellationToken)
    {
        if (!client.Metadata.RequestUris.Contains(address, StringComparer.Ordinal))
        {
            return new RequestObjectAnswer.Refused(
                Errors.InvalidRequestUri,
                "The client has not registered this address among its request_uris.",
                new(FailureCodes.RequestUriNotRegistered, ("received", Quotable.Uri(address, client.Metadata.RequestUris))));
        }

        // A fragment tells versions of the document apart, and is not part of what is asked for.
        var document = new Uri(address.Split('#')[0], UriKind.Absolute);
        return await documents.GetAsync(document, EgressRules.RequestObject, Kept, cancellationToken) switch
        {
            EgressAnswer.Answered answered => await ReadAsync(client, Encoding.UTF8.GetString(answered.Body).Trim(), responseType, cancellationToken),
            EgressAnswer.Refused refused => NotRead(client, refused.Reason),
            EgressAnswer.Failed failed => NotRead(client, failed.Reason),
            var other => throw new System.Diagnostics.UnreachableException($"Unmapped answer {other}."),
        };
    }

    // As with key sets: the reason may tell of the network behind us.
    private RequestObjectAnswer.Refused NotRead(ClientSettings client, string reason)
    {
        logger.DocumentNotRead(client.ClientId, "request_uris", reason);
        return new(
            Errors.InvalidRequestUri, "The address could not be read; the server's log has the reason.", new(FailureCodes.RequestUriUnreachable));
    }

    private RequestObjectAnswer Read(string payload, ClientSettings client, string? responseType)
    {
        JsonDocument claims;
        try
        {
            claims = JsonDocument.Parse(payload, new JsonDocumentOptions { MaxDepth = 16 });
        }
        catch (JsonException)
        {
            return Refuse("Its payload is no JSON.");
        }

        using (claims)
        {
            var issuer = installation.Issuer.GetLeftPart(UriPartial.Authority);
            return RequestObject.Read(claims.RootElement, client.ClientId, [issuer, $"{issuer}/"], responseType) switch
            {
                RequestObjectVerdict.Accepted accepted => new RequestObjectAnswer.Read(accepted.Parameters.ToDictionary(one => one.Key, one => one.Value.Clone(), StringComparer.Ordinal)),
                RequestObjectVerdict.Refused refused => Refuse(refused.Reason),
                var other => throw new System.Diagnostics.UnreachableException($"Unmapped verdict {other}."),
            };
        }
    }

    private static RequestObjectAnswer.Refused Refuse(string reason) =>
        new(Errors.InvalidRequestObject, reason, new(FailureCodes.RequestObjectRefused, ("reason", reason)));

    private static RequestObjectAnswer.Refused Refuse(ClientJwtFault fault) => new(
        Errors.InvalidRequestObject,
        fault.Reason,
        fault.Kind switch
        {
            ClientJwtFaultKind.Expired or ClientJwtFaultKind.NotYet =>
                new(FailureCodes.RequestObjectExpired, fault.Facts.First(fact => fact.Name == "seconds")),
            ClientJwtFaultKind.KeysUnreachable => new(FailureCodes.ClientKeysUnreachable, fault.Facts),
            ClientJwtFaultKind.Algorithm or ClientJwtFaultKind.KeyUnknown or ClientJwtFaultKind.Signature =>
                new(FailureCodes.RequestObjectSignatureWrong, ("reason", fault.Reason)),
            _ => new(FailureCodes.RequestObjectRefused, ("reason", fault.Reason)),
        });
}
