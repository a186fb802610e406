using IdentityServer.Hosting;
using IdentityServer.Settings;
using IdentityServer.Tests.Settings;

namespace IdentityServer.Tests.Hosting;

/// <summary>Development is one name and nothing near it; every other name, and every doubt, is held to production's rules.</summary>
public sealed class EnvironmentTests
{
    [Theory]
    [InlineData(null, null, null, "Production")]
    [InlineData(null, null, "Development", "Development")]
    [InlineData("Development", null, null, "Development")]
    [InlineData(null, "Development", null, "Development")]
    [InlineData("Production", null, "Development", "Production")]
    [InlineData(null, "Production", "Development", "Production")]
    [InlineData("Development", "Production", "Development", "Production")]
    [InlineData("Production", "Development", "Development", "Production")]
    [InlineData("Development", "Staging", null, "Staging")]
    [InlineData("Staging", "Development", null, "Staging")]
    [InlineData("Development", "Development ", null, "Development ")]
    [InlineData("", "Development", null, "Development")]
    [InlineData(" ", "Production", "Development", "Production")]
    public void Where_two_variables_disagree_Development_loses(string? aspNetCore, string? dotNet, string? fallback, string chosen) =>
        HostEnvironment.Choose(name => name switch
        {
            "ASPNETCORE_ENVIRONMENT" => aspNetCore,
            "DOTNET_ENVIRONMENT" => dotNet,
            "IDENTITYSERVER_DEFAULT_ENVIRONMENT" => fallback,
            _ => throw new ArgumentException($"{name} says nothing here.", nameof(name)),
        }).ShouldBe(chosen);

    [Theory]
    [InlineData("Production")]
    [InlineData("Staging")]
    [InlineData("Test")]
    [InlineData("Dev")]
    [InlineData("Development ")]
    [InlineData(" Development")]
    [InlineData("development\t")]
    [InlineData("Developmеnt")] // with a Cyrillic letter
    [InlineData("Development,Production")]
    public async Task Any_name_but_Development_demands_https_an_issuer_and_a_relay_and_refuses_demo_data(string environment)
    {
        (await Refusals.KeysAsync(environment)).ShouldBeEmpty("what Production accepts is accepted");
        (await Refusals.OfAsync(environment, []))!.Problems.Select(problem => problem.Key)
            .ShouldBe(["Issuer", "Kestrel:Endpoints", "Mail:From", "Mail:Relays"], ignoreOrder: true);
        (await Refusals.KeysAsync(environment, ("Issuer", "http://localhost:5080"))).ShouldBe(["Issuer"]);
        (await Refusals.KeysAsync(environment, ("Demo:Users:0:Email", "eve@example.com"), ("Demo:Users:0:Password", "violet lantern 42"), ("Demo:Clients:0:client_id", "x"), ("Demo:Resources:0:name", "x")))
            .ShouldBe(["Demo:Users", "Demo:Clients", "Demo:Resources"], ignoreOrder: true);
    }

    [Theory]
    [InlineData("Development")]
    [InlineData("development")]
    public async Task Development_needs_nothing(string environment) =>
        (await Refusals.OfAsync(environment, [new("Mail:From", "sign-in@localhost")])).ShouldBeNull();

    [Theory]
    [InlineData("Storage:Development", "true")]
    [InlineData("Demo:Enabled", "true")]
    [InlineData("Mail:DevelopmentMailbox", "true")]
    [InlineData("Proxy:AllowHttp", "true")]
    public async Task No_setting_of_ours_makes_Production_a_Development(string key, string value) =>
        (await Refusals.KeysAsync("Production", (key, value))).ShouldBe([key]);

    [Fact]
    public async Task The_frameworks_switch_that_believes_every_proxy_is_refused_everywhere()
    {
        foreach (var environment in new[] { "Development", "Production" })
        {
            (await Refusals.KeysAsync(environment, ("ForwardedHeaders_Enabled", "TRUE"))).ShouldBe(["ForwardedHeaders_Enabled"]);
        }
    }

    [Theory]
    [InlineData("http://127.0.0.1:0", "Kestrel:Endpoints")]
    [InlineData("http://127.0.0.1:0;http://localhost:5080", "Kestrel:Endpoints")]
    [InlineData("https://127.0.0.1:0", "Kestrel:Certificates:Default")]
    public async Task Without_a_proxy_Production_listens_on_https_with_a_certificate_of_its_own(string urls, string refused) =>
        (await Refusals.KeysAsync("Production", ("Proxy:KnownAddresses:0", null), ("Urls", urls))).ShouldBe([refused]);

    [Fact]
    public async Task Endpoints_that_are_named_hide_the_address_list_as_they_do_from_Kestrel() =>
        (await Refusals.KeysAsync(
            "Production", ("Proxy:KnownAddresses:0", null), ("Urls", "https://127.0.0.1:0"), ("Kestrel:Endpoints:Web:Url", "http://127.0.0.1:0")))
            .ShouldBe(["Kestrel:Endpoints"]);

    [Fact]
    public async Task A_certificate_that_is_not_there_is_named() =>
        (await Refusals.KeysAsync("Production", ("Urls", "https://127.0.0.1:0"), ("Kestrel:Certificates:Default:Path", "/nowhere/certificate.pem")))
            .ShouldBe(["Kestrel:Certificates:Default:Path"]);

    [Fact]
    public async Task The_program_in_Production_says_all_that_it_lacks_and_ends()
    {
        var answer = await ProgramRun.RunAsync(new Dictionary<string, string>
        {
            ["ASPNETCORE_ENVIRONMENT"] = "Production",
            ["IDENTITYSERVER_DEFAULT_ENVIRONMENT"] = "Development",
        });

        answer.ExitCode.ShouldBe(ConfigurationException.ExitCode);
        answer.Out.ShouldBeEmpty();
        foreach (var key in new[] { "Issuer", "Kestrel:Endpoints", "Mail:From", "Mail:Relays" })
        {
            answer.Error.ShouldContain(key);
        }
    }
}
