using System.Net;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Snippets.Tests;

public sealed class NativeSnippetTests(Provider provider)
{
    private const string Prompt = "Sign in at: ";

    [Fact]
    public async Task A_person_signs_in_through_it()
    {
        var client = await provider.AddClientAsync(new Dictionary<string, object>
        {
            ["application_type"] = ClientApplicationTypes.Native,
            ["token_endpoint_auth_method"] = ClientAuthenticationMethods.None,
            ["redirect_uris"] = new[] { "http://127.0.0.1/back" },
            ["scope"] = "openid profile email",
        });
        var person = await provider.AddPersonAsync();
        await using var program = SnippetProgram.Save(provider.Issuer, client, "native");
        program.Write("bin/xdg-open", "#!/bin/sh\n"); // the person's own browser is not opened
        await program.RunToEndAsync(["chmod +x bin/xdg-open"]);
        program.Set("PATH", $"{program.Folder}/bin:{Environment.GetEnvironmentVariable("PATH")}");
        await program.InstallAsync();

        var line = await program.StartAsync(line => line.StartsWith(Prompt, StringComparison.Ordinal));
        var back = await provider.OpenBrowser().SignInAsync(line[Prompt.Length..], person.Email);
        using var http = new HttpClient();
        using var answer = await http.GetAsync(back.Location, TestContext.Current.CancellationToken);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
        await program.UntilAsync(() => Task.FromResult(program.Output.Any(said => said == $"Signed in: {person.Subject} Ada Lovelace")), "Nobody signed in.");
    }
}
