using System.Reflection;
using IdentityServer.Storage.Operations;
using Mono.Cecil.Cil;

namespace IdentityServer.ArchitectureTests;

/// <summary>
/// Guard 4, and the last part of guard 3: sessions and tokens are made in the places that the guards stand before, and nowhere else. A new
/// place that these tests name is a change to the rule above all others, and is to be thought through as one.
/// </summary>
public sealed class NoOtherWayTests
{
    private const string LogoutTokenMaker = "LogoutTokens.Make";

    private const string TokenReader = "AccessTokenReader.ReadAsync";

    private const string UserInfoSigner = "AnswerSigned.HandleAsync";

    [Fact]
    public void The_session_cookie_is_touched_where_it_is_read_given_and_taken_back() =>
        Instructions.MethodsWithText(text => text.Contains("idsrv.session", StringComparison.Ordinal))
            .ShouldBe(["SessionReader.CurrentAsync", "SessionIssuer.Issue", "SessionEnder.Forget"], ignoreOrder: true);

    [Fact]
    public void Cookies_are_given_in_five_places_and_the_session_cookie_in_one()
    {
        Instructions.CallersOf("IResponseCookies", "Append")
            .ShouldBe(["SessionIssuer.Issue", "PendingSignIn.Remember", "KnownBrowser.Remember", "TryItCookie.Remember", "TrialCookie.Remember"], ignoreOrder: true);
        Instructions.All.Where(step => step.Field is { Name: "SetCookie", DeclaringType.Name: "HeaderNames" }).Select(step => step.Method).ShouldBeEmpty();
        Instructions.CallersOf("IHeaderDictionary", "get_SetCookie", "set_SetCookie").ShouldBeEmpty();
        Instructions.MethodsWithText(text => text.Equals("Set-Cookie", StringComparison.OrdinalIgnoreCase)).ShouldBeEmpty();
    }

    [Fact]
    public void Only_the_code_step_gives_a_session_and_only_for_a_consumed_challenge()
    {
        Instructions.CallersOf("SessionIssuer", "Issue").ShouldBe(["CodeStep.ConsumeAsync"]);
        House.Host.GetType("IdentityServer.Sessions.SessionIssuer", throwOnError: true)!.GetMethods()
            .Single(method => method.Name == "Issue").GetParameters().Select(parameter => parameter.ParameterType).ShouldContain(typeof(ConsumedChallenge));
    }

    [Fact]
    public void A_consumed_challenge_comes_out_of_consuming_one_and_nowhere_else()
    {
        typeof(ConsumedChallenge).IsSealed.ShouldBeTrue();
        typeof(ConsumedChallenge).GetConstructors(BindingFlags.Public | BindingFlags.Instance).ShouldBeEmpty();
        House.Storage.GetCustomAttributes<System.Runtime.CompilerServices.InternalsVisibleToAttribute>()
            .Select(friend => friend.AssemblyName).ShouldNotContain(House.Host.GetName().Name);
        Instructions.MakersOf(nameof(ConsumedChallenge)).ShouldBe(["ChallengeOperations.ConsumeAsync"]);
    }

    [Fact]
    public void A_session_is_prepared_in_one_place_and_opened_in_one()
    {
        // One makes what was read from a row, the other what is to become one.
        Instructions.MakersOf("AuthenticationSession").ShouldBe(["CeremonyReads.ReadSession", "SessionIssuer.PrepareAsync"], ignoreOrder: true);
        Instructions.All.Where(step => step.Called is { } called
                && (called.Name.StartsWith("Add", StringComparison.Ordinal) || called.Name.StartsWith("Update", StringComparison.Ordinal)
                    || called.Name.StartsWith("Attach", StringComparison.Ordinal))
                && (called.DeclaringType.FullName.Contains("AuthenticationSession", StringComparison.Ordinal)
                    || called.Parameters.Any(parameter => parameter.ParameterType.FullName.Contains("AuthenticationSession", StringComparison.Ordinal))))
            .Select(step => step.Method).Distinct().ShouldBeEmpty();
        Instructions.MethodsWithText(text => text.Contains("INTO \"authentication_sessions\"", StringComparison.OrdinalIgnoreCase)
            || text.Contains("UPDATE \"authentication_sessions\"", StringComparison.OrdinalIgnoreCase))
            .ShouldBe(["ChallengeOperations..cctor"]);
        Instructions.All.Where(step => step.Field is { Name: "OpenSession", DeclaringType.Name: "ChallengeOperations" } && step.Instruction.OpCode == OpCodes.Ldsfld)
            .Select(step => step.Method).Distinct().ShouldBe(["ChallengeOperations.ConsumeAsync"]);
    }

    [Fact]
    public void Only_the_first_guard_stamps() =>
        Instructions.MakersOf("SignInStamp").Where(maker => !maker.StartsWith("SignInStamp.", StringComparison.Ordinal))
            .ShouldBe(["RequireConsumedChallenge.HandleAsync"]);

    [Fact]
    public void Two_handlers_sign_in_and_no_other_code_does()
    {
        Instructions.All.Where(step => step.Called is { Name: "SignIn" or "SignInAsync" } called
                && (called.DeclaringType.FullName.StartsWith("OpenIddict", StringComparison.Ordinal)
                    || called.DeclaringType.FullName.StartsWith("Microsoft.AspNetCore", StringComparison.Ordinal)))
            .Select(step => step.Method).Distinct()
            .ShouldBe(["DecideNextStep.HandleAsync", "GrantClientCredentials.HandleAsync"], ignoreOrder: true);
        Instructions.All.Where(step => step.Called is { Name: "set_Principal" or "set_User" }).Select(step => step.Method).ShouldBeEmpty();
    }

    [Fact]
    public void Tokens_are_made_by_OpenIddicts_own_pipeline_only()
    {
        // But for logout tokens and userinfo answers, of which the next test says why. Whoever judges a token asks the pipeline for that event,
        // and for no other: it makes nothing.
        var wrong = Instructions.All.Where(step => step.Called is { } called && step.Method is not (LogoutTokenMaker or UserInfoSigner)
            && !(step.Method == TokenReader && called.Name is "CreateTransactionAsync")
            && !(step.Method == TokenReader && called.FullName.Contains("DispatchAsync<OpenIddict.Server.OpenIddictServerEvents/ValidateTokenContext>", StringComparison.Ordinal))
            && (
                Instructions.NameOf(called.DeclaringType) is "IOpenIddictServerFactory" or "IOpenIddictServerDispatcher" or "OpenIddictServerFactory"
                    or "OpenIddictServerDispatcher" or "IOpenIddictServerHandlerProvider"
                || (Instructions.NameOf(called.DeclaringType) is "IOpenIddictTokenManager" or "OpenIddictTokenManager`1" or "IOpenIddictTokenStore`1"
                    && called.Name is "CreateAsync" or "PopulateAsync" or "InstantiateAsync")
                || (called.Name is "CreateToken" or "CreateEncodedJwt" or "WriteToken" or "CreateJwtSecurityToken"
                    && called.DeclaringType.FullName.Contains("Token", StringComparison.Ordinal))
                || (Instructions.NameOf(called.DeclaringType) is "HandlerDispatcher" or "HandlerTable" && !step.Method.StartsWith("HandlerDispatcher.", StringComparison.Ordinal)
                    && !step.Method.StartsWith("HandlerTable.", StringComparison.Ordinal) && called.Name != ".ctor")
                || (step.Instruction.OpCode == OpCodes.Newobj && Instructions.NameOf(called.DeclaringType) is "OpenIddictServerTransaction"
                    or "GenerateTokenContext" or "ProcessSignInContext" or "SecurityTokenDescriptor")))
            .Select(step => $"{step.Method} uses {step.Called!.FullName}");
        wrong.Distinct().ShouldBeEmpty();

        Instructions.MethodsWithText(text => text.Contains("INSERT INTO \"tokens\"", StringComparison.OrdinalIgnoreCase)).ShouldBe(["TokenSql..cctor"]);
        Instructions.All.Where(step => step.Field is { Name: "Insert" or "InsertBare", DeclaringType.Name: "TokenSql" } && step.Instruction.OpCode == OpCodes.Ldsfld)
            .Select(step => step.Method).Distinct().ShouldBe(["TokenStore.CreateAsync"]);
        Instructions.All.Where(step => step.Called is { Name: "Add" or "AddAsync" or "AddRange" } called
                && called.DeclaringType.FullName.Contains("Entities.Token>", StringComparison.Ordinal)
                && called.DeclaringType.FullName.Contains("DbSet", StringComparison.Ordinal))
            .Select(step => step.Method).ShouldBeEmpty();
    }

    // A logout token grants nothing, and its typ keeps it from passing for one that does; what varies in it is who is told, of whom, of which
    // session, in which notice. A userinfo answer is what the endpoint would say to the same access token without a signature, and has no
    // time at which it ends, as every token here must have.
    [Fact]
    public void Past_the_guards_two_places_sign_and_what_they_sign_grants_nothing()
    {
        Instructions.MakersOf("SecurityTokenDescriptor").ShouldBe([LogoutTokenMaker]);
        Instructions.CallersOf("JsonWebTokenHandler", "CreateToken").ShouldBe([LogoutTokenMaker, UserInfoSigner], ignoreOrder: true);
        var said = Instructions.All.Where(step => step.Method == UserInfoSigner && step.Text is not null).Select(step => step.Text).Distinct().ToList();
        said.ShouldBe(["context", "IdentityServer.SignUserInfoFor", "iss", "aud", "application/jwt"], ignoreOrder: true);
        Instructions.All.Where(step => step.Called is { Name: "Sign" or "SignData" or "SignHash" } called
                && !called.DeclaringType.FullName.StartsWith("IdentityServer.", StringComparison.Ordinal))
            .Select(step => step.Method).ShouldBeEmpty();

        var steps = Instructions.All.Where(step => step.Method == LogoutTokenMaker).ToList();
        steps.Single(step => step.Called?.Name == "set_TokenType").Instruction.Previous.Operand.ShouldBe("logout+jwt");
        steps.Where(step => step.Text is not null).Select(step => step.Text).Distinct().ShouldBe(["logout+jwt", "jti", "N", "sub", "sid", "events"], ignoreOrder: true);
        typeof(Protocol.LogoutNotifications.LogoutTokens).GetMethods(BindingFlags.DeclaredOnly | BindingFlags.Instance | BindingFlags.Static | BindingFlags.Public | BindingFlags.NonPublic)
            .Single().GetParameters().Select(parameter => parameter.ParameterType)
            .ShouldBe([typeof(Clients.ClientSettings), typeof(string), typeof(Guid), typeof(Guid)]);
        Instructions.CallersOf("LogoutTokens", "Make").ShouldBe(["LogoutNotificationHandler.DeliverAsync"]);
    }

    [Fact]
    public void Codes_are_checked_and_challenges_consumed_in_one_place_each()
    {
        Instructions.CallersOf("OneTimeCode", "Matches").ShouldBe(["CodeJudge.CompareAsync"]);
        Instructions.CallersOf("ChallengeOperations", "SpendAsync").ShouldBe(["CodeJudge.JudgeAsync"]);
        Instructions.CallersOf("ChallengeOperations", "ConsumeAsync").ShouldBe(["CodeStep.ConsumeAsync"]);
        Instructions.CallersOf("ChallengeOperations", "ConsumeProofAsync")
            .ShouldBe(["SignUpStep.MakeAsync", "ResetStep.SetAsync", "AddressStep.ChangeAsync", "DeletionStep.AnswerAsync"], ignoreOrder: true);
        Instructions.CallersOf("OneTimeCodeDerivation", "Derive").ShouldBe(["CodeJudge.CompareAsync", "CodeMailHandler.DeliverAsync"], ignoreOrder: true);
        Instructions.CallersOf("OneTimeCode", "Reveal").ShouldAllBe(caller => caller.StartsWith("CodeMail.", StringComparison.Ordinal));
    }
}
