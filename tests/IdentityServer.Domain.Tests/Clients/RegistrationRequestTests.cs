using System.Text.Json;
using CsCheck;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Domain.Tests.Clients;

public sealed class RegistrationRequestTests
{
    private static readonly RegistrationPolicy Narrow = new(["openid", "email", "orders"], PkcePolicy.Required);

    private static readonly ClientMetadata Registered = Accepted(Judge(
        """{"client_name":"Shop","redirect_uris":["https://app.example.com/callback"],"scope":"openid"}""", Narrow)) with
    { ClientId = "c-1" };

    private static readonly string[] Names =
        ["client_name", "redirect_uris", "scope", "grant_types", "token_endpoint_auth_method", "require_pkce", "first_party", "verified", "client_id", "client_secret", "application_type",
         "client_uri", "colour", "jwks_uri", "software_statement", "registration_access_token"];

    private static readonly string[] Values =
        ["null", "true", "false", "\"Shop\"", "\"c-1\"", "\"c-2\"", "\"openid\"", "\"openid email orders\"", "\"profile\"", "\"none\"", "\"native\"", "\"https://app.example.com/\"", "7", "{}", "[]",
         "[\"https://app.example.com/callback\"]", "[\"https://app.example.com/other\"]", "[\"authorization_code\",\"refresh_token\"]", "[\"client_credentials\"]"];

    private static readonly Gen<string> Wishes =
        from members in Gen.Select(OneOf(Names), OneOf(Values)).List[0, 6]
        from whole in Gen.Bool
        select "{" + string.Join(',', members.Select(member => $"\"{member.Item1}\":{member.Item2}")
            .Concat(whole && members.All(member => member.Item1 != "redirect_uris") ? ["\"redirect_uris\":[\"https://app.example.com/callback\"]"] : Array.Empty<string>())) + "}";

    [Fact]
    public void Whatever_is_taken_stays_within_the_policy_and_is_no_friend_of_the_house()
    {
        var taken = 0;
        Wishes.Sample(
            wish =>
            {
                if (Judge(wish, Narrow) is ClientMetadataVerdict.Accepted { Metadata: var client })
                {
                    Interlocked.Increment(ref taken);
                    (client.FirstParty, client.Verified, client.RequirePkce, client.ClientId, client.ClientSecret).ShouldBe((false, false, true, null, null), wish);
                    client.Scopes.Except(Narrow.Scopes).ShouldBeEmpty(wish);
                    client.Judge().ShouldBeOfType<ClientMetadataVerdict.Accepted>(wish);
                }
            },
            iter: 20_000);
        taken.ShouldBeGreaterThan(500);
    }

    [Theory]
    [InlineData("""{"client_id":"c-1","client_name":"Shop","subject_type":"pairwise","redirect_uris":["https://victim.example/cb"],"scope":"openid"}""", false)]
    [InlineData("""{"client_id":"c-1","client_name":"Shop","subject_type":"public","redirect_uris":["https://app.example.com/callback"],"scope":"openid"}""", false)]
    [InlineData("""{"client_id":"c-1","client_name":"Shop","subject_type":"pairwise","redirect_uris":["https://app.example.com/other"],"scope":"openid"}""", true)]
    public void R4_No_change_shows_a_client_the_subjects_of_another_sector(string change, bool taken)
    {
        var pairwise = Registered with { SubjectType = SubjectTypes.Pairwise };

        var verdict = RegistrationRequest.JudgeChange(JsonDocument.Parse(change).RootElement, Narrow, pairwise);

        (verdict is ClientMetadataVerdict.Accepted).ShouldBe(taken);
        (verdict as ClientMetadataVerdict.Refused)?.Problems.ShouldHaveSingleItem().Field.ShouldBe("subject_type");
    }

    [Fact]
    public void Nobody_may_introspect_a_resource_by_registering()
    {
        Judge("""{"redirect_uris":["https://app.example.com/callback"],"introspects":["https://api.example.com"]}""", Narrow)
            .ShouldBeOfType<ClientMetadataVerdict.Refused>().Problems.ShouldHaveSingleItem().Field.ShouldBe("introspects");
        var granted = Registered with { Introspects = ["https://api.example.com"] };
        const string Change = """{"client_id":"c-1","client_name":"Shop","redirect_uris":["https://app.example.com/callback"],"scope":"openid"}""";

        // What the operator has given stays, said again or left out; and nothing is added to it.
        Accepted(RegistrationRequest.JudgeChange(JsonDocument.Parse(Change).RootElement, Narrow, granted)).Introspects.ShouldBe(["https://api.example.com"]);
        RegistrationRequest.JudgeChange(
                JsonDocument.Parse(Change[..^1] + ""","introspects":["https://api.example.com","https://other.example.com"]}""").RootElement, Narrow, granted)
            .ShouldBeOfType<ClientMetadataVerdict.Refused>();
    }

    [Fact]
    public void Whatever_a_change_is_the_client_stays_itself_and_what_was_vouched_for_stays_what_it_was()
    {
        var vouched = Registered with { FirstParty = true, Verified = true };
        var taken = 0;
        Wishes.Sample(
            wish =>
            {
                var whole = wish == "{}" ? """{"client_id":"c-1"}""" : wish.Contains("client_id", StringComparison.Ordinal) ? wish : $$"""{"client_id":"c-1",{{wish[1..]}}""";
                if (RegistrationRequest.JudgeChange(JsonDocument.Parse(whole).RootElement, Narrow, vouched) is ClientMetadataVerdict.Accepted { Metadata: var client })
                {
                    Interlocked.Increment(ref taken);
                    client.ClientId.ShouldBe("c-1", whole);
                    client.Scopes.Except(Narrow.Scopes).ShouldBeEmpty(whole);
                    var same = client.ClientName == vouched.ClientName && client.ClientUri == vouched.ClientUri && client.RedirectUris.SequenceEqual(vouched.RedirectUris);
                    (client.FirstParty, client.Verified).ShouldBe((same, same), whole);
                }
            },
            iter: 20_000);
        taken.ShouldBeGreaterThan(500);
    }

    [Theory]
    [InlineData("""["https://app.example.com/callback","https://id.example/portal/trial/callback"]""", true)]
    [InlineData("""["https://app.example.com/callback"]""", true)]
    [InlineData("""["https://id.example/portal/trial/callback"]""", false)]
    [InlineData("""["https://app.example.com/callback","https://id.example/portal/trial/callback/"]""", false)]
    [InlineData("""["https://app.example.com/callback","https://id.example/portal/trial/callback?x"]""", false)]
    public void Only_our_own_trial_callback_comes_and_goes_without_the_operators_word(string uris, bool kept)
    {
        var policy = Narrow with { TrialCallback = "https://id.example/portal/trial/callback" };
        var wish = JsonDocument.Parse($$"""{"client_id":"c-1","client_name":"Shop","redirect_uris":{{uris}},"scope":"openid"}""").RootElement;
        var without = Registered with { Verified = true };
        foreach (var before in new[] { without, without with { RedirectUris = [.. without.RedirectUris, policy.TrialCallback] } })
        {
            Accepted(RegistrationRequest.JudgeChange(wish, policy, before)).Verified.ShouldBe(kept);
        }

        // Where no page of ours is known, it is an address like any other.
        Accepted(RegistrationRequest.JudgeChange(wish, Narrow, without)).Verified.ShouldBe(uris == """["https://app.example.com/callback"]""");
    }

    [Theory]
    [InlineData("""["https://app.example.com/bye","https://app.example.com/"]""", true)]
    [InlineData("""["https://app.example.com/bye"]""", false)]
    [InlineData("""["https://app.example.com/","https://app.example.com/bye","https://elsewhere.example/"]""", false)]
    public void Where_people_come_after_they_signed_out_is_vouched_for_too(string uris, bool kept)
    {
        var vouched = Registered with { Verified = true, FirstParty = true, PostLogoutRedirectUris = ["https://app.example.com/", "https://app.example.com/bye"] };
        var wish = JsonDocument.Parse(
            $$"""{"client_id":"c-1","client_name":"Shop","redirect_uris":["https://app.example.com/callback"],"scope":"openid","post_logout_redirect_uris":{{uris}}}""").RootElement;

        var changed = Accepted(RegistrationRequest.JudgeChange(wish, Narrow, vouched));

        (changed.Verified, changed.FirstParty).ShouldBe((kept, kept));
    }

    [Fact]
    public void What_means_nothing_here_is_passed_over_and_what_would_be_a_promise_is_not()
    {
        Judge("""{"redirect_uris":["https://app.example.com/callback"],"colour":"red","x":{"y":[1]}}""", Narrow).ShouldBeOfType<ClientMetadataVerdict.Accepted>();
        Judge("""{"redirect_uris":["https://app.example.com/callback"],"id_token_encrypted_response_alg":"RSA-OAEP"}""", Narrow)
            .ShouldBeOfType<ClientMetadataVerdict.Refused>().Problems.ShouldHaveSingleItem().Field.ShouldBe("id_token_encrypted_response_alg");
    }

    [Theory]
    [InlineData("""{"redirect_uris":["https://app.example.com/callback"]}""", "openid email")]
    [InlineData("""{"redirect_uris":["https://app.example.com/callback"],"grant_types":["authorization_code","refresh_token"]}""", "openid email")]
    [InlineData("""{"redirect_uris":["https://app.example.com/callback"],"scope":null}""", "openid email")]
    [InlineData("""{"redirect_uris":["https://app.example.com/callback"],"scope":"orders"}""", "orders")]
    [InlineData("""{"grant_types":["client_credentials"]}""", "")]
    public void Without_a_wish_a_client_gets_the_standard_scopes_that_the_policy_has(string wish, string scope) =>
        Accepted(Judge(wish, Narrow)).Scope.ShouldBe(scope);

    [Theory]
    [InlineData(31)]
    [InlineData(33)]
    public void A_registration_secret_is_made_of_32_bytes(int length) => Should.Throw<ArgumentException>(() => RegistrationSecret.FromRandom(new byte[length]));

    [Theory]
    [InlineData(null, false)]
    [InlineData("", false)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", true)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false)]
    [InlineData("AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=", false)]
    [InlineData("ÄAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", false)]
    public void Only_what_was_made_here_is_looked_for(string? text, bool taken) => RegistrationSecret.TryParse(text, out _).ShouldBe(taken);

    [Fact]
    public void A_registration_secret_shows_itself_in_one_way_only()
    {
        var secret = RegistrationSecret.FromRandom(new byte[32]);

        secret.ToString().ShouldBe("•••••");
        secret.Reveal().ShouldBe(new string('A', 43));
        RegistrationSecret.TryParse(secret.Reveal(), out var again).ShouldBeTrue();
        again!.Hash().ShouldBe(secret.Hash());
    }

    private static Gen<string> OneOf(string[] texts) => Gen.Int[0, texts.Length - 1].Select(index => texts[index]);

    private static ClientMetadataVerdict Judge(string json, RegistrationPolicy policy) => RegistrationRequest.Judge(JsonDocument.Parse(json).RootElement, policy);

    private static ClientMetadata Accepted(ClientMetadataVerdict verdict) => verdict.ShouldBeOfType<ClientMetadataVerdict.Accepted>().Metadata;
}
