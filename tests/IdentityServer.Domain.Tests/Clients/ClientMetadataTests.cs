using System.Text.Json;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Domain.Tests.Clients;

public sealed class ClientMetadataTests
{
    private const string Everything =
        """
        {"client_id":"shop","client_name":"Shop","application_type":"web",
         "redirect_uris":["https://shop.example/cb","https://shop.example/cb2"],
         "post_logout_redirect_uris":["https://shop.example/bye"],
         "token_endpoint_auth_method":"client_secret_post","token_endpoint_auth_signing_alg":"ES256","jwks_uri":"https://shop.example/keys",
         "grant_types":["authorization_code","refresh_token","client_credentials"],"response_types":["code"],
         "scope":"openid email offline_access orders.read","id_token_signed_response_alg":"ES256",
         "userinfo_signed_response_alg":"RS256","request_object_signing_alg":"PS256","request_uris":["https://shop.example/request#1"],
         "require_signed_request_object":true,"subject_type":"pairwise","sector_identifier_uri":"https://shop.example/sector",
         "require_pushed_authorization_requests":true,"require_pkce":false,"default_max_age":3600,"require_auth_time":true,
         "default_acr_values":["urn:identityserver:acr:pwd-emailotp"],"backchannel_logout_uri":"https://shop.example/back",
         "backchannel_logout_session_required":true,"frontchannel_logout_uri":"https://shop.example/front",
         "frontchannel_logout_session_required":true,"access_token_lifetime":300,"refresh_token_lifetime":86400,
         "refresh_token_idle_lifetime":3600,
         "initiate_login_uri":"https://shop.example/login","client_uri":"https://shop.example","logo_uri":"https://shop.example/logo.png",
         "policy_uri":"https://shop.example/privacy","tos_uri":"https://shop.example/terms","contacts":["ops@shop.example"],
         "software_id":"shop-web","software_version":"4.2","first_party":true,"verified":true,
         "introspects":["https://orders.example"]}
        """;

    [Fact]
    public void Every_member_survives_the_way_to_json_and_back()
    {
        var metadata = Accepted(Everything);

        metadata.ToJson().GetRawText().ShouldBe(Compact(Everything));
        ClientMetadata.Restore(metadata.ToJson()).ToJson().GetRawText().ShouldBe(metadata.ToJson().GetRawText());
    }

    [Fact]
    public void The_table_of_members_and_the_writer_agree()
    {
        var written = Accepted(Everything).ToJson().EnumerateObject().Select(member => member.Name);

        written.Concat(["client_secret", "jwks"]).ShouldBe(ClientMetadata.Members.Keys, ignoreOrder: true);
    }

    [Fact]
    public void The_secret_is_read_but_never_written()
    {
        var metadata = Accepted("""{"client_secret":"s3cr3t","redirect_uris":["https://shop.example/cb"]}""");

        metadata.ClientSecret!.Reveal().ShouldBe("s3cr3t");
        metadata.ToJson().TryGetProperty("client_secret", out _).ShouldBeFalse();
    }

    [Fact]
    public void What_is_left_out_gets_the_defaults_of_the_specifications()
    {
        var metadata = Accepted("""{"redirect_uris":["https://shop.example/cb"]}""");

        metadata.TokenEndpointAuthMethod.ShouldBe("client_secret_basic");
        metadata.GrantTypes.ShouldBe(["authorization_code"]);
        metadata.ResponseTypes.ShouldBe(["code"]);
        metadata.Scope.ShouldBe("openid profile email address phone");
        metadata.ApplicationType.ShouldBe("web");
        metadata.IdTokenSignedResponseAlg.ShouldBe("RS256");
        metadata.RequirePkce.ShouldBeTrue();
        metadata.RequirePushedAuthorizationRequests.ShouldBeFalse();
        metadata.FirstParty.ShouldBeFalse();
        metadata.Verified.ShouldBeFalse();
    }

    [Fact]
    public void Asking_for_offline_access_brings_refresh_tokens_along_and_the_other_way_round()
    {
        Accepted("""{"redirect_uris":["https://shop.example/cb"],"scope":"openid offline_access"}""")
            .GrantTypes.ShouldBe(["authorization_code", "refresh_token"]);
        Accepted("""{"redirect_uris":["https://shop.example/cb"],"grant_types":["authorization_code","refresh_token"]}""")
            .Scopes.ShouldContain("offline_access");
    }

    [Fact]
    public void A_machine_needs_neither_redirect_uri_nor_response_type_nor_the_scopes_of_people()
    {
        var metadata = Accepted("""{"grant_types":["client_credentials"]}""");

        metadata.ResponseTypes.ShouldBeEmpty();
        metadata.Scope.ShouldBe("");
    }

    [Fact]
    public void Null_is_the_same_as_left_out()
    {
        Accepted("""{"client_name":null,"require_pkce":null,"default_max_age":null,"redirect_uris":["https://shop.example/cb"]}""")
            .ToJson().GetRawText().ShouldBe(Accepted("""{"redirect_uris":["https://shop.example/cb"]}""").ToJson().GetRawText());
    }

    [Fact]
    public void All_problems_are_told_at_once_each_with_its_field_and_a_mend()
    {
        var problems = Refused(
            """
            {"client_name":"a\nb","redirect_uris":["https://shop.example/cb","http://shop.example/cb"],"colour":"red",
             "require_pkce":"yes","default_max_age":-1,"logo_uri":"javascript:alert(1)"}
            """);

        problems.Select(problem => problem.Field).ShouldBe(
            ["client_name", "redirect_uris[1]", "colour", "require_pkce", "default_max_age", "logo_uri"], ignoreOrder: true);
        problems.ShouldAllBe(problem => problem.Rule.Length > 0 && problem.Mend.EndsWith('.'));
        problems.Single(problem => problem.Field == "redirect_uris[1]").ErrorCode.ShouldBe("invalid_redirect_uri");
        problems.Single(problem => problem.Field == "colour").ErrorCode.ShouldBe("invalid_client_metadata");
    }

    [Theory]
    [InlineData("""{"grant_types":["implicit"]}""", "grant_types[0]", "histories")]
    [InlineData("""{"grant_types":["authorization_code","password"]}""", "grant_types[1]", "mailed code")]
    [InlineData("""{"grant_types":["urn:ietf:params:oauth:grant-type:device_code"]}""", "grant_types[0]", "tricked")]
    [InlineData("""{"grant_types":["urn:ietf:params:oauth:grant-type:token-exchange"]}""", "grant_types[0]", "authorization_code")]
    [InlineData("""{"grant_types":[]}""", "grant_types", "authorization_code")]
    [InlineData("""{"grant_types":["refresh_token"]}""", "grant_types", "authorization_code")]
    [InlineData("""{"grant_types":["client_credentials"],"token_endpoint_auth_method":"none"}""", "grant_types", "client_secret_basic")]
    [InlineData("""{"response_types":["token"]}""", "response_types[0]", "Use code")]
    [InlineData("""{"response_types":["code id_token"]}""", "response_types[0]", "Use code")]
    [InlineData("""{"response_types":["none"]}""", "response_types[0]", "Use code")]
    [InlineData("""{"response_types":[]}""", "response_types", "authorization_code")]
    [InlineData("""{"token_endpoint_auth_method":"client_secret_jwt"}""", "token_endpoint_auth_method", "private_key_jwt")]
    [InlineData("""{"token_endpoint_auth_method":"private_key_jwt"}""", "jwks", "jwks_uri")]
    [InlineData("""{"id_token_signed_response_alg":"none"}""", "id_token_signed_response_alg", "unsigned")]
    [InlineData("""{"id_token_signed_response_alg":"HS256"}""", "id_token_signed_response_alg", "forge")]
    [InlineData("""{"token_endpoint_auth_method":"none","require_pkce":false}""", "require_pkce", "PKCE")]
    [InlineData("""{"token_endpoint_auth_method":"none","client_secret":"x"}""", "client_secret", "Leave it out")]
    [InlineData("""{"client_secret":"schlüssel"}""", "client_secret", "Leave it out")]
    [InlineData("""{"application_type":"spa"}""", "application_type", "web")]
    [InlineData("""{"scope":"openid \"quoted\""}""", "scope", "ASCII")]
    [InlineData("""{"scope":"openid openid"}""", "scope", "once")]
    [InlineData("""{"scope":"offline_access","grant_types":["authorization_code"]}""", "scope", "refresh_token")]
    [InlineData("""{"initiate_login_uri":"http://localhost/login"}""", "initiate_login_uri", "https")]
    [InlineData("""{"client_uri":"http://shop.example"}""", "client_uri", "https")]
    [InlineData("""{"tos_uri":"https://shop.example@evil.example"}""", "tos_uri", "disguises")]
    [InlineData("""{"client_name":"Shop‮pohS"}""", "client_name", "direction")]
    [InlineData("""{"client_name":"  "}""", "client_name", "characters")]
    [InlineData("""{"client_id":"two words"}""", "client_id", "dashes")]
    [InlineData("""{"client_id":"3f2504e0-4f89-11d3-9a0c-0305e82c3301"}""", "client_id", "person")]
    [InlineData("""{"client_id":""}""", "client_id", "dashes")]
    [InlineData("""{"redirect_uris":["https://a.example/","https://a.example/"]}""", "redirect_uris[1]", "one of them")]
    [InlineData("""{"redirect_uris":"https://a.example/"}""", "redirect_uris", "list")]
    [InlineData("""{"redirect_uris":[1]}""", "redirect_uris", "list")]
    [InlineData("""{"contacts":["a","b\u0000"]}""", "contacts[1]", "control")]
    [InlineData("""{"default_max_age":1.5}""", "default_max_age", "whole number")]
    [InlineData("""{"id_token_encrypted_response_alg":"RSA-OAEP"}""", "id_token_encrypted_response_alg", "leave it out")]
    [InlineData("""{"jwks_uri":"http://a.example/jwks"}""", "jwks_uri", "https")]
    [InlineData("""{"token_endpoint_auth_signing_alg":"HS256"}""", "token_endpoint_auth_signing_alg", "forge")]
    [InlineData("""{"userinfo_signed_response_alg":"none"}""", "userinfo_signed_response_alg", "unsigned")]
    [InlineData("""{"jwks_uri":"https://a.example/k","request_object_signing_alg":"none"}""", "request_object_signing_alg", "unsigned")]
    [InlineData("""{"request_uris":["https://a.example/r"]}""", "jwks", "signed")]
    [InlineData("""{"require_signed_request_object":true}""", "jwks", "signed")]
    [InlineData("""{"jwks_uri":"https://a.example/k","request_uris":["http://a.example/r"]}""", "request_uris[0]", "https")]
    [InlineData("""{"token_endpoint_auth_method":"private_key_jwt","jwks_uri":"https://a.example/k","client_secret":"x"}""", "client_secret", "Leave it out")]
    [InlineData("""{"subject_type":"shared"}""", "subject_type", "pairwise")]
    [InlineData("""{"subject_type":"pairwise","redirect_uris":["https://a.example/","https://b.example/"]}""", "sector_identifier_uri", "JSON list")]
    [InlineData("""{"subject_type":"pairwise","application_type":"native","redirect_uris":["com.example.app:/cb"]}""", "sector_identifier_uri", "JSON list")]
    [InlineData("""{"subject_type":"pairwise","application_type":"native","redirect_uris":["com.evil.app://victim.example/cb"]}""", "sector_identifier_uri", "JSON list")]
    [InlineData("""{"subject_type":"pairwise","redirect_uris":["http://localhost/cb"]}""", "sector_identifier_uri", "JSON list")]
    [InlineData("""{"sector_identifier_uri":"http://localhost/sector"}""", "sector_identifier_uri", "https")]
    [InlineData("""{"default_acr_values":["mfa"]}""", "default_acr_values[0]", "urn:identityserver:acr:pwd-emailotp")]
    [InlineData("""{"backchannel_logout_uri":"http://a.example/out"}""", "backchannel_logout_uri", "https")]
    [InlineData("""{"backchannel_logout_uri":"https://a.example/out#x"}""", "backchannel_logout_uri", "#")]
    [InlineData("""{"backchannel_logout_session_required":true}""", "backchannel_logout_session_required", "backchannel_logout_uri")]
    [InlineData("""{"frontchannel_logout_uri":"https://shop.example:8443/out"}""", "frontchannel_logout_uri", "sent back")]
    [InlineData("""{"access_token_lifetime":901}""", "access_token_lifetime", "shorter")]
    [InlineData("""{"access_token_lifetime":59}""", "access_token_lifetime", "shorter")]
    [InlineData("""{"refresh_token_lifetime":1209601}""", "refresh_token_lifetime", "shorter")]
    [InlineData("""{"refresh_token_idle_lifetime":604801}""", "refresh_token_idle_lifetime", "shorter")]
    [InlineData("""{"Client_Name":"x"}""", "Client_Name", "spelling")]
    [InlineData("""{"client_name":"a","client_name":"b"}""", "client_name", "one of them")]
    public void What_breaks_a_rule_is_refused_with_the_way_to_mend_it(string json, string field, string mend)
    {
        var problem = Refused(WithRedirect(json)).ShouldHaveSingleItem();

        problem.Field.ShouldBe(field);
        problem.Mend.ShouldContain(mend);
    }

    [Fact]
    public void A_client_that_uses_codes_names_where_they_may_go()
    {
        Refused("""{"client_name":"Shop"}""").ShouldHaveSingleItem().Field.ShouldBe("redirect_uris");
    }

    [Fact]
    public void A_confidential_client_may_do_without_pkce_when_its_record_says_so()
    {
        Accepted("""{"redirect_uris":["https://shop.example/cb"],"require_pkce":false}""").RequirePkce.ShouldBeFalse();
    }

    [Theory]
    [InlineData("[]")]
    [InlineData("\"shop\"")]
    [InlineData("null")]
    public void A_client_is_an_object(string json) => Refused(json).ShouldContain(problem => problem.Field == "client");

    [Fact]
    public void Unknown_names_cannot_bring_control_characters_into_a_log()
    {
        Refused("""{"a\r\nb":1,"redirect_uris":["https://shop.example/cb"]}""").ShouldHaveSingleItem().Field.ShouldBe("a??b");
    }

    [Fact]
    public void Lists_are_bounded()
    {
        var uris = string.Join(',', Enumerable.Range(0, 51).Select(i => $"\"https://shop.example/{i}\""));

        Refused($$"""{"redirect_uris":[{{uris}}]}""").ShouldHaveSingleItem().Rule.ShouldContain("50");
    }

    [Fact]
    public void The_identifier_made_from_name_and_redirect_uris_ignores_their_order_and_nothing_else()
    {
        var one = new ClientMetadata { ClientName = "Shop", RedirectUris = ["https://a.example/", "https://b.example/"] };

        var id = ClientIdentifier.DeriveFrom(one);

        ClientIdentifier.IsWellFormed(id).ShouldBeTrue();
        ClientIdentifier.DeriveFrom(one with { RedirectUris = ["https://b.example/", "https://a.example/"] }).ShouldBe(id);
        ClientIdentifier.DeriveFrom(one with { ClientUri = "https://shop.example" }).ShouldBe(id);
        ClientIdentifier.DeriveFrom(one with { ClientName = "Shop2" }).ShouldNotBe(id);
        ClientIdentifier.DeriveFrom(one with { RedirectUris = ["https://a.example/"] }).ShouldNotBe(id);
        ClientIdentifier.DeriveFrom(new ClientMetadata()).ShouldBeNull();
    }

    private static string WithRedirect(string json)
    {
        return json.Contains("redirect_uris", StringComparison.Ordinal) ? json : json[..^1] + ""","redirect_uris":["https://shop.example/cb"]}""";
    }

    private static ClientMetadata Accepted(string json)
    {
        using var document = JsonDocument.Parse(json);
        return ClientMetadata.Parse(document.RootElement).ShouldBeOfType<ClientMetadataVerdict.Accepted>().Metadata;
    }

    private static IReadOnlyList<MetadataProblem> Refused(string json)
    {
        using var document = JsonDocument.Parse(json);
        return ClientMetadata.Parse(document.RootElement).ShouldBeOfType<ClientMetadataVerdict.Refused>().Problems;
    }

    private static string Compact(string json)
    {
        using var document = JsonDocument.Parse(json);
        return JsonSerializer.Serialize(document.RootElement);
    }
}
