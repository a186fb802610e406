using System.Text.Json;
using IdentityServer.Domain.Users;

namespace IdentityServer.Domain.Tests.Users;

public sealed class StandardClaimsTests
{
    [Fact]
    public void The_names_are_those_of_OpenID_Connect_without_what_the_account_itself_holds() =>
        StandardClaims.Names.ShouldBe(
            [
                "name", "given_name", "family_name", "middle_name", "nickname", "preferred_username", "profile", "picture", "website",
                "gender", "birthdate", "zoneinfo", "locale", "updated_at", "phone_number", "phone_number_verified", "address",
            ],
            ignoreOrder: true);

    [Fact]
    public void Every_standard_claim_is_taken_and_comes_back()
    {
        const string Json =
            """
            {"address":{"country":"GB","formatted":"1 High St\nOxford","locality":"Oxford","postal_code":"OX1","region":"Oxon","street_address":"1 High St"},
            "birthdate":"1815-12-10","family_name":"King","gender":"female","given_name":"Ada","locale":"en-GB","middle_name":"A","name":"Ada King",
            "nickname":"Addie","phone_number":"+44 20 7946 0123","phone_number_verified":true,"picture":"https://x.example/p.png",
            "preferred_username":"ada","profile":"https://x.example/ada","updated_at":1767225600,"website":"http://x.example","zoneinfo":"Europe/London"}
            """;
        var claims = Parse(Json);

        claims.Members.Keys.ShouldBe(StandardClaims.Names, ignoreOrder: true);
        StandardClaims.FromJson(claims.ToJson()).ToJson().ShouldBe(claims.ToJson());
        using var given = JsonDocument.Parse(Json);
        using var kept = JsonDocument.Parse(claims.ToJson());
        JsonElement.DeepEquals(given.RootElement, kept.RootElement).ShouldBeTrue();
    }

    [Fact]
    public void Equal_claims_are_equal_texts_whatever_their_order() =>
        Parse("""{"name":"A","address":{"region":"R","country":"C"},"locale":"en"}""").ToJson()
            .ShouldBe(Parse("""{"locale":"en","address":{"country":"C","region":"R"},"name":"A"}""").ToJson());

    [Fact]
    public void Text_of_other_scripts_stays_readable() => Parse("""{"name":"\u7528\u6237"}""").ToJson().ShouldBe("""{"name":"用户"}""");

    [Theory]
    [InlineData("birthdate", "\"2000-02-29\"")]
    [InlineData("birthdate", "\"0000-02-29\"")]
    [InlineData("birthdate", "\"1987\"")]
    [InlineData("zoneinfo", "\"UTC\"")]
    [InlineData("zoneinfo", "\"America/Argentina/Buenos_Aires\"")]
    [InlineData("zoneinfo", "\"Etc/GMT+1\"")]
    [InlineData("locale", "\"zh-Hant-TW\"")]
    [InlineData("phone_number", "\"+14255551212\"")]
    [InlineData("phone_number", "\"+1 (425) 555-1212;ext=5678\"")]
    [InlineData("updated_at", "0")]
    [InlineData("address", "{\"country\":\"GB\"}")]
    [InlineData("website", "\"https://x.example/?q=1#f\"")]
    public void A_value_of_its_form_is_taken(string name, string value) => Problems(name, value).ShouldBeEmpty();

    [Theory]
    [InlineData("name", "null", "is not a string")]
    [InlineData("name", "7", "is not a string")]
    [InlineData("name", "\"  \"", "is empty")]
    [InlineData("name", "\"a\\u0000b\"", "control character")]
    [InlineData("name", "\"a\\nb\"", "control character")]
    [InlineData("name", "\"\\ud800\"", "well-formed")]
    [InlineData("birthdate", "\"2001-02-29\"", "form")]
    [InlineData("birthdate", "\"0000-13-01\"", "form")]
    [InlineData("birthdate", "\"10.12.1815\"", "form")]
    [InlineData("birthdate", "\"18151210\"", "form")]
    [InlineData("zoneinfo", "\"Europe/\"", "form")]
    [InlineData("zoneinfo", "\"+01:00\"", "form")]
    [InlineData("locale", "\"en_US\"", "form")]
    [InlineData("locale", "\"english language\"", "form")]
    [InlineData("phone_number", "\"0425 555 1212\"", "form")]
    [InlineData("phone_number", "\"+123456\"", "form")]
    [InlineData("phone_number", "\"+1234567890123456\"", "form")]
    [InlineData("phone_number_verified", "\"true\"", "is not a boolean")]
    [InlineData("updated_at", "\"2026-01-01\"", "is not a count of seconds")]
    [InlineData("updated_at", "-1", "is not a count of seconds")]
    [InlineData("updated_at", "1.5", "is not a count of seconds")]
    [InlineData("updated_at", "1767225600000", "is not a count of seconds")]
    [InlineData("website", "\"x.example\"", "form")]
    [InlineData("website", "\"javascript:alert(1)\"", "form")]
    [InlineData("picture", "\"data:image/png;base64,AA\"", "form")]
    [InlineData("profile", "\"file:///etc/passwd\"", "form")]
    [InlineData("profile", "\"https://user:pass@x.example\"", "form")]
    [InlineData("profile", "\"https:x.example\"", "form")]
    [InlineData("address", "\"1 High St\"", "is not an object")]
    [InlineData("address", "{}", "is empty")]
    [InlineData("address", "{\"street\":\"1 High St\"}", "is not a member of an address")]
    [InlineData("address", "{\"locality\":\"Ox\\nford\"}", "control character")]
    [InlineData("sub", "\"1\"", "cannot be given")]
    [InlineData("email", "\"a@x.example\"", "is not a member")]
    [InlineData("email_verified", "true", "is not a member")]
    [InlineData("shoe_size", "43", "is not a member")]
    public void Any_other_value_is_refused_with_field_rule_and_mend(string name, string value, string rule)
    {
        var problem = Problems(name, value).ShouldHaveSingleItem();

        problem.Field.ShouldStartWith(name);
        problem.Rule.ShouldContain(rule);
        problem.Mend.ShouldNotBeEmpty();
    }

    [Theory]
    [InlineData("name", 256)]
    [InlineData("locale", 35)]
    [InlineData("zoneinfo", 64)]
    public void A_text_has_a_greatest_length(string name, int longest)
    {
        var text = name == "locale" ? string.Concat(Enumerable.Repeat("abcdefg-", 5))[..(longest - 1)] + "x" : new string('a', longest);
        Problems(name, $"\"{text}\"").ShouldBeEmpty();
        Problems(name, $"\"{text}x\"").ShouldHaveSingleItem().Rule.ShouldContain("characters");
    }

    [Fact]
    public void All_claims_together_have_a_greatest_length()
    {
        var full = string.Join(
            ',', new[] { "formatted", "street_address", "locality", "region", "postal_code", "country" }
                .Select(member => $"\"{member}\":\"{new string('漢', 1000)}\""));

        Problems("address", $"{{{full}}}").ShouldHaveSingleItem().Field.ShouldBe("claims");
    }

    [Fact]
    public void A_phone_number_is_needed_to_say_that_it_is_verified() =>
        Problems("phone_number_verified", "true", withPhone: false).ShouldHaveSingleItem().Mend.ShouldContain("phone_number");

    [Fact]
    public void A_member_that_is_there_twice_is_refused()
    {
        var value = JsonDocument.Parse("\"A\"").RootElement;

        StandardClaims.TryParse([new("name", value), new("name", value)], out _, out var problems).ShouldBeFalse();

        problems.ShouldHaveSingleItem().Rule.ShouldContain("twice");
    }

    [Fact]
    public void Every_problem_is_told_at_once()
    {
        using var document = JsonDocument.Parse("""{"name":1,"locale":2,"address":{"a":"x","region":3}}""");

        StandardClaims.TryParse(Members(document.RootElement), out _, out var problems).ShouldBeFalse();

        problems.Select(problem => problem.Field).ShouldBe(["name", "locale", "address.a", "address.region"]);
    }

    [Fact]
    public void A_hostile_name_is_not_repeated_whole() =>
        Problems(new string('x', 5_000) + "\u001b[2J", "1").ShouldHaveSingleItem().Field.Length.ShouldBeLessThanOrEqualTo(40);

    private static StandardClaims Parse(string json)
    {
        using var document = JsonDocument.Parse(json);
        StandardClaims.TryParse(Members(document.RootElement), out var claims, out var problems)
            .ShouldBeTrue(string.Join("; ", problems));
        return claims!;
    }

    private static IReadOnlyList<ClaimProblem> Problems(string name, string value, bool withPhone = true)
    {
        using var document = JsonDocument.Parse(value);
        using var phone = JsonDocument.Parse("\"+14255551212\"");
        var members = new List<KeyValuePair<string, JsonElement>> { new(name, document.RootElement) };
        if (name == "phone_number_verified" && withPhone)
        {
            members.Add(new("phone_number", phone.RootElement));
        }

        StandardClaims.TryParse(members, out var claims, out var problems).ShouldBe(problems.Count == 0);
        (claims is null).ShouldBe(problems.Count > 0);
        return problems;
    }

    private static IEnumerable<KeyValuePair<string, JsonElement>> Members(JsonElement json) =>
        json.EnumerateObject().Select(member => KeyValuePair.Create(member.Name, member.Value));
}
