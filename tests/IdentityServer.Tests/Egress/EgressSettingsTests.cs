using IdentityServer.Egress;
using IdentityServer.Tests.Settings;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Egress;

/// <summary>The operator's exceptions, and the room as the server has it.</summary>
public sealed class EgressSettingsTests
{
    [Theory]
    [InlineData("app.internal")]
    [InlineData("app.internal:8443")]
    [InlineData("App.Internal:443")]
    [InlineData("app")]
    [InlineData("xn--bcher-kva.example:80")]
    [InlineData("10.1.2.3:8443")]
    [InlineData("[fd00::5]:8443")]
    public async Task A_host_or_a_host_and_a_port_can_be_listed(string host) =>
        (await Refusals.KeysAsync("Production", ("Egress:AllowedHosts:0", host))).ShouldBeEmpty();

    [Theory]
    [InlineData("")]
    [InlineData(" ")]
    [InlineData("*")]
    [InlineData("*.internal")]
    [InlineData("https://app.internal")]
    [InlineData("app.internal/")]
    [InlineData("app.internal/path")]
    [InlineData("app.internal?x")]
    [InlineData("ann@app.internal")]
    [InlineData("app.internal:")]
    [InlineData("app.internal:0")]
    [InlineData("app.internal:65536")]
    [InlineData("app.internal:https")]
    [InlineData("app.internal, other.internal")]
    [InlineData("10.1")]
    [InlineData("10.0.0.0/8")]
    [InlineData("167772161")]
    [InlineData("fd00::5")]
    [InlineData("bücher.example")]
    public async Task Anything_else_stops_the_start(string host) =>
        (await Refusals.KeysAsync("Production", ("Egress:AllowedHosts:0", host))).ShouldBe(["Egress:AllowedHosts:0"]);

    [Theory]
    [InlineData("Egress:AllowedHost:0")]
    [InlineData("Egress:AllowedHosts")]
    [InlineData("Egress:TrustAll")]
    [InlineData("Egress:Roots:0")]
    public async Task There_is_nothing_else_to_set(string key) =>
        (await Refusals.KeysAsync("Production", (key, "app.internal"))).ShouldNotBeEmpty();

    [Fact]
    public async Task The_server_asks_listed_hosts_and_no_others()
    {
        await using var site = await ClientSite.StartPlainAsync(ClientSite.Answer("""{"keys":[]}"""));
        await using var other = await ClientSite.StartPlainAsync(ClientSite.Answer("{}"));
        await using var world = await World.StartAsync(configure: setup => setup.Settings["Egress:AllowedHosts:0"] = $"localhost:{site.Port}");
        var cache = world.Server.Services.GetRequiredService<EgressCache>();

        var listed = await cache.GetAsync(new Uri($"http://localhost:{site.Port}/keys"), EgressRules.KeySet, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        var unlisted = await cache.GetAsync(new Uri($"http://localhost:{other.Port}/keys"), EgressRules.KeySet, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);
        var inside = await cache.GetAsync(new Uri($"https://localhost:{other.Port}/keys"), EgressRules.KeySet, TimeSpan.FromMinutes(1), TestContext.Current.CancellationToken);

        listed.ShouldBeOfType<EgressAnswer.Answered>();
        unlisted.ShouldBe(new EgressAnswer.Refused("it is not https"));
        inside.ShouldBeOfType<EgressAnswer.Refused>().Reason.ShouldEndWith("is not a public address");
        other.Connections.ShouldBe(0);
    }
}
