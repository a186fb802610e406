using System.Collections.Frozen;

namespace IdentityServer.Domain.Diagnosis;

/// <summary>What belongs to a code of <see cref="FailureCodes"/>.</summary>
/// <param name="Name">The code; in <c>docs/errors.md</c> its section has the same anchor.</param>
/// <param name="IsMistake">Whether there is something to mend. False for what happens to a client that does everything right.</param>
/// <param name="Details">The names of the facts that an entry of the code has, and that its sentence may name.</param>
public sealed record FailureCode(string Name, bool IsMistake, IReadOnlyList<string> Details);

/// <summary>Every code there is. A test holds it, the sentences and <c>docs/errors.md</c> to each other.</summary>
public static class FailureCatalogue
{
    private static readonly FrozenDictionary<string, FailureCode> ByName;

    static FailureCatalogue()
    {
        All =
        [
            Mistake(FailureCodes.ClientUnknown, "received", "difference"),
            Mistake(FailureCodes.ClientIdAndSecretSwapped),
            Mistake(FailureCodes.ClientAuthenticationMissing, "registered"),
            Mistake(FailureCodes.ClientAuthenticationInBody, "registered"),
            Mistake(FailureCodes.ClientAuthenticationInHeader, "registered"),
            Mistake(FailureCodes.ClientAuthenticationNotExpected, "used"),
            Mistake(FailureCodes.ClientAuthenticationBySecret, "used"),
            Mistake(FailureCodes.ClientAuthenticationByAssertion, "registered"),
            Mistake(FailureCodes.ClientAuthenticationRepeated),
            Mistake(FailureCodes.ClientAssertionIncomplete),
            Mistake(FailureCodes.BasicCredentialsMalformed),
            Mistake(FailureCodes.SecretMissing),
            Mistake(FailureCodes.SecretWrong, "length"),
            Mistake(FailureCodes.SecretExpired, "label", "date"),
            Mistake(FailureCodes.SecretRetired, "label", "date"),
            Mistake(FailureCodes.SecretOfAnotherClient, "client"),
            Mistake(FailureCodes.SecretWithWhitespace),
            Mistake(FailureCodes.SecretInQuotes),
            Mistake(FailureCodes.SecretPercentEncoded),
            Mistake(FailureCodes.SecretNotPercentEncoded),
            Mistake(FailureCodes.SecretPlusBecameBlank),
            Mistake(FailureCodes.SecretIsWholePair),
            Mistake(FailureCodes.SecretIsItsHash),
            Event(FailureCodes.TooManyWrongSecrets, "seconds"),
            Mistake(FailureCodes.AssertionMalformed),
            Mistake(FailureCodes.AssertionOfUnknownKind, "received"),
            Mistake(FailureCodes.AssertionIssuerWrong, "claim"),
            Mistake(FailureCodes.AssertionAudienceWrong, "received", "expected"),
            Mistake(FailureCodes.AssertionExpired, "seconds"),
            Mistake(FailureCodes.AssertionFromTheFuture, "claim", "seconds"),
            Mistake(FailureCodes.AssertionExpiryMissing),
            Mistake(FailureCodes.AssertionLivesTooLong, "seconds", "most"),
            Mistake(FailureCodes.AssertionJtiMissing),
            Mistake(FailureCodes.AssertionReplayed),
            Mistake(FailureCodes.AssertionAlgorithmRefused, "received", "expected"),
            Mistake(FailureCodes.AssertionKeyUnknown, "kid", "source"),
            Mistake(FailureCodes.AssertionSignatureWrong, "kid"),
            Mistake(FailureCodes.ClientKeysUnreachable, "member"),
            Mistake(FailureCodes.RedirectUriMismatch, "received", "registered", "difference"),
            Mistake(FailureCodes.RedirectUriMissing, "registered"),
            Mistake(FailureCodes.ResponseTypeRefused, "received"),
            Mistake(FailureCodes.ResponseModeRefused, "received"),
            Mistake(FailureCodes.PkceChallengeMissing),
            Mistake(FailureCodes.PkceMethodRefused, "received"),
            Mistake(FailureCodes.ScopeUnknown, "scope"),
            Mistake(FailureCodes.ScopeNotAllowed, "scope"),
            Mistake(FailureCodes.ScopeNotForPeople, "scope"),
            Mistake(FailureCodes.ResourceRefused, "reason"),
            Mistake(FailureCodes.PromptMalformed, "received"),
            Mistake(FailureCodes.MaxAgeMalformed, "received"),
            Mistake(FailureCodes.ClaimsMalformed),
            Mistake(FailureCodes.AcrNotOffered),
            Mistake(FailureCodes.ParRequired),
            Mistake(FailureCodes.RequestUriUnknown),
            Mistake(FailureCodes.RequestObjectRequired),
            Mistake(FailureCodes.RequestObjectUnsigned),
            Mistake(FailureCodes.RequestObjectExpired, "seconds"),
            Mistake(FailureCodes.RequestObjectSignatureWrong, "reason"),
            Mistake(FailureCodes.RequestObjectRefused, "reason"),
            Mistake(FailureCodes.RequestUriNotRegistered, "received"),
            Mistake(FailureCodes.RequestUriUnreachable),
            Mistake(FailureCodes.ParameterRepeated, "parameter"),
            Mistake(FailureCodes.ParameterMissing, "parameter"),
            Mistake(FailureCodes.RequestTooLarge, "most"),
            Mistake(FailureCodes.IdTokenHintUnreadable),
            Mistake(FailureCodes.IdTokenHintOfAnotherClient),
            Mistake(FailureCodes.GrantTypeUnsupported, "received"),
            Mistake(FailureCodes.GrantTypeNotAllowed, "received"),
            Mistake(FailureCodes.CodeUnreadable),
            Mistake(FailureCodes.CodeExpired, "seconds"),
            Mistake(FailureCodes.CodeUsedTwice),
            Mistake(FailureCodes.CodeOfAnotherClient),
            Mistake(FailureCodes.CodeRedirectUriDiffers, "received", "registered", "difference"),
            Mistake(FailureCodes.CodeRedirectUriMissing),
            Mistake(FailureCodes.PkceVerifierMissing),
            Mistake(FailureCodes.PkceVerifierWrong),
            Mistake(FailureCodes.PkceVerifierUnexpected),
            Mistake(FailureCodes.RefreshTokenUnreadable),
            Event(FailureCodes.RefreshTokenExpired, "seconds"),
            Mistake(FailureCodes.RefreshTokenUsedTwice),
            Event(FailureCodes.RefreshTokenRevoked),
            Mistake(FailureCodes.RefreshTokenOfAnotherClient),
            Mistake(FailureCodes.ScopeExceedsGrant),
            Mistake(FailureCodes.ScopeAboutAPerson, "scope"),
            Event(FailureCodes.SignInEnded),
            Mistake(FailureCodes.OriginNotRegistered, "origin", "expected"),
            Mistake(FailureCodes.IntrospectionByPublicClient),
            Mistake(FailureCodes.IntrospectionNotForThisClient),
            Mistake(FailureCodes.RevocationNotForThisClient),
            Mistake(FailureCodes.PostLogoutRedirectUriMismatch, "received", "registered", "difference"),
            Event(FailureCodes.AccessTokenExpired, "seconds"),
            Event(FailureCodes.AccessTokenRevoked),
            Mistake(FailureCodes.AccessTokenForAnotherResource),
            Event(FailureCodes.TooManyRequests, "seconds"),
            Mistake(FailureCodes.RequestRefused, "error"),
        ];
        ByName = All.ToFrozenDictionary(code => code.Name, StringComparer.Ordinal);
    }

    /// <summary>The codes, in the order of the document.</summary>
    public static IReadOnlyList<FailureCode> All { get; }

    /// <summary>The code of a name; null when there is none, as in a row that a newer version wrote.</summary>
    public static FailureCode? Find(string name) => ByName.GetValueOrDefault(name);

    private static FailureCode Mistake(string name, params string[] details) => new(name, true, details);

    private static FailureCode Event(string name, params string[] details) => new(name, false, details);
}
