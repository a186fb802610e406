using IdentityServer.Clients.Diagnosis;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Protocol.Guards;
using IdentityServer.Protocol.Introspection;
using IdentityServer.Protocol.Resources;
using IdentityServer.Protocol.Tokens;
using IdentityServer.Protocol.UserInfo;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Diagnosis;

/// <summary>What was wrong with a token request, or with a token that was shown elsewhere.</summary>
internal static class TokenFailures
{
    private static readonly Dictionary<Type, Func<Refusal, ClientMistake?>> Rules = new()
    {
        [typeof(Exchange.ValidateGrantType)] = GrantType,
        [typeof(Exchange.ValidateAuthorizationCodeParameter)] = _ => Missing(Parameters.Code),
        [typeof(Exchange.ValidateRefreshTokenParameter)] = _ => Missing(Parameters.RefreshToken),
        [typeof(OpenIddictServerHandlers.Introspection.ValidateTokenParameter)] = _ => Missing(Parameters.Token),
        [typeof(Revocation.ValidateTokenParameter)] = _ => Missing(Parameters.Token),
        [typeof(Exchange.ValidateProofKeyForCodeExchangeParameters)] = _ => new(FailureCodes.PkceVerifierMissing),
        [typeof(Exchange.ValidateProofKeyForCodeExchangeRequirement)] = _ => new(FailureCodes.PkceVerifierMissing),
        [typeof(Exchange.ValidateCodeVerifier)] = Verifier,
        [typeof(RefuseVerifierAlone)] = _ => new(FailureCodes.PkceVerifierUnexpected),
        [typeof(Exchange.ValidateScopeParameter)] = _ => new(FailureCodes.ScopeExceedsGrant),
        [typeof(Exchange.ValidateGrantedScopes)] = _ => new(FailureCodes.ScopeExceedsGrant),
        [typeof(Exchange.ValidateScopes)] = refusal => new(FailureCodes.ScopeUnknown, ("scope", Quotable.Word(refusal.Request.Scope, refusal.Client?.Settings.AllowedScopes))),
        [typeof(Exchange.ValidateEndpointPermissions)] = NotAllowed,
        [typeof(Exchange.ValidateGrantTypePermissions)] = NotAllowed,
        [typeof(Exchange.ValidateAuthorizedParty)] = refusal => new(IsRefresh(refusal) ? FailureCodes.RefreshTokenOfAnotherClient : FailureCodes.CodeOfAnotherClient),
        [typeof(Exchange.ValidateRedirectUri)] = RedirectUri,
        [typeof(ValidateTokenResources)] = AuthorizationFailures.Resources,
        [typeof(GrantClientCredentials)] = PersonsScope,
        [typeof(RequireConsumedChallenge)] = _ => new(FailureCodes.SignInEnded),
        [typeof(RedeemPresentedToken)] = UsedTwice,
        [typeof(RequireOwnAudience)] = _ => new(FailureCodes.AccessTokenForAnotherResource),
        [typeof(LimitToAudience)] = _ => new(FailureCodes.IntrospectionNotForThisClient),
        [typeof(Revocation.ValidateAuthorizedParty)] = _ => new(FailureCodes.RevocationNotForThisClient),
    };

    /// <summary>Says which mistake it was; null when it was none, or this room knows none.</summary>
    public static ClientMistake? Of(Refusal refusal) =>
        Rules.TryGetValue(refusal.Rule, out var read) ? read(refusal)
        : !IsOfToken(refusal.By) ? null
        : refusal.Endpoint switch
        {
            OpenIddictServerEndpointType.Token => IsRefresh(refusal) ? RefreshToken(refusal) : Code(refusal),
            OpenIddictServerEndpointType.UserInfo when refusal.Token is not null => AccessToken(refusal),
            _ => null, // to ask about a token that is over is no mistake
        };

    /// <summary>Whether a handler judges tokens of ours.</summary>
    public static bool IsOfToken(Type handler) => typeof(IOpenIddictServerHandler<OpenIddictServerEvents.ValidateTokenContext>).IsAssignableFrom(handler);

    private static bool IsRefresh(Refusal refusal) => refusal.Request.IsRefreshTokenGrantType();

    private static ClientMistake Missing(string parameter) => new(FailureCodes.ParameterMissing, ("parameter", parameter));

    private static ClientMistake GrantType(Refusal refusal) => string.IsNullOrEmpty(refusal.Request.GrantType)
        ? Missing(Parameters.GrantType)
        : new(FailureCodes.GrantTypeUnsupported, refusal.Received(Parameters.GrantType));

    private static ClientMistake NotAllowed(Refusal refusal) => new(FailureCodes.GrantTypeNotAllowed, refusal.Received(Parameters.GrantType));

    private static ClientMistake Verifier(Refusal refusal) => new(
        string.IsNullOrEmpty(refusal.Request.CodeVerifier) ? FailureCodes.PkceVerifierMissing
        : refusal.Id == "ID2073" ? FailureCodes.PkceVerifierUnexpected
        : FailureCodes.PkceVerifierWrong);

    private static ClientMistake RedirectUri(Refusal refusal)
    {
        var asked = refusal.Token?.GetClaim(Claims.Private.RedirectUri);
        return string.IsNullOrEmpty(refusal.Request.RedirectUri) || asked is null
            ? new(FailureCodes.CodeRedirectUriMissing)
            : Refusal.Address(FailureCodes.CodeRedirectUriDiffers, refusal.Request.RedirectUri, [asked]);
    }

    private static ClientMistake PersonsScope(Refusal refusal) => new(
        FailureCodes.ScopeAboutAPerson,
        ("scope", refusal.Request.GetScopes().FirstOrDefault(scope => Domain.Clients.StandardScopes.All.Contains(scope)) ?? ""));

    private static ClientMistake UsedTwice(Refusal refusal) => new(IsRefresh(refusal) ? FailureCodes.RefreshTokenUsedTwice : FailureCodes.CodeUsedTwice);

    private static ClientMistake Code(Refusal refusal) =>
        refusal.Token is null || refusal.By == typeof(Protection.RestoreTokenEntryProperties) ? new(FailureCodes.CodeUnreadable)
        : refusal.By == typeof(Protection.ValidateExpirationDate) ? new(FailureCodes.CodeExpired, refusal.SecondsOver)
        : refusal.Id == "ID2010" ? new(FailureCodes.CodeUsedTwice)
        : refusal.By == typeof(Protection.ValidateTokenEntry) || refusal.By == typeof(Protection.ValidateAuthorizationEntry) ? new(FailureCodes.SignInEnded)
        : new(FailureCodes.CodeUnreadable);

    private static ClientMistake RefreshToken(Refusal refusal) =>
        refusal.Token is null || refusal.By == typeof(Protection.RestoreTokenEntryProperties) ? new(FailureCodes.RefreshTokenUnreadable)
        : refusal.By == typeof(Protection.ValidateExpirationDate) ? new(FailureCodes.RefreshTokenExpired, refusal.SecondsOver)
        : refusal.Id == "ID2012" ? new(FailureCodes.RefreshTokenUsedTwice)
        : refusal.By == typeof(Protection.ValidateTokenEntry) || refusal.By == typeof(Protection.ValidateAuthorizationEntry) ? new(FailureCodes.RefreshTokenRevoked)
        : new(FailureCodes.RefreshTokenUnreadable);

    private static ClientMistake AccessToken(Refusal refusal) => refusal.By == typeof(Protection.ValidateExpirationDate)
        ? new(FailureCodes.AccessTokenExpired, refusal.SecondsOver)
        : new(FailureCodes.AccessTokenRevoked);
}
