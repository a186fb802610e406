namespace IdentityServer.Domain.Diagnosis;

/// <content>What an authorization request can get wrong.</content>
public static partial class FailureCodes
{
    /// <summary>The redirect URI is none that is registered.</summary>
    public const string RedirectUriMismatch = "redirect_uri_mismatch";

    /// <summary>No redirect URI was sent, and the client has not exactly one.</summary>
    public const string RedirectUriMissing = "redirect_uri_missing";

    /// <summary>The response type is none that is served, or none of this client's.</summary>
    public const string ResponseTypeRefused = "response_type_refused";

    /// <summary>The response mode is none that is served.</summary>
    public const string ResponseModeRefused = "response_mode_refused";

    /// <summary>The request has no PKCE challenge.</summary>
    public const string PkceChallengeMissing = "pkce_challenge_missing";

    /// <summary>The PKCE method is not S256.</summary>
    public const string PkceMethodRefused = "pkce_method_refused";

    /// <summary>There is no such scope here.</summary>
    public const string ScopeUnknown = "scope_unknown";

    /// <summary>The client has not registered the scope.</summary>
    public const string ScopeNotAllowed = "scope_not_allowed";

    /// <summary>The client asks people for what only the operator's own clients may ask them for.</summary>
    public const string ScopeNotForPeople = "scope_not_for_people";

    /// <summary>The resources that are named and the scopes don't fit together, or a resource is not known.</summary>
    public const string ResourceRefused = "resource_refused";

    /// <summary>The prompt has a value that there is not, or none together with another.</summary>
    public const string PromptMalformed = "prompt_malformed";

    /// <summary>max_age is no number of seconds.</summary>
    public const string MaxAgeMalformed = "max_age_malformed";

    /// <summary>The parameter claims cannot be read.</summary>
    public const string ClaimsMalformed = "claims_malformed";

    /// <summary>An acr is essential that no sign-in here has.</summary>
    public const string AcrNotOffered = "acr_not_offered";

    /// <summary>The client must push its requests, and did not.</summary>
    public const string ParRequired = "par_required";

    /// <summary>The pushed request is over, was used, or never was.</summary>
    public const string RequestUriUnknown = "request_uri_unknown";

    /// <summary>The client must sign its requests, and did not.</summary>
    public const string RequestObjectRequired = "request_object_required";

    /// <summary>The request object is not signed.</summary>
    public const string RequestObjectUnsigned = "request_object_unsigned";

    /// <summary>The request object's time is over, or has not come.</summary>
    public const string RequestObjectExpired = "request_object_expired";

    /// <summary>The request object is not signed by the client's key as registered.</summary>
    public const string RequestObjectSignatureWrong = "request_object_signature_wrong";

    /// <summary>The request object says what it must not, or cannot be read.</summary>
    public const string RequestObjectRefused = "request_object_refused";

    /// <summary>The address of the request object is not registered.</summary>
    public const string RequestUriNotRegistered = "request_uri_not_registered";

    /// <summary>The registered address of the request object could not be read.</summary>
    public const string RequestUriUnreachable = "request_uri_unreachable";

    /// <summary>A parameter was sent twice.</summary>
    public const string ParameterRepeated = "parameter_repeated";

    /// <summary>A parameter that must be there is not.</summary>
    public const string ParameterMissing = "parameter_missing";

    /// <summary>The authorization request is too large to keep.</summary>
    public const string RequestTooLarge = "request_too_large";

    /// <summary>The id_token_hint of a sign-out is none of our id_tokens.</summary>
    public const string IdTokenHintUnreadable = "id_token_hint_unreadable";

    /// <summary>The id_token_hint was given to another client.</summary>
    public const string IdTokenHintOfAnotherClient = "id_token_hint_of_another_client";
}
