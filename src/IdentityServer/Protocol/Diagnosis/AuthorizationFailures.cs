using System.Collections.Immutable;
using IdentityServer.Clients.Diagnosis;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Protocol.Authorization;
using IdentityServer.Protocol.Guards;
using IdentityServer.Protocol.Resources;
using IdentityServer.Protocol.Tokens;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;
using Auth = OpenIddict.Server.OpenIddictServerHandlers.Authentication;

namespace IdentityServer.Protocol.Diagnosis;

/// <summary>What was wrong with an authorization request, pushed or not.</summary>
internal static class AuthorizationFailures
{
    private static readonly Dictionary<Type, Func<Refusal, ClientMistake?>> Rules = new()
    {
        [typeof(Auth.ValidateRedirectUriParameter)] = RedirectUri,
        [typeof(Auth.ValidatePushedRedirectUriParameter)] = RedirectUri,
        [typeof(Auth.ValidateClientRedirectUri)] = RedirectUri,
        [typeof(Auth.ValidatePushedClientRedirectUri)] = RedirectUri,
        [typeof(Auth.ValidateResponseTypeParameter)] = ResponseType,
        [typeof(Auth.ValidatePushedResponseTypeParameter)] = ResponseType,
        [typeof(Auth.ValidateResponseType)] = ResponseType,
        [typeof(Auth.ValidatePushedResponseType)] = ResponseType,
        [typeof(Auth.ValidateResponseTypePermissions)] = ResponseType,
        [typeof(Auth.ValidatePushedResponseTypePermissions)] = ResponseType,
        [typeof(Auth.ValidateResponseModeParameter)] = refusal => new(FailureCodes.ResponseModeRefused, refusal.Received(Parameters.ResponseMode)),
        [typeof(Auth.ValidatePushedResponseModeParameter)] = refusal => new(FailureCodes.ResponseModeRefused, refusal.Received(Parameters.ResponseMode)),
        [typeof(Auth.ValidatePromptParameter)] = Prompt,
        [typeof(Auth.ValidatePushedPromptParameter)] = Prompt,
        [typeof(DecideNextStep)] = refusal => refusal.Error == Errors.InvalidRequest ? Prompt(refusal) : null, // all else is the person's own
        [typeof(Auth.ValidateProofKeyForCodeExchangeParameters)] = Challenge,
        [typeof(Auth.ValidatePushedProofKeyForCodeExchangeParameters)] = Challenge,
        [typeof(Auth.ValidateProofKeyForCodeExchangeRequirement)] = Challenge,
        [typeof(Auth.ValidatePushedProofKeyForCodeExchangeRequirement)] = Challenge,
        [typeof(Auth.ValidateScopes)] = UnknownScope,
        [typeof(Auth.ValidatePushedScopes)] = UnknownScope,
        [typeof(Auth.ValidateGrantTypePermissions)] = Grant,
        [typeof(Auth.ValidatePushedGrantTypePermissions)] = Grant,
        [typeof(Auth.ValidateEndpointPermissions)] = Grant,
        [typeof(Auth.ValidatePushedEndpointPermissions)] = Grant,
        [typeof(Auth.ValidatePushedAuthorizationRequestsRequirement)] = _ => new(FailureCodes.ParRequired),
        [typeof(Auth.ValidateAuthorizedParty)] = _ => new(FailureCodes.IdTokenHintOfAnotherClient),
        [typeof(Auth.ValidatePushedAuthorizedParty)] = _ => new(FailureCodes.IdTokenHintOfAnotherClient),
        [typeof(ValidateRequestTokenType)] = _ => new(FailureCodes.RequestUriUnknown),
        [typeof(RestoreParametersFromRequestToken)] = _ => new(FailureCodes.RequestUriUnknown),
        [typeof(RedeemPresentedToken)] = _ => new(FailureCodes.RequestUriUnknown),
        [typeof(ValidateMaxAge<>)] = refusal => new(FailureCodes.MaxAgeMalformed, refusal.Received(Parameters.MaxAge)),
        [typeof(ValidateClaims<>)] = refusal => new(refusal.Error == Errors.InvalidRequest ? FailureCodes.ClaimsMalformed : FailureCodes.AcrNotOffered),
        [typeof(ValidateGrantResources<>)] = Resources,
        [typeof(RefuseLargeRequests<>)] = _ => new(FailureCodes.RequestTooLarge, ("most", "8192")),
        [typeof(RequireConsumedChallenge)] = _ => new(FailureCodes.SignInEnded),
        [typeof(BindAuthorization)] = _ => new(FailureCodes.SignInEnded),
    };

    /// <summary>Says which mistake it was; null when this room knows none.</summary>
    public static ClientMistake? Of(Refusal refusal)
    {
        if (Rules.TryGetValue(refusal.Rule, out var read))
        {
            return read(refusal);
        }

        return TokenFailures.IsOfToken(refusal.By) ? new(FailureCodes.RequestUriUnknown) : null;
    }

    /// <summary>The resources of a request, in the words of the rule that refused them.</summary>
    public static ClientMistake Resources(Refusal refusal) => new(FailureCodes.ResourceRefused, ("reason", refusal.Description ?? ""));

    private static ClientMistake RedirectUri(Refusal refusal) => string.IsNullOrEmpty(refusal.Request.RedirectUri)
        ? new(FailureCodes.RedirectUriMissing, ("registered", string.Join(' ', Registered(refusal).Take(5))))
        : Refusal.Address(FailureCodes.RedirectUriMismatch, refusal.Request.RedirectUri, Registered(refusal));

    private static ImmutableArray<string> Registered(Refusal refusal) => refusal.Client is { } client ? client.RedirectUris : [];

    private static ClientMistake ResponseType(Refusal refusal) => string.IsNullOrEmpty(refusal.Request.ResponseType)
        ? new(FailureCodes.ParameterMissing, ("parameter", Parameters.ResponseType))
        : new(FailureCodes.ResponseTypeRefused, refusal.Received(Parameters.ResponseType));

    private static ClientMistake Prompt(Refusal refusal) => new(FailureCodes.PromptMalformed, refusal.Received(Parameters.Prompt));

    // Without a method it means plain (RFC 7636 §4.3).
    private static ClientMistake Challenge(Refusal refusal) => string.IsNullOrEmpty(refusal.Request.CodeChallenge)
        ? new(FailureCodes.PkceChallengeMissing)
        : new(
            FailureCodes.PkceMethodRefused,
            ("received", string.IsNullOrEmpty(refusal.Request.CodeChallengeMethod) ? CodeChallengeMethods.Plain : Quotable.Word(refusal.Request.CodeChallengeMethod)));

    private static ClientMistake UnknownScope(Refusal refusal) => new(FailureCodes.ScopeUnknown, ("scope", Quotable.Word(refusal.Request.Scope, refusal.Client?.Settings.AllowedScopes)));

    private static ClientMistake Grant(Refusal refusal) => new(FailureCodes.GrantTypeNotAllowed, ("received", GrantTypes.AuthorizationCode));
}
