using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Resources;

namespace IdentityServer.Domain.Tests.Resources;

public sealed class ResourceMetadataTests
{
    private const string Notes =
        """{"resource":"https://api.example.com","name":"Notes","scopes":[{"name":"notes.read","description":"Read your notes"}]}""";

    [Fact]
    public void What_was_written_is_read_again_as_the_same()
    {
        const string Line =
            """
            {"resource":"https://api.example.com/v1","name":"Notes é","scopes":[{"name":"b","description":"B"},{"name":"a","description":"A"}],"access_token_lifetime":60,"access_token_signing_alg":"RS256"}
            """;
        var first = Accepted(Line);

        var second = Accepted(first.ToJson());

        second.ToJson().ShouldBe(first.ToJson());
        second.Scopes.Select(scope => scope.Name).ShouldBe(["a", "b"], "one order, so that equal resources have equal text");
        (second.AccessTokenLifetime, second.AccessTokenSigningAlg, second.Name).ShouldBe((60, "RS256", "Notes é"));
    }

    [Theory]
    [InlineData("https://api.example.com")]
    [InlineData("https://api.example.com/")]
    [InlineData("https://api.example.com/v1/notes")]
    [InlineData("https://api.example.com:8443/notes")]
    [InlineData("http://localhost:5092")]
    [InlineData("http://127.0.0.1:5092/")]
    public void A_resource_is_named_by_a_plain_URI(string uri) => ResourceIndicator.FaultOf(uri).ShouldBeNull();

    [Theory]
    [InlineData("")]
    [InlineData("notes")]
    [InlineData("/notes")]
    [InlineData("//api.example.com")]
    [InlineData("https://api.example.com#part")]
    [InlineData("https://api.example.com/#")]
    [InlineData("https://api.example.com?x=1")]
    [InlineData("https://API.example.com")]
    [InlineData("HTTPS://api.example.com")]
    [InlineData("https://api.example.com:443")]
    [InlineData("https://api.example.com/a/../b")]
    [InlineData("https://api.example.com/%7Ea")]
    [InlineData("https://user@api.example.com")]
    [InlineData("http://api.example.com")]
    [InlineData("https://api.example.com/a b")]
    [InlineData("https://api.exämple.com")]
    [InlineData("javascript:alert(1)")]
    [InlineData("file:///etc/passwd")]
    public void Whatever_can_be_written_in_two_ways_or_is_none_is_refused(string uri) => ResourceIndicator.FaultOf(uri).ShouldNotBeNull();

    [Fact]
    public void A_URI_has_at_most_two_hundred_characters()
    {
        var longest = "https://api.example.com/" + new string('a', ResourceIndicator.MaxLength - "https://api.example.com/".Length);
        ResourceIndicator.FaultOf(longest).ShouldBeNull();
        ResourceIndicator.FaultOf(longest + "a").ShouldNotBeNull();
    }

    [Theory]
    [InlineData("\"name\":\"Notes\"", "\"name\":\"\"", "name")]
    [InlineData("\"name\":\"Notes\"", "\"name\":\"No\\u202etes\"", "name")]
    [InlineData("\"name\":\"Notes\"", "\"name\":7", "name")]
    [InlineData("\"name\":\"Notes\"", "\"name\":\"Notes\",\"colour\":\"red\"", "colour")]
    [InlineData("\"name\":\"Notes\"", "\"name\":\"Notes\",\"name\":\"Else\"", "name")]
    [InlineData("\"name\":\"Notes\"", "\"name\":\"Notes\",\"access_token_lifetime\":901", "access_token_lifetime")]
    [InlineData("\"name\":\"Notes\"", "\"name\":\"Notes\",\"access_token_lifetime\":29", "access_token_lifetime")]
    [InlineData("\"name\":\"Notes\"", "\"name\":\"Notes\",\"access_token_lifetime\":\"60\"", "access_token_lifetime")]
    [InlineData("\"name\":\"Notes\"", "\"name\":\"Notes\",\"access_token_signing_alg\":\"none\"", "access_token_signing_alg")]
    [InlineData("\"name\":\"Notes\"", "\"name\":\"Notes\",\"access_token_signing_alg\":\"HS256\"", "access_token_signing_alg")]
    [InlineData("\"notes.read\"", "\"openid\"", "scopes[0].name")]
    [InlineData("\"notes.read\"", "\"notes read\"", "scopes[0].name")]
    [InlineData("\"notes.read\"", "\"\"", "scopes[0].name")]
    [InlineData("\"Read your notes\"", "\"\"", "scopes[0].description")]
    [InlineData("\"Read your notes\"", "\"Read\\nnotes\"", "scopes[0].description")]
    [InlineData(",\"description\":\"Read your notes\"", "", "scopes[0].description")]
    [InlineData(",\"description\":\"Read your notes\"", ",\"description\":\"D\",\"icon\":\"x\"", "scopes[0].icon")]
    [InlineData("[{\"name\":\"notes.read\",\"description\":\"Read your notes\"}]", "[]", "scopes")]
    [InlineData("[{\"name\":\"notes.read\",\"description\":\"Read your notes\"}]", "\"notes.read\"", "scopes")]
    [InlineData("{\"name\":\"notes.read\",\"description\":\"Read your notes\"}", "\"notes.read\"", "scopes[0]")]
    public void A_broken_rule_is_told_with_its_field(string part, string instead, string field)
    {
        Notes.ShouldContain(part);

        var problems = Refused(Notes.Replace(part, instead, StringComparison.Ordinal));

        problems.Select(problem => problem.Field).Distinct().ShouldBe([field]);
        problems.ShouldAllBe(problem => problem.Rule.Length > 0 && problem.Mend.Length > 0);
    }

    [Fact]
    public void Everything_that_is_wrong_is_told_at_once() => Refused("""{"scopes":[{"name":"a","description":"A"},{"name":"a","description":"A"}]}""")
        .Select(problem => problem.Field).ShouldBe(["resource", "name", "scopes[1].name"], ignoreOrder: true);

    [Theory]
    [InlineData("""["https://api.example.com"]""", "client_secret_basic", null)]
    [InlineData("""["https://api.example.com"]""", "none", "introspects")]
    [InlineData("""["notes"]""", "client_secret_basic", "introspects[0]")]
    [InlineData("""["https://api.example.com","https://api.example.com"]""", "client_secret_basic", "introspects[1]")]
    public void A_resource_server_is_a_client_with_a_secret_and_needs_nothing_else(string introspects, string method, string? broken)
    {
        var verdict = ClientMetadata.Parse(JsonDocument.Parse(
            $$"""{"client_id":"notes-api","introspects":{{introspects}},"token_endpoint_auth_method":"{{method}}"}""").RootElement);

        if (broken is not null)
        {
            verdict.ShouldBeOfType<ClientMetadataVerdict.Refused>().Problems.Select(problem => problem.Field).ShouldContain(broken);
            return;
        }

        var client = verdict.ShouldBeOfType<ClientMetadataVerdict.Accepted>().Metadata;
        client.GrantTypes.ShouldBe([]);
        client.Scopes.ShouldBeEmpty();
        ClientMetadata.Restore(client.ToJson()).Introspects.ShouldBe(["https://api.example.com"]);
    }

    private static ResourceMetadata Accepted(string json) =>
        ResourceMetadata.Parse(JsonDocument.Parse(json).RootElement).ShouldBeOfType<ResourceMetadataVerdict.Accepted>().Metadata;

    private static IReadOnlyList<MetadataProblem> Refused(string json) =>
        ResourceMetadata.Parse(JsonDocument.Parse(json).RootElement).ShouldBeOfType<ResourceMetadataVerdict.Refused>().Problems;
}
