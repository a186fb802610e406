using System.Net;
using IdentityServer.Egress;

namespace IdentityServer.Tests.Egress;

/// <summary>The operator's exceptions reach exactly as far as they are written.</summary>
public sealed class AllowedHostTests
{
    [Theory]
    [InlineData("https://inside.example.com:{port}/", true)]
    [InlineData("https://INSIDE.example.com:{port}/", true)]
    [InlineData("https://inside.example.com/", false)]
    [InlineData("https://other.inside.example.com:{port}/", false)]
    [InlineData("https://inside.example.com.:{port}/", false)]
    [InlineData("https://127.0.0.1:{port}/", false)]
    public async Task A_listed_host_may_be_inside_at_the_listed_port_and_no_other(string address, bool reached)
    {
        await using var site = await ClientSite.StartAsync(ClientSite.Answer("{}"), ClientSite.SelfSigned("inside.example.com"));
        var network = new StagedNetwork();
        network.Name("inside.example.com", "127.0.0.1");
        network.Name("other.inside.example.com", "127.0.0.1");
        network.Name("inside.example.com.", "127.0.0.1");
        var policy = new EgressPolicy(new EgressOptions { AllowedHosts = [$"inside.example.com:{site.Port}"] }, development: false);
        var client = new EgressClient(policy, network, new EgressTrust(site.Roots), TimeProvider.System);

        var answer = await client.GetAsync(
            new Uri(address.Replace("{port}", $"{site.Port}", StringComparison.Ordinal)), EgressRules.KeySet, TestContext.Current.CancellationToken);

        if (reached)
        {
            answer.ShouldBeOfType<EgressAnswer.Answered>();
        }
        else
        {
            answer.ShouldBeOfType<EgressAnswer.Refused>();
            site.Connections.ShouldBe(0);
        }
    }

    [Theory]
    [InlineData("169.254.169.254")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("100.100.100.200")]
    [InlineData("0.0.0.0")]
    [InlineData("224.0.0.1")]
    public async Task Not_even_a_listed_host_is_where_a_cloud_hands_out_credentials(string address)
    {
        await using var stage = await EgressStage.OpenAsync(allowed: "inside.example.com");
        stage.Network.Name("inside.example.com", address);

        (await stage.GetAsync("https://inside.example.com/")).ShouldBeOfType<EgressAnswer.Refused>();

        stage.Network.Dialled.ShouldBeEmpty();
        stage.Site.Connections.ShouldBe(0);
    }

    [Theory]
    [InlineData(true, "127.0.0.1", true)]
    [InlineData(true, "10.0.0.5", false)]
    [InlineData(true, "93.184.215.14", false)]
    [InlineData(false, "127.0.0.1", false)]
    public async Task Http_is_for_a_listed_host_on_this_machine_in_Development(bool development, string means, bool reached)
    {
        await using var site = await ClientSite.StartPlainAsync(ClientSite.Answer("{}"));
        var network = new StagedNetwork();
        network.Name("app.localhost", means);
        network.Lead(IPAddress.Parse(means), site.Port, site.Port);
        var policy = new EgressPolicy(new EgressOptions { AllowedHosts = [$"app.localhost:{site.Port}"] }, development);
        var client = new EgressClient(policy, network, new EgressTrust(), TimeProvider.System);

        var answer = await client.GetAsync(new Uri($"http://app.localhost:{site.Port}/"), EgressRules.KeySet, TestContext.Current.CancellationToken);
        var unlisted = await client.GetAsync(new Uri($"http://127.0.0.1:{site.Port}/"), EgressRules.KeySet, TestContext.Current.CancellationToken);

        (answer is EgressAnswer.Answered).ShouldBe(reached, answer.ToString());
        (answer is EgressAnswer.Refused).ShouldBe(!reached);
        unlisted.ShouldBeOfType<EgressAnswer.Refused>();
        site.Connections.ShouldBe(reached ? 1 : 0);
    }
}
