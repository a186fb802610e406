using CsCheck;
using IdentityServer.Domain.SignIn;

namespace IdentityServer.Domain.Tests.SignIn;

public sealed class SignInDecisionTests
{
    private const string ThisRequest = "request-1";
    private static readonly DateTimeOffset Now = new(2026, 5, 4, 12, 0, 0, TimeSpan.Zero);

    private static readonly Gen<SessionFacts?> Sessions = Gen.Select(
        Gen.Bool,
        Gen.OneOf("alice", "bob"),
        Gen.Int[0, 7_200],
        Gen.OneOf(ThisRequest, "request-0", null!),
        Gen.Bool,
        (any, subject, age, request, elsewhere) => any ? new SessionFacts(subject, Now.AddSeconds(-age), request, elsewhere) : null);

    private static readonly Gen<AuthorizationFacts> Anything = Gen.Select(
        Sessions,
        Gen.OneOf("none", "login", "consent", "select_account", "create", "unknown").Array[0, 3],
        Gen.OneOf<int?>(null, 0, 1, 600, 10_000),
        Gen.OneOf("alice", "bob", null!),
        Gen.Bool,
        Gen.OneOf<bool?>(null, true, false),
        (session, prompt, maxAge, hint, given, answered) => new AuthorizationFacts(
            session, [.. prompt.Distinct()], maxAge is { } seconds ? TimeSpan.FromSeconds(seconds) : null, hint, ThisRequest, given, answered, Now));

    [Fact]
    public void Nothing_is_granted_without_a_session() =>
        Anything.Select(facts => facts with { Session = null })
            .Sample(facts => SignInDecision.Decide(facts).ShouldBeOneOf(
                NextStep.SignIn, NextStep.SignUp, NextStep.RefuseLoginRequired, NextStep.RefuseInvalidPrompt));

    [Fact]
    public void A_test_user_is_never_granted_anything_at_another_client() =>
        Anything.Sample(facts => IfGranted(facts, session => session.TestsAnotherClient.ShouldBeFalse()));

    [Fact]
    public void Who_signs_in_for_a_request_as_a_test_user_of_another_client_is_refused_and_not_asked_again() =>
        Anything.Where(facts => facts.Session is not null && (facts.Prompt.Count <= 1 || !facts.Prompt.Contains("none")))
            .Select(facts => facts with { Session = facts.Session! with { OpenedForRequestId = ThisRequest, TestsAnotherClient = true } })
            .Sample(facts => SignInDecision.Decide(facts).ShouldBe(NextStep.RefuseTestUser));

    [Fact]
    public void A_test_users_session_from_before_counts_at_another_client_as_nobodys() =>
        Anything.Where(facts => facts.Session is not null)
            .Select(facts => facts with { Session = facts.Session! with { OpenedForRequestId = "request-0", TestsAnotherClient = true } })
            .Sample(facts => SignInDecision.Decide(facts).ShouldBe(SignInDecision.Decide(facts with { Session = null })));

    [Fact]
    public void Prompt_none_never_shows_a_page() =>
        Anything.Select(facts => With("none", facts))
            .Sample(facts => SignInDecision.Decide(facts).ShouldNotBeOneOf(NextStep.SignIn, NextStep.Consent));

    [Fact]
    public void Prompt_none_stands_alone() =>
        Anything.Select(facts => With("none", With("login", facts)))
            .Sample(facts => SignInDecision.Decide(facts).ShouldBe(NextStep.RefuseInvalidPrompt));

    [Fact]
    public void Prompt_login_is_only_granted_on_a_session_that_this_request_opened() =>
        Anything.Select(facts => With("login", facts))
            .Sample(facts => IfGranted(facts, session => session.OpenedForRequestId.ShouldBe(ThisRequest)));

    [Fact]
    public void Choosing_an_account_means_signing_in_to_it() =>
        Anything.Select(facts => With("select_account", facts))
            .Sample(facts => IfGranted(facts, session => session.OpenedForRequestId.ShouldBe(ThisRequest)));

    [Fact]
    public void A_session_older_than_max_age_is_only_granted_to_the_request_that_opened_it() =>
        Anything.Sample(facts => IfGranted(facts, session =>
        {
            if (Now - session.AuthenticatedAt > facts.MaxAge)
            {
                session.OpenedForRequestId.ShouldBe(ThisRequest);
            }
        }));

    [Fact]
    public void Nobody_is_granted_under_the_hint_of_another() =>
        Anything.Sample(facts => IfGranted(facts, session => session.Subject.ShouldBe(facts.HintedSubject ?? session.Subject)));

    [Fact]
    public void Nothing_is_granted_against_a_no() =>
        Anything.Select(facts => facts with { ConsentAnswered = false })
            .Sample(facts => SignInDecision.Decide(facts).ShouldNotBeOneOf(NextStep.Grant, NextStep.Consent, NextStep.RefuseConsentRequired));

    [Fact]
    public void What_was_not_consented_to_is_not_granted() =>
        Anything.Select(facts => facts with { ConsentGiven = false, ConsentAnswered = null })
            .Sample(facts => SignInDecision.Decide(facts).ShouldNotBe(NextStep.Grant));

    [Fact]
    public void Prompt_consent_asks_again_although_consent_was_given() =>
        Anything.Select(facts => With("consent", facts) with { ConsentAnswered = null })
            .Sample(facts => SignInDecision.Decide(facts).ShouldNotBe(NextStep.Grant));

    [Fact]
    public void Who_has_just_signed_in_for_this_request_is_not_asked_again_however_long_it_took() =>
        Anything.Where(facts => !facts.Prompt.Contains("none"))
            .Select(facts => facts with { Session = new("alice", Now.AddHours(-2), ThisRequest), HintedSubject = null })
            .Sample(facts => SignInDecision.Decide(facts).ShouldNotBeOneOf(NextStep.SignIn, NextStep.SignUp));

    [Theory]
    [InlineData(null, NextStep.SignUp)]
    [InlineData("request-0", NextStep.SignUp)]
    [InlineData(ThisRequest, NextStep.Grant)]
    public void Prompt_create_leads_to_the_sign_up_until_this_very_request_was_signed_in_for(string? openedFor, NextStep step) =>
        SignInDecision.Decide(new(
            new("alice", Now.AddMinutes(-1), openedFor), ["create"], null, null, ThisRequest, ConsentGiven: true, ConsentAnswered: null, Now)).ShouldBe(step);

    [Fact]
    public void Who_has_signed_in_and_said_yes_is_granted() =>
        Anything.Select(facts => facts with
        {
            Prompt = [.. facts.Prompt.Where(value => value is "consent" or "unknown")],
            Session = new("alice", Now.AddMinutes(-5), null),
            HintedSubject = null,
            MaxAge = TimeSpan.FromMinutes(5),
            ConsentAnswered = true,
        })
            .Sample(facts => SignInDecision.Decide(facts).ShouldBe(NextStep.Grant));

    [Theory]
    [InlineData(600, NextStep.Grant)]
    [InlineData(601, NextStep.SignIn)]
    public void A_session_as_old_as_max_age_will_do_and_an_older_one_will_not(int age, NextStep step) =>
        Decide(session: new("alice", Now.AddSeconds(-age), null), maxAge: 600).ShouldBe(step);

    [Theory]
    [InlineData("", NextStep.Grant)]
    [InlineData("none", NextStep.Grant)]
    [InlineData("login", NextStep.SignIn)]
    [InlineData("select_account", NextStep.SignIn)]
    [InlineData("consent", NextStep.Consent)]
    public void A_fresh_session_meets_each_prompt_so(string prompt, NextStep step) =>
        Decide(session: new("alice", Now, null), prompt: prompt).ShouldBe(step);

    [Theory]
    [InlineData("", NextStep.SignIn)]
    [InlineData("none", NextStep.RefuseLoginRequired)]
    [InlineData("login consent", NextStep.SignIn)]
    public void A_browser_without_a_session_meets_each_prompt_so(string prompt, NextStep step) =>
        Decide(session: null, prompt: prompt).ShouldBe(step);

    [Fact]
    public void Prompt_none_without_consent_says_so() =>
        Decide(session: new("alice", Now, null), prompt: "none", consentGiven: false).ShouldBe(NextStep.RefuseConsentRequired);

    private static AuthorizationFacts With(string prompt, AuthorizationFacts facts) =>
        facts with { Prompt = [.. facts.Prompt.Append(prompt).Distinct()] };

    private static void IfGranted(AuthorizationFacts facts, Action<SessionFacts> require)
    {
        if (SignInDecision.Decide(facts) == NextStep.Grant)
        {
            require(facts.Session.ShouldNotBeNull());
        }
    }

    private static NextStep Decide(SessionFacts? session, string prompt = "", int? maxAge = null, bool consentGiven = true) =>
        SignInDecision.Decide(new(
            session,
            prompt.Split(' ', StringSplitOptions.RemoveEmptyEntries),
            maxAge is { } seconds ? TimeSpan.FromSeconds(seconds) : null,
            HintedSubject: null,
            ThisRequest,
            consentGiven,
            ConsentAnswered: null,
            Now));
}
