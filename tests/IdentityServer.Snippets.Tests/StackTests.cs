using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.TestSupport;

namespace IdentityServer.Snippets.Tests;

public sealed class AspNetCoreSnippetTests(Provider provider) : WebServerTests(provider)
{
    [Fact]
    public Task A_person_signs_in_through_it() => SignsInAsync("aspnet", ClientAuthenticationMethods.Basic, client => client.Pushing());

    [Fact]
    public Task A_person_signs_in_with_a_key_in_place_of_the_secret() =>
        SignsInAsync("aspnet", ClientAuthenticationMethods.PrivateKeyJwt, client => client.WithKey(ClientSigningAlgorithms.ES256));
}

public sealed class ExpressSnippetTests(Provider provider) : WebServerTests(provider)
{
    [Theory]
    [InlineData(ClientAuthenticationMethods.Basic, false)]
    [InlineData(ClientAuthenticationMethods.Post, true)]
    public async Task A_person_signs_in_through_it(string method, bool pushes)
    {
        Needs("/usr/bin/npm", "npm");
        await SignsInAsync("express", method, client => client.Pushing(pushes));
    }

    [Fact]
    public async Task A_person_signs_in_with_a_key_in_place_of_the_secret()
    {
        Needs("/usr/bin/npm", "npm");
        await SignsInAsync("express", ClientAuthenticationMethods.PrivateKeyJwt, client => client.WithKey(ClientSigningAlgorithms.RS256));
    }
}

public sealed class FlaskSnippetTests(Provider provider) : WebServerTests(provider)
{
    [Theory]
    [InlineData(ClientAuthenticationMethods.Basic, true)]
    [InlineData(ClientAuthenticationMethods.Post, false)]
    public async Task A_person_signs_in_through_it(string method, bool pushes)
    {
        Needs("/usr/lib/python3/dist-packages/authlib/__init__.py", "python3-authlib");
        Needs("/usr/lib/python3/dist-packages/flask/__init__.py", "python3-flask");
        await SignsInAsync("flask", method, client => client.Pushing(pushes), prepare: _ => Task.CompletedTask);
    }
}

public sealed class GoSnippetTests(Provider provider) : WebServerTests(provider)
{
    private const string Packages = "/usr/share/gocode/src";

    [Fact]
    public async Task A_person_signs_in_through_it()
    {
        Needs("/usr/bin/go", "golang-go");
        Needs($"{Packages}/github.com/coreos/go-oidc/oidc.go", "golang-github-coreos-go-oidc-dev");
        await SignsInAsync("go", ClientAuthenticationMethods.Post, client => client.Pushing(), UseDebiansPackages);
    }

    // Debian 12 has the library as version 2, whose functions are those of version 3: it is found under the later name.
    private static Task UseDebiansPackages(SnippetProgram program)
    {
        var path = Path.Combine(program.Folder, ".go");
        var library = Directory.CreateDirectory(Path.Combine(path, "src/github.com/coreos/go-oidc/v3")).FullName;
        Directory.CreateSymbolicLink(Path.Combine(library, "oidc"), $"{Packages}/github.com/coreos/go-oidc");
        program.Set("GOPATH", $"{path}:/usr/share/gocode");
        program.Set("GO111MODULE", "off");
        program.Set("GOCACHE", Path.Combine(path, "cache"));
        program.Set("GOFLAGS", "-gcflags=-N");
        return Task.CompletedTask;
    }
}

public sealed class CurlSnippetTests(Provider provider)
{
    [Theory]
    [InlineData(ClientAuthenticationMethods.Basic)]
    [InlineData(ClientAuthenticationMethods.Post)]
    public async Task A_client_that_acts_for_itself_gets_a_token_of_its_own(string method)
    {
        Requires.File("/usr/bin/curl", "curl");
        var client = await provider.AddClientAsync(new Dictionary<string, object>
        {
            ["grant_types"] = new[] { ClientGrantTypes.ClientCredentials },
            ["token_endpoint_auth_method"] = method,
            ["scope"] = "orders",
        });
        await using var program = SnippetProgram.Save(provider.Issuer, client, "curl");

        await program.RunToEndAsync();

        var token = JsonDocument.Parse(program.Told()).RootElement.GetProperty("access_token").GetString()!;
        (await provider.SubjectOfAsync(token, client)).ShouldBe(client.Metadata.ClientId);
    }
}
