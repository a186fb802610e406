namespace IdentityServer.Domain.Diagnosis;

/// <content>Who the client is, and how it proves it.</content>
public static partial class FailureCodes
{
    /// <summary>The client_id is nobody's, and is almost this client's.</summary>
    public const string ClientUnknown = "client_unknown";

    /// <summary>The secret stands where the client_id belongs.</summary>
    public const string ClientIdAndSecretSwapped = "client_id_and_secret_swapped";

    /// <summary>A client that must authenticate did not.</summary>
    public const string ClientAuthenticationMissing = "client_authentication_missing";

    /// <summary>The secret came in the body, and the client registered the header.</summary>
    public const string ClientAuthenticationInBody = "client_authentication_in_body";

    /// <summary>The secret came in the header, and the client registered the body.</summary>
    public const string ClientAuthenticationInHeader = "client_authentication_in_header";

    /// <summary>A public client sent credentials.</summary>
    public const string ClientAuthenticationNotExpected = "client_authentication_not_expected";

    /// <summary>A client that signs its requests sent a secret.</summary>
    public const string ClientAuthenticationBySecret = "client_authentication_by_secret";

    /// <summary>A client that has a secret, or nothing, sent an assertion.</summary>
    public const string ClientAuthenticationByAssertion = "client_authentication_by_assertion";

    /// <summary>The request brought credentials in more than one way.</summary>
    public const string ClientAuthenticationRepeated = "client_authentication_repeated";

    /// <summary>client_assertion and client_assertion_type do not belong together.</summary>
    public const string ClientAssertionIncomplete = "client_assertion_incomplete";

    /// <summary>The header says Basic, and what follows is no base64 of two texts with a colon.</summary>
    public const string BasicCredentialsMalformed = "basic_credentials_malformed";

    /// <summary>The header held a client_id and no secret.</summary>
    public const string SecretMissing = "secret_missing";

    /// <summary>The secret is none of the client's, nor nearly.</summary>
    public const string SecretWrong = "secret_wrong";

    /// <summary>The secret was right until it expired.</summary>
    public const string SecretExpired = "secret_expired";

    /// <summary>The secret was right until it was retired.</summary>
    public const string SecretRetired = "secret_retired";

    /// <summary>The secret is right, for another client of the same owner.</summary>
    public const string SecretOfAnotherClient = "secret_of_another_client";

    /// <summary>The secret is right but for blanks or line ends around it.</summary>
    public const string SecretWithWhitespace = "secret_with_whitespace";

    /// <summary>The secret is right but for quotation marks around it.</summary>
    public const string SecretInQuotes = "secret_in_quotes";

    /// <summary>The secret is right, and was percent-encoded once too often.</summary>
    public const string SecretPercentEncoded = "secret_percent_encoded";

    /// <summary>The secret is right, and was not form-encoded for HTTP Basic.</summary>
    public const string SecretNotPercentEncoded = "secret_not_percent_encoded";

    /// <summary>The secret is right, and its plus signs arrived as blanks.</summary>
    public const string SecretPlusBecameBlank = "secret_plus_became_blank";

    /// <summary>In place of the secret came client_id and secret together.</summary>
    public const string SecretIsWholePair = "secret_is_whole_pair";

    /// <summary>In place of the secret came the form in which it is stored.</summary>
    public const string SecretIsItsHash = "secret_is_its_hash";

    /// <summary>One network gave many wrong secrets for the client.</summary>
    public const string TooManyWrongSecrets = "too_many_wrong_secrets";

    /// <summary>The assertion is no signed JWT.</summary>
    public const string AssertionMalformed = "assertion_malformed";

    /// <summary>The typ of the assertion says that it is for another purpose.</summary>
    public const string AssertionOfUnknownKind = "assertion_of_unknown_kind";

    /// <summary>iss or sub of the assertion is not the client_id.</summary>
    public const string AssertionIssuerWrong = "assertion_issuer_wrong";

    /// <summary>aud of the assertion is not this server, or not this server alone.</summary>
    public const string AssertionAudienceWrong = "assertion_audience_wrong";

    /// <summary>The assertion's time was over.</summary>
    public const string AssertionExpired = "assertion_expired";

    /// <summary>The assertion's time has not come.</summary>
    public const string AssertionFromTheFuture = "assertion_from_the_future";

    /// <summary>The assertion has no exp.</summary>
    public const string AssertionExpiryMissing = "assertion_expiry_missing";

    /// <summary>The assertion lives longer than is allowed.</summary>
    public const string AssertionLivesTooLong = "assertion_lives_too_long";

    /// <summary>The assertion has no jti, or too long a one.</summary>
    public const string AssertionJtiMissing = "assertion_jti_missing";

    /// <summary>The assertion was used before.</summary>
    public const string AssertionReplayed = "assertion_replayed";

    /// <summary>The assertion is signed by an algorithm that is not taken.</summary>
    public const string AssertionAlgorithmRefused = "assertion_algorithm_refused";

    /// <summary>The client has no key that the assertion could be signed with.</summary>
    public const string AssertionKeyUnknown = "assertion_key_unknown";

    /// <summary>The assertion was not signed by the client's key.</summary>
    public const string AssertionSignatureWrong = "assertion_signature_wrong";

    /// <summary>The address of the client's keys could not be read.</summary>
    public const string ClientKeysUnreachable = "client_keys_unreachable";
}
