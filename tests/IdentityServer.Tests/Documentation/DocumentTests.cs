using System.Text.RegularExpressions;
using IdentityServer.Domain.Clients;
using IdentityServer.Portal.Snippets;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Documentation;

/// <summary>The documents show the code that is tested, and lead nowhere that is not there.</summary>
public sealed partial class DocumentTests
{
    /// <summary>With this variable set the blocks are written anew instead of compared.</summary>
    private const string WriteVariable = "IDENTITYSERVER_WRITE_DOCS";

    public static TheoryData<string> Names => [.. Document.All.Select(document => document.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_code_is_what_the_portal_shows_and_a_test_signs_in_through(string name)
    {
        var document = Document.All.Single(document => document.Name == name);
        var expected = SnippetBlock().Replace(document.Text, match =>
            $"{match.Groups["mark"].Value}\n{match.Groups["fence"].Value}\n{Render(match).TrimEnd()}\n```");
        expected = FileBlock().Replace(expected, match =>
            $"{match.Groups["mark"].Value}\n{match.Groups["fence"].Value}\n{File.ReadAllText(Path.Combine(Repository.Root, match.Groups["file"].Value)).TrimEnd()}\n```");

        if (Environment.GetEnvironmentVariable(WriteVariable) == "1")
        {
            File.WriteAllText(document.Path, expected);
            return;
        }

        document.Text.ShouldBe(expected, $"Set {WriteVariable}=1 to write the blocks anew.");
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Its_links_lead_somewhere(string name)
    {
        var document = Document.All.Single(document => document.Name == name);
        var dead = document.Links.Where(link =>
        {
            var parts = link.Split('#', 2);
            var target = parts[0].Length == 0 ? document.Path : Path.GetFullPath(Path.Combine(Path.GetDirectoryName(document.Path)!, parts[0]));
            return !Path.Exists(target)
                || (parts.Length == 2 && target.EndsWith(".md", StringComparison.Ordinal) && !new Document(target, File.ReadAllText(target)).Anchors.Contains(parts[1]));
        });

        dead.ShouldBeEmpty();
    }

    [Fact]
    public void The_example_for_browsers_is_the_file_that_a_test_signs_in_with() =>
        FileBlock().Matches(Document.All.Single(document => document.Name == "testing-in-ci.md").Text).Select(match => match.Groups["file"].Value)
            .ShouldBe(["tests/IdentityServer.Browser.Tests/TestUserExample.cs"]);

    [Fact]
    public void Every_document_is_in_the_index()
    {
        var index = Document.All.Single(document => document.Name == "README.md");

        Document.All.Select(document => document.Name).Except(index.Links.Select(link => link.Split('#')[0])).ShouldBe(["README.md"]);
    }

    [Fact]
    public void Every_kind_of_application_has_its_code() =>
        Document.All.SelectMany(document => SnippetBlock().Matches(document.Text)).Select(match => match.Groups["client"].Value).Distinct()
            .ShouldBe(["quickstart", "web", "spa", "native", "machine"], ignoreOrder: true);

    private static string Render(Match match)
    {
        var (issuer, client) = Client(match.Groups["client"].Value);
        var snippet = SnippetCatalogue.For(issuer, client).Single(snippet => snippet.Key == match.Groups["stack"].Value);
        snippet.Verified.ShouldBeTrue();
        return snippet.Files.Single(file => file.Name == match.Groups["file"].Value).Content;
    }

    private static (Uri Issuer, ClientMetadata Client) Client(string name)
    {
        var issuer = new Uri("https://id.example.com/");
        return name switch
        {
            "quickstart" => (new("http://localhost:5080/"), Complete(ClientKind.WebServer, "http://localhost:5090/signin-oidc")),
            "web" => (issuer, Complete(ClientKind.WebServer, "https://shop.example.com/callback")),
            "spa" => (issuer, Complete(ClientKind.SinglePage, "https://app.example.com/")),
            "native" => (issuer, Complete(ClientKind.Native, "http://127.0.0.1/")),
            "machine" => (issuer, Complete(ClientKind.Machine)),
            _ => throw new ArgumentException($"No document has a client {name}.", nameof(name)),
        };
    }

    private static ClientMetadata Complete(ClientKind kind, params string[] redirectUris) =>
        ((ClientMetadataVerdict.Accepted)(ClientKinds.Describe(kind, "My app", redirectUris) with { ClientId = "your-client-id" }).Judge()).Metadata;

    [GeneratedRegex(@"(?<mark><!-- snippet: (?<stack>\S+) (?<file>\S+) (?<client>\S+) -->)\n(?<fence>```\w*)\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex SnippetBlock();

    [GeneratedRegex(@"(?<mark><!-- file: (?<file>\S+) -->)\n(?<fence>```\w*)\n(?<code>.*?)```", RegexOptions.Singleline)]
    private static partial Regex FileBlock();
}
