using System.Text.Json;
using System.Text.RegularExpressions;
using System.Xml.Linq;
using IdentityServer.Domain.Clients;
using IdentityServer.Portal.Snippets;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Portal;

public sealed partial class SnippetTests
{
    private static readonly Uri Issuer = new("https://id.example.com/");

    /// <summary>Every kind of client, and every demand that a registration can make.</summary>
    public static TheoryData<string> Registrations { get; } =
    [
        .. from method in ClientAuthenticationMethods.All
           from kind in (string[])["web", "native"]
           from demand in (string[])
           [
               "", """, "require_pushed_authorization_requests": true""", """, "id_token_signed_response_alg": "PS256" """,
               """, "id_token_signed_response_alg": "ES256", "userinfo_signed_response_alg": "ES256" """,
               """, "post_logout_redirect_uris": ["http://127.0.0.1:5001/"]""",
           ]
           where kind == "web" || method == ClientAuthenticationMethods.None
           select $$"""{ "token_endpoint_auth_method": "{{method}}", "application_type": "{{kind}}"{{demand}} }""",
        """{ "grant_types": ["client_credentials"], "redirect_uris": [] }""",
        """{ "grant_types": ["client_credentials"], "redirect_uris": [], "token_endpoint_auth_method": "client_secret_post", "scope": "orders" }""",
    ];

    private static IEnumerable<(SnippetStack Stack, string Name, string Text)> Templates =>
        from stack in SnippetStacks.All
        from file in stack.Files
        let name = SnippetStack.TemplateOf(file)
        select (stack, name, SnippetTemplate.Read(stack.Key, name));

    [Fact]
    public void A_web_server_is_offered_server_frameworks_and_a_page_is_not()
    {
        var server = Keys(Client("{}"));
        server[0].ShouldBe("aspnet");
        server.ShouldContain("express");
        server.ShouldNotContain("curl");
        Keys(Client("""{ "token_endpoint_auth_method": "none" }""")).ShouldNotContain(key => server.Contains(key));
    }

    [Fact]
    public void A_client_that_acts_for_itself_is_offered_a_request_for_a_token()
    {
        var snippet = SnippetCatalogue.For(Issuer, Client("""{ "grant_types": ["client_credentials"], "redirect_uris": [], "scope": "orders" }""")).ShouldHaveSingleItem();
        snippet.Key.ShouldBe("curl");
        snippet.RedirectUri.ShouldBeNull();
        var text = snippet.Files.ShouldHaveSingleItem().Content;
        text.ShouldContain("'https://id.example.com/connect/token'");
        text.ShouldContain("scope=orders");
    }

    [Theory]
    [MemberData(nameof(Registrations))]
    public void Every_snippet_is_whole_and_holds_no_secret(string members)
    {
        var client = Client(members);
        var snippets = SnippetCatalogue.For(Issuer, client);

        foreach (var snippet in snippets)
        {
            var everything = string.Join('\n', [.. snippet.Files.SelectMany(file => new[] { file.Name, file.Content }), .. snippet.Install, .. snippet.Run]);
            Leftover().Matches(everything).ShouldBeEmpty();
            everything.ShouldContain(client.ClientId!);
            snippet.Run.ShouldNotBeEmpty();
            snippet.Run[0].Contains(SnippetCatalogue.SecretVariable, StringComparison.Ordinal).ShouldBe(client.HasSecret, snippet.Key);
            snippet.Files.Select(file => file.Name).ShouldAllBe(name => !Path.IsPathRooted(name) && !name.Contains("..", StringComparison.Ordinal) || name.Contains("[...", StringComparison.Ordinal));
        }
    }

    [Fact]
    public void A_registration_that_demands_pushed_requests_is_offered_only_what_pushes_them()
    {
        var snippets = SnippetCatalogue.For(Issuer, Client("""{ "require_pushed_authorization_requests": true }"""));

        snippets.Select(snippet => snippet.Key).ShouldContain("express");
        snippets.ShouldAllBe(snippet => snippet.Files.Any(file => Pushes().IsMatch(file.Content)));
    }

    [Fact]
    public void What_is_registered_for_the_desk_comes_before_the_world_and_the_application_listens_there()
    {
        var client = Client("""{ "redirect_uris": ["https://app.example.com/callback", "http://127.0.0.1:4711/here"] }""");

        foreach (var snippet in SnippetCatalogue.For(Issuer, client).Where(snippet => snippet.RedirectRegistered))
        {
            snippet.RedirectUri.ShouldBe("http://127.0.0.1:4711/here");
            string.Join('\n', [.. snippet.Files.Select(file => file.Content), .. snippet.Run]).ShouldContain("4711");
        }
    }

    [Fact]
    public void The_home_page_of_an_application_makes_way_for_what_the_client_has_registered()
    {
        var app = Content("express", Client("""{ "redirect_uris": ["http://localhost:4711/"] }"""));

        app.ShouldContain("app.get(\"/\", async (req, res) => {\n  const { verifier");
        app.ShouldContain("app.get(\"/home\"");
    }

    [Theory]
    [MemberData(nameof(Registrations))]
    public void No_value_leaves_the_quotation_marks_that_it_stands_in(string members)
    {
        const string nasty = "a\"b'c\\d`e$f{g}h</script>#{j}%(k)s{{issuer}}*/";
        var plain = Client(members) with { ClientId = "plain", Scope = "openid plain" };
        var evil = plain with
        {
            ClientId = nasty,
            Scope = $"openid {nasty}",
            RedirectUris = [.. plain.RedirectUris.Select(uri => uri.Replace("/here", "/he're$(touch!x);", StringComparison.Ordinal))],
        };

        var expected = SnippetCatalogue.For(Issuer, plain);
        var snippets = SnippetCatalogue.For(Issuer, evil);
        snippets.Select(snippet => snippet.Key).ShouldBe(expected.Select(snippet => snippet.Key));
        foreach (var (snippet, same) in snippets.Zip(expected))
        {
            foreach (var (file, other) in snippet.Files.Zip(same.Files))
            {
                file.Name.ShouldBe(other.Name);
                Skeleton(file.Name, file.Content).ShouldBe(Skeleton(other.Name, other.Content), $"{snippet.Key}: {file.Name}");
            }

            snippet.Run.Select(line => Skeleton(".sh", line)).ShouldBe(same.Run.Select(line => Skeleton(".sh", line)));
        }
    }

    [Fact]
    public void Files_that_replace_variables_are_not_given_a_value_that_looks_like_one()
    {
        SnippetLiterals.For("app.conf", "a${HOME}").ShouldBeNull();
        SnippetLiterals.For("application.yml", "a${HOME}").ShouldBeNull();
        SnippetLiterals.For("app.conf", "a\nInclude /etc/passwd").ShouldBeNull();
        SnippetLiterals.For("app.conf", "a\"b\\").ShouldBe("a\\\"b\\\\");
    }

    [Fact]
    public void Values_stand_between_quotation_marks_in_every_template()
    {
        foreach (var (stack, name, text) in Templates)
        {
            var bare = Quoted(name).Replace(text.Replace("{{listen_port}}", "80", StringComparison.Ordinal), "");
            Value().Matches(bare).ShouldBeEmpty($"{stack.Key}: {name}");
        }
    }

    [Fact]
    public void Packages_are_those_that_the_samples_are_built_with()
    {
        var central = Packages("Directory.Packages.props", "PackageVersion");
        foreach (var (stack, name, text) in Templates.Where(template => template.Name.EndsWith(".csproj", StringComparison.Ordinal)))
        {
            foreach (var (package, version) in XDocument.Parse(text).Descendants("PackageReference").Select(Package))
            {
                central[package].ShouldBe(version, $"{stack.Key}: {name}");
            }
        }

        static Dictionary<string, string> Packages(string file, string element) =>
            XDocument.Load(Path.Combine(Repository.Root, file)).Descendants(element).Select(Package).ToDictionary();
        static (string, string) Package(XElement element) => (element.Attribute("Include")!.Value, element.Attribute("Version")!.Value);
    }

    private static string Content(string key, ClientMetadata client) => SnippetCatalogue.For(Issuer, client).Single(snippet => snippet.Key == key).Files[0].Content;

    private static List<string> Keys(ClientMetadata client) => [.. SnippetCatalogue.For(Issuer, client).Select(snippet => snippet.Key)];

    private static ClientMetadata Client(string members)
    {
        var json = JsonSerializer.Deserialize<Dictionary<string, object>>("""{ "client_id": "my-client", "redirect_uris": ["http://127.0.0.1:4711/here"] }""")!;
        foreach (var member in JsonDocument.Parse(members).RootElement.EnumerateObject())
        {
            json[member.Name] = member.Value;
        }

        if (members.Contains(ClientAuthenticationMethods.PrivateKeyJwt, StringComparison.Ordinal))
        {
            json["jwks_uri"] = "https://app.example.com/jwks";
        }

        return ClientMetadata.Parse(JsonSerializer.SerializeToElement(json)).ShouldBeOfType<ClientMetadataVerdict.Accepted>().Metadata;
    }

    // What is left of a file when all that stands in quotation marks is taken out: the same for every value, or one got out.
    private static string Skeleton(string file, string text) => Quoted(file).Replace(text, "Q");

    private static Regex Quoted(string file) => file.EndsWith(".sh", StringComparison.Ordinal) ? ShellQuoted() : DoubleQuoted();

    [GeneratedRegex(@"(?:'[^']*'|\\')+")]
    private static partial Regex ShellQuoted();

    [GeneratedRegex(@"""(?:\\.|[^""\\\n])*""")]
    private static partial Regex DoubleQuoted();

    [GeneratedRegex(@"\{\{[#^/]?[a-z_]+\}\}")]
    private static partial Regex Leftover();

    [GeneratedRegex(@"\{\{[a-z_]+\}\}")]
    private static partial Regex Value();

    [GeneratedRegex("WithPAR|PushedAuthorizationBehavior.Require|pushed_authorization_request_endpoint")]
    private static partial Regex Pushes();
}
