namespace IdentityServer.Domain.Diagnosis;

/// <content>What a request at the other endpoints can get wrong.</content>
public static partial class FailureCodes
{
    /// <summary>There is no such grant here.</summary>
    public const string GrantTypeUnsupported = "grant_type_unsupported";

    /// <summary>The client has not registered the grant.</summary>
    public const string GrantTypeNotAllowed = "grant_type_not_allowed";

    /// <summary>The code is none that was given here.</summary>
    public const string CodeUnreadable = "code_unreadable";

    /// <summary>The code was traded too late.</summary>
    public const string CodeExpired = "code_expired";

    /// <summary>The code was traded before.</summary>
    public const string CodeUsedTwice = "code_used_twice";

    /// <summary>The code was given to another client.</summary>
    public const string CodeOfAnotherClient = "code_of_another_client";

    /// <summary>redirect_uri at the token endpoint is not the one of the authorization request.</summary>
    public const string CodeRedirectUriDiffers = "code_redirect_uri_differs";

    /// <summary>redirect_uri is missing at the token endpoint.</summary>
    public const string CodeRedirectUriMissing = "code_redirect_uri_missing";

    /// <summary>The code was asked for with a challenge, and no verifier came.</summary>
    public const string PkceVerifierMissing = "pkce_verifier_missing";

    /// <summary>The verifier does not belong to the challenge.</summary>
    public const string PkceVerifierWrong = "pkce_verifier_wrong";

    /// <summary>A verifier came for a code that was asked for without a challenge.</summary>
    public const string PkceVerifierUnexpected = "pkce_verifier_unexpected";

    /// <summary>The refresh token is none that was given here.</summary>
    public const string RefreshTokenUnreadable = "refresh_token_unreadable";

    /// <summary>The refresh token's time is over.</summary>
    public const string RefreshTokenExpired = "refresh_token_expired";

    /// <summary>The refresh token was used before.</summary>
    public const string RefreshTokenUsedTwice = "refresh_token_used_twice";

    /// <summary>The refresh token was revoked, or its sign-in has ended.</summary>
    public const string RefreshTokenRevoked = "refresh_token_revoked";

    /// <summary>The refresh token was given to another client.</summary>
    public const string RefreshTokenOfAnotherClient = "refresh_token_of_another_client";

    /// <summary>A refresh asks for more than the person granted.</summary>
    public const string ScopeExceedsGrant = "scope_exceeds_grant";

    /// <summary>A client that acts for itself asks for a person's scope.</summary>
    public const string ScopeAboutAPerson = "scope_about_a_person";

    /// <summary>The sign-in on which the request builds has ended.</summary>
    public const string SignInEnded = "sign_in_ended";

    /// <summary>A page of an origin that is not registered called an endpoint.</summary>
    public const string OriginNotRegistered = "origin_not_registered";

    /// <summary>A client without credentials asked about a token.</summary>
    public const string IntrospectionByPublicClient = "introspection_by_public_client";

    /// <summary>The token is for an API that this client does not stand for.</summary>
    public const string IntrospectionNotForThisClient = "introspection_not_for_this_client";

    /// <summary>The client wanted to revoke another client's token.</summary>
    public const string RevocationNotForThisClient = "revocation_not_for_this_client";

    /// <summary>The address after the sign-out is none that is registered.</summary>
    public const string PostLogoutRedirectUriMismatch = "post_logout_redirect_uri_mismatch";

    /// <summary>The access token's time is over.</summary>
    public const string AccessTokenExpired = "access_token_expired";

    /// <summary>The access token was revoked, or its sign-in has ended.</summary>
    public const string AccessTokenRevoked = "access_token_revoked";

    /// <summary>The access token is for another resource than userinfo.</summary>
    public const string AccessTokenForAnotherResource = "access_token_for_another_resource";

    /// <summary>One network pushed too many requests for the client.</summary>
    public const string TooManyRequests = "too_many_requests";

    /// <summary>The request was refused for a reason that has no code of its own.</summary>
    public const string RequestRefused = "request_refused";
}
