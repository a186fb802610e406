using System.Net;
using System.Net.Sockets;
using IdentityServer.Egress;
using Microsoft.AspNetCore.Http;

namespace IdentityServer.Tests.Egress;

/// <summary>What strangers register moves the server towards public hosts only. A refusal makes no connection at all.</summary>
public sealed class EgressRefusalTests
{
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("127.255.255.254")]
    [InlineData("::1")]
    [InlineData("::ffff:127.0.0.1")]
    [InlineData("64:ff9b::127.0.0.1")]
    [InlineData("2002:7f00:1::")]
    [InlineData("::7f00:1")]
    [InlineData("0.0.0.0")]
    [InlineData("::")]
    [InlineData("10.0.0.5")]
    [InlineData("172.31.255.255")]
    [InlineData("192.168.1.1")]
    [InlineData("100.64.0.1")]
    [InlineData("169.254.169.254")]
    [InlineData("::ffff:169.254.169.254")]
    [InlineData("168.63.129.16")]
    [InlineData("fe80::1")]
    [InlineData("fd00:ec2::254")]
    [InlineData("fec0::1")]
    [InlineData("224.0.0.1")]
    [InlineData("255.255.255.255")]
    public async Task Threat_27_A_name_that_means_an_address_inside_is_refused(string address)
    {
        await using var stage = await EgressStage.OpenAsync();
        stage.Network.Name("inside.example.com", address);
        stage.Network.Lead(IPAddress.Parse(address), 443, stage.Site.Port); // it would be answered
        stage.Network.Lead(IPAddress.Parse(address), stage.Site.Port, stage.Site.Port);

        foreach (var port in new[] { "", ":{port}" })
        {
            (await stage.GetAsync($"https://inside.example.com{port}/keys?secret=hush")).ShouldBeOfType<EgressAnswer.Refused>().Reason
                .ShouldBe($"its host resolves to {IPAddress.Parse(address)}, which is not a public address");
        }

        ShouldHaveAskedNobody(stage);
    }

    [Fact]
    public async Task One_address_inside_among_public_ones_spoils_them_all()
    {
        await using var stage = await EgressStage.OpenAsync();
        stage.Network.Name("both.example.com", "93.184.215.14", "10.0.0.5");

        (await stage.GetAsync("https://both.example.com/")).ShouldBeOfType<EgressAnswer.Refused>();

        ShouldHaveAskedNobody(stage);
    }

    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("[::1]")]
    [InlineData("127.1")]
    [InlineData("2130706433")]
    [InlineData("0x7f000001")]
    [InlineData("0177.0.0.1")]
    [InlineData("[::ffff:127.0.0.1]")]
    [InlineData("[::ffff:7f00:1]")]
    [InlineData("[fe80::1%25lo]")]
    [InlineData("169.254.169.254")]
    [InlineData("１２７.0.0.1")]
    public async Task An_address_in_any_spelling_is_looked_at_like_a_name(string host)
    {
        await using var stage = await EgressStage.OpenAsync();

        (await stage.GetAsync($"https://{host}:{{port}}/")).ShouldBeOfType<EgressAnswer.Refused>().Reason.ShouldContain("not a public address");

        stage.Network.Asked.ShouldBeEmpty();
        ShouldHaveAskedNobody(stage);
    }

    [Theory]
    [InlineData("http://client.example.com/", "https")]
    [InlineData("ftp://client.example.com/", "https")]
    [InlineData("file:///etc/passwd", "host")]
    [InlineData("https://ann:hush@client.example.com/", "user name")]
    [InlineData("https://client.example.com@127.0.0.1/", "user name")]
    [InlineData("https://client.example.com/#keys", "fragment")]
    [InlineData("https://client.example.com:22/", "port 22")]
    [InlineData("https://client.example.com:80/", "port 80")]
    [InlineData("https://client.example.com:442/", "port 442")]
    [InlineData("https://client.example.com:1023/", "port 1023")]
    public async Task An_address_of_another_kind_is_refused_before_its_name_is_asked_for(string address, string reason)
    {
        await using var stage = await EgressStage.OpenAsync();

        var refused = (await stage.GetAsync(address)).ShouldBeOfType<EgressAnswer.Refused>();

        refused.Reason.ShouldContain(reason);
        refused.Reason.ShouldNotContain("hush");
        stage.Network.Asked.ShouldBeEmpty();
        ShouldHaveAskedNobody(stage);
    }

    [Fact]
    public async Task A_relative_or_very_long_address_is_refused()
    {
        await using var stage = await EgressStage.OpenAsync();

        (await stage.Client.GetAsync(new Uri("/keys", UriKind.Relative), EgressRules.KeySet, TestContext.Current.CancellationToken)).ShouldBeOfType<EgressAnswer.Refused>();
        (await stage.GetAsync($"https://{ClientSite.Host}/{new string('a', 2_048)}")).ShouldBeOfType<EgressAnswer.Refused>();

        ShouldHaveAskedNobody(stage);
    }

    [Fact]
    public async Task Posts_are_refused_like_fetches()
    {
        await using var stage = await EgressStage.OpenAsync();
        stage.Network.Name("inside.example.com", "127.0.0.1");

        (await stage.Client.PostFormAsync(
            new Uri($"https://inside.example.com:{stage.Site.Port}/logout"), [new("logout_token", "hush")], EgressRules.Notification, TestContext.Current.CancellationToken))
            .ShouldBeOfType<EgressAnswer.Refused>();

        ShouldHaveAskedNobody(stage);
    }

    [Fact]
    public async Task Threat_27_A_name_that_changes_its_meaning_after_it_was_looked_at_is_not_asked_again()
    {
        await using var stage = await EgressStage.OpenAsync();
        stage.Network.Name("rebinding.example.com", StagedNetwork.Public.ToString());
        stage.Network.Name("rebinding.example.com", "127.0.0.1");
        await using var certified = await ClientSite.StartAsync(ClientSite.Answer("{}"), ClientSite.SelfSigned("rebinding.example.com"));
        stage.Network.Lead(StagedNetwork.Public, 443, certified.Port);
        var client = new EgressClient(new EgressPolicy(new EgressOptions(), development: false), stage.Network, new EgressTrust(certified.Roots), stage.Clock);
        var address = new Uri("https://rebinding.example.com/keys");

        (await client.GetAsync(address, EgressRules.KeySet, TestContext.Current.CancellationToken)).ShouldBeOfType<EgressAnswer.Answered>();

        stage.Network.Asked.ShouldBe(["rebinding.example.com"]);
        stage.Network.Dialled.ShouldBe([new IPEndPoint(StagedNetwork.Public, 443)]);

        // The next request asks anew: a connection of the last one must not carry it.
        (await client.GetAsync(address, EgressRules.KeySet, TestContext.Current.CancellationToken)).ShouldBeOfType<EgressAnswer.Refused>();
        certified.Connections.ShouldBe(1);
        stage.Network.Dialled.Count.ShouldBe(1);
    }

    [Theory]
    [InlineData(301)]
    [InlineData(302)]
    [InlineData(303)]
    [InlineData(307)]
    [InlineData(308)]
    public async Task A_redirect_is_not_followed_wherever_it_leads(int status)
    {
        await using var inside = await ClientSite.StartPlainAsync(ClientSite.Answer("{}"));
        var location = $"http://127.0.0.1:{inside.Port}/latest/meta-data";
        await using var stage = await EgressStage.OpenAsync(context =>
        {
            context.Response.StatusCode = status;
            context.Response.Headers.Location = context.Request.Path == "/keys" ? location : "/keys";
            return Task.CompletedTask;
        });

        foreach (var path in new[] { "keys", "back" })
        {
            var failed = (await stage.GetAsync($"https://{ClientSite.Host}/{path}")).ShouldBeOfType<EgressAnswer.Failed>();
            failed.Reason.ShouldContain($"redirects (status {status})");
            failed.Reason.ShouldNotContain("127.0.0.1");
        }

        inside.Connections.ShouldBe(0);
        stage.Site.Requests.ShouldBe(2);
    }

    [Fact]
    public async Task A_host_that_nobody_knows_or_that_takes_no_connection_may_be_there_another_time()
    {
        await using var stage = await EgressStage.OpenAsync();
        stage.Network.Name("empty.example.com");
        stage.Network.Name("dead.example.com", "93.184.215.15", "2606:4700::1");

        (await stage.GetAsync("https://unknown.example.com/?hush")).ShouldBe(new EgressAnswer.Failed("its host has no address that could be found"));
        (await stage.GetAsync("https://empty.example.com/?hush")).ShouldBe(new EgressAnswer.Failed("its host has no address that could be found"));
        (await stage.GetAsync("https://dead.example.com/?hush")).ShouldBe(new EgressAnswer.Failed("its host takes no connection at port 443"));
        stage.Network.Dialled.ShouldBe([new IPEndPoint(IPAddress.Parse("93.184.215.15"), 443), new IPEndPoint(IPAddress.Parse("2606:4700::1"), 443)]);
    }

    [Fact]
    public async Task An_address_that_is_dead_leaves_time_for_the_next_one()
    {
        await using var stage = await EgressStage.OpenAsync();
        stage.Network.Name("twofold.example.com", "2606:4700::1", StagedNetwork.Public.ToString());
        await using var site = await ClientSite.StartAsync(ClientSite.Answer("{}"), ClientSite.SelfSigned("twofold.example.com"));
        stage.Network.Lead(StagedNetwork.Public, 443, site.Port);
        stage.Network.Connecting = async (to, ct) =>
        {
            if (to.AddressFamily == AddressFamily.InterNetworkV6)
            {
                stage.Clock.Advance(EgressRules.KeySet.Time / 2);
                await Task.Delay(Timeout.Infinite, ct);
            }
        };
        var client = new EgressClient(new EgressPolicy(new EgressOptions(), development: false), stage.Network, new EgressTrust(site.Roots), stage.Clock);

        (await client.GetAsync(new Uri("https://twofold.example.com/"), EgressRules.KeySet, TestContext.Current.CancellationToken)).ShouldBeOfType<EgressAnswer.Answered>();
    }

    private static void ShouldHaveAskedNobody(EgressStage stage)
    {
        stage.Network.Dialled.ShouldBeEmpty();
        stage.Site.Connections.ShouldBe(0);
    }
}
