namespace IdentityServer.Domain.SignIn;

/// <summary>What the authorization endpoint knows when it decides.</summary>
/// <param name="Session">The open session of this browser, if any.</param>
/// <param name="Prompt">The request's prompt values (OpenID Connect Core §3.1.2.1).</param>
/// <param name="MaxAge">The request's <c>max_age</c>, if any.</param>
/// <param name="HintedSubject">The subject of a valid <c>id_token_hint</c>, if any.</param>
/// <param name="RequestId">Identifies this authorization request over the ceremony.</param>
/// <param name="ConsentGiven">What was asked is granted already, or the client needs no asking.</param>
/// <param name="ConsentAnswered">The consent page was answered for this very request: yes, no, or not yet.</param>
/// <param name="Now">The time.</param>
public sealed record AuthorizationFacts(
    SessionFacts? Session,
    IReadOnlyCollection<string> Prompt,
    TimeSpan? MaxAge,
    string? HintedSubject,
    string RequestId,
    bool ConsentGiven,
    bool? ConsentAnswered,
    DateTimeOffset Now);

/// <summary>What is known of a browser's open session.</summary>
/// <param name="Subject">The account's subject.</param>
/// <param name="AuthenticatedAt">When the code was consumed.</param>
/// <param name="OpenedForRequestId">The authorization request whose ceremony opened the session, if one did.</param>
/// <param name="TestsAnotherClient">The account is a test user of another client than the one that asks, and does not sign in here.</param>
public sealed record SessionFacts(string Subject, DateTimeOffset AuthenticatedAt, string? OpenedForRequestId, bool TestsAnotherClient = false);

/// <summary>The next step of an authorization request.</summary>
public enum NextStep
{
    /// <summary>Password and code.</summary>
    SignIn,

    /// <summary>Make an account first, then password and code.</summary>
    SignUp,

    /// <summary>Ask what the client may see.</summary>
    Consent,

    /// <summary>Give the authorization code.</summary>
    Grant,

    /// <summary>Answer <c>login_required</c>.</summary>
    RefuseLoginRequired,

    /// <summary>Answer <c>consent_required</c>.</summary>
    RefuseConsentRequired,

    /// <summary>Answer <c>access_denied</c>: the person said no.</summary>
    RefuseAccessDenied,

    /// <summary>Answer <c>access_denied</c>: who signed in for this request is a test user of another client.</summary>
    RefuseTestUser,

    /// <summary>Answer <c>invalid_request</c>: <c>prompt=none</c> beside another value.</summary>
    RefuseInvalidPrompt,
}

/// <summary>Decides the next step, and is the only place that does.</summary>
public static class SignInDecision
{
    /// <summary>The prompt value that asks for an account to be made (Initiating User Registration via OpenID Connect 1.0 §4).</summary>
    public const string Create = "create";

    /// <summary>Decides from facts alone.</summary>
    public static NextStep Decide(AuthorizationFacts facts)
    {
        ArgumentNullException.ThrowIfNull(facts);
        var silent = facts.Prompt.Contains("none");
        if (silent && facts.Prompt.Count > 1)
        {
            return NextStep.RefuseInvalidPrompt;
        }

        // Who just signed in for this very request has had their turn: asking again would only come back here.
        if (facts.Session is { TestsAnotherClient: true, OpenedForRequestId: { } opened } && string.Equals(opened, facts.RequestId, StringComparison.Ordinal))
        {
            return NextStep.RefuseTestUser;
        }

        if (NeedsSignIn(facts))
        {
            return silent ? NextStep.RefuseLoginRequired : facts.Prompt.Contains(Create) ? NextStep.SignUp : NextStep.SignIn;
        }

        if (facts.ConsentAnswered is false)
        {
            return NextStep.RefuseAccessDenied;
        }

        var mustAsk = !facts.ConsentGiven || facts.Prompt.Contains("consent");
        if (mustAsk && facts.ConsentAnswered is not true)
        {
            return silent ? NextStep.RefuseConsentRequired : NextStep.Consent;
        }

        return NextStep.Grant;
    }

    private static bool NeedsSignIn(AuthorizationFacts facts)
    {
        if (facts.Session is not { } session)
        {
            return true;
        }

        // A test user's session that stands for another client is nobody's here: whoever sits there signs in as somebody else.
        if (session.TestsAnotherClient)
        {
            return true;
        }

        // An id_token_hint names who is expected; somebody else's session does not do.
        if (facts.HintedSubject is { } hinted && !string.Equals(hinted, session.Subject, StringComparison.Ordinal))
        {
            return true;
        }

        // The ceremony of this very request satisfies prompt=login and max_age, however long it took: times alone would loop.
        if (string.Equals(session.OpenedForRequestId, facts.RequestId, StringComparison.Ordinal))
        {
            return false;
        }

        return facts.Prompt.Contains("login")
            || facts.Prompt.Contains("select_account")
            || facts.Prompt.Contains(Create)
            || (facts.MaxAge is { } maxAge && (maxAge <= TimeSpan.Zero || facts.Now - session.AuthenticatedAt > maxAge));
    }
}
