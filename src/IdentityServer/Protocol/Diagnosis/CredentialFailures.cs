using System.Globalization;
using IdentityServer.Clients;
using IdentityServer.Clients.Credentials;
using IdentityServer.Clients.Diagnosis;
using IdentityServer.Clients.Keys;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using Microsoft.AspNetCore;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using OpenIddict.Server.AspNetCore;
using static OpenIddict.Server.OpenIddictServerHandlers;
using Intro = OpenIddict.Server.OpenIddictServerHandlers.Introspection;

namespace IdentityServer.Protocol.Diagnosis;

/// <summary>What was wrong with the way in which a client proved itself, or did not.</summary>
internal sealed class CredentialFailures(SecretMistakes secrets)
{
    private static readonly Type[] Pairs =
    [
        typeof(Exchange.ValidateClientCredentialsParameters), typeof(Intro.ValidateClientCredentialsParameters),
        typeof(Revocation.ValidateClientCredentialsParameters),
    ];

    /// <summary>Says which mistake it was; null when it was another kind of mistake.</summary>
    public async Task<ClientMistake?> OfAsync(Refusal refusal, OpenIddictServerTransaction transaction, CancellationToken cancellationToken)
    {
        var basic = BasicCredentials.Read(transaction.GetHttpRequest()?.Headers.Authorization.ToString());
        if (refusal.Rule == typeof(OpenIddictServerAspNetCoreHandlers.ExtractBasicAuthenticationCredentials<>))
        {
            return new(refusal.Id == "ID2087" ? FailureCodes.ClientAuthenticationRepeated : FailureCodes.BasicCredentialsMalformed);
        }

        if (Pairs.Contains(refusal.Rule))
        {
            return refusal.Id switch
            {
                "ID2087" => new(FailureCodes.ClientAuthenticationRepeated),
                "ID2057" => new(FailureCodes.ClientAuthenticationMissing, ("registered", refusal.Client?.Settings.TokenEndpointAuthMethod ?? "-")),
                _ => new(FailureCodes.ClientAssertionIncomplete),
            };
        }

        return refusal.Client is not { Settings: { } client } ? null
            : refusal.By == typeof(EnforceClientAuthenticationMethod) ? Method(refusal, client, transaction)
            : refusal.By == typeof(AuthenticateByAssertion) ? Assertion(client, transaction)
            : refusal.By == typeof(ValidateClientType) ? Kind(refusal, client)
            : refusal.By == typeof(CheckClientSecret) && RetryLater.Of(transaction) is { } wait ? Guesses(wait)
            : refusal.By == typeof(CheckClientSecret) || refusal.By == typeof(ValidateClientSecret)
                ? await secrets.FindAsync(client, refusal.Request.ClientSecret ?? "", basic?.RevealSecret(), cancellationToken)
            : null;
    }

    /// <summary>The fault of a JWT as the mistake of an assertion.</summary>
    public static ClientMistake OfAssertion(ClientJwtFault fault) => new(
        fault.Kind switch
        {
            ClientJwtFaultKind.Malformed => FailureCodes.AssertionMalformed,
            ClientJwtFaultKind.Type => FailureCodes.AssertionOfUnknownKind,
            ClientJwtFaultKind.Issuer => FailureCodes.AssertionIssuerWrong,
            ClientJwtFaultKind.Audience => FailureCodes.AssertionAudienceWrong,
            ClientJwtFaultKind.ExpiryMissing => FailureCodes.AssertionExpiryMissing,
            ClientJwtFaultKind.LivesTooLong => FailureCodes.AssertionLivesTooLong,
            ClientJwtFaultKind.IdMissing => FailureCodes.AssertionJtiMissing,
            ClientJwtFaultKind.Replayed => FailureCodes.AssertionReplayed,
            ClientJwtFaultKind.Algorithm => FailureCodes.AssertionAlgorithmRefused,
            ClientJwtFaultKind.Expired => FailureCodes.AssertionExpired,
            ClientJwtFaultKind.NotYet => FailureCodes.AssertionFromTheFuture,
            ClientJwtFaultKind.KeyUnknown => FailureCodes.AssertionKeyUnknown,
            ClientJwtFaultKind.KeysUnreachable => FailureCodes.ClientKeysUnreachable,
            ClientJwtFaultKind.Signature => FailureCodes.AssertionSignatureWrong,
            var other => throw new System.Diagnostics.UnreachableException($"Unmapped fault {other}."),
        },
        fault.Facts);

    private static ClientMistake? Guesses(RetryLater.Refusal wait) =>
        wait.Status == StatusCodes.Status429TooManyRequests ? new(FailureCodes.TooManyWrongSecrets, ("seconds", wait.Seconds)) : null;

    private static ClientMistake Assertion(ClientSettings client, OpenIddictServerTransaction transaction) => ClientJwtFault.Of(transaction) is { } fault
        ? OfAssertion(fault)
        : new(FailureCodes.ClientAuthenticationByAssertion, ("registered", client.TokenEndpointAuthMethod));

    private static ClientMistake? Kind(Refusal refusal, ClientSettings client) =>
        refusal.Id == "ID2198" ? new(FailureCodes.SecretMissing)
        : client.IsPublic && refusal.Request.IsClientCredentialsGrantType()
            ? new(FailureCodes.GrantTypeNotAllowed, ("received", OpenIddictConstants.GrantTypes.ClientCredentials))
        : new(FailureCodes.ClientAuthenticationNotExpected, ("used", ClientAuthenticationMethods.Post));

    private static ClientMistake Method(Refusal refusal, ClientSettings client, OpenIddictServerTransaction transaction)
    {
        if (client.IsPublic && refusal.Endpoint is OpenIddictServerEndpointType.Introspection)
        {
            return new(FailureCodes.IntrospectionByPublicClient);
        }

        var used = transaction.GetProperty<OpenIddictServerEvents.ProcessAuthenticationContext>(
            typeof(OpenIddictServerEvents.ProcessAuthenticationContext).FullName!) is { } context
                ? EnforceClientAuthenticationMethod.MethodOf(context)
                : ClientAuthenticationMethods.None;
        var registered = ("registered", client.TokenEndpointAuthMethod);
        return (client.TokenEndpointAuthMethod, used) switch
        {
            (ClientAuthenticationMethods.None, _) => new(FailureCodes.ClientAuthenticationNotExpected, ("used", used)),
            (_, ClientAuthenticationMethods.None) => new(FailureCodes.ClientAuthenticationMissing, registered),
            (ClientAuthenticationMethods.PrivateKeyJwt, _) => new(FailureCodes.ClientAuthenticationBySecret, ("used", used)),
            (_, ClientAuthenticationMethods.Basic) => new(FailureCodes.ClientAuthenticationInHeader, registered),
            (_, ClientAuthenticationMethods.Post) => new(FailureCodes.ClientAuthenticationInBody, registered),
            _ => new(FailureCodes.ClientAuthenticationByAssertion, registered),
        };
    }
}
