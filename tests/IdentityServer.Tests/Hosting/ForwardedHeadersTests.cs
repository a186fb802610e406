using System.Net;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Hosting;

/// <summary>Threat 8: whatever a stranger writes into these headers, no step is skipped, nothing fails, and the limits count the stranger.</summary>
public sealed class ForwardedHeadersTests
{
    private const string Stranger = "198.51.100.7";

    private static readonly string[] _addresses =
    [
        "", " ", ",", ",,,,", "127.0.0.1", "::1", "localhost", "unknown", "_hidden", "null", "0.0.0.0", "::", "255.255.255.255", "1", "0x7f000001", "2130706433",
        "127.1", "10.0.0.1, 127.0.0.1", "127.0.0.1, 127.0.0.1, 127.0.0.1", "not an address", "1.2.3.4:99999", "1.2.3.4:x", "[::1]:80", "[::1", "::ffff:127.0.0.1",
        "fe80::1%eth0", "fe80::1%25lo", "2001:db8::1", "1.2.3.4;5.6.7.8", "1.2.3.4\t5.6.7.8", "\"1.2.3.4\"", "for=1.2.3.4", "%31.2.3.4", "' OR 1=1 --", "<script>",
        "../../etc/passwd", "${jndi:ldap://evil.example}", new string('9', 4000), string.Join(", ", Enumerable.Repeat("127.0.0.1", 400)),
    ];

    private static readonly string[] _schemes =
        ["", ",", "http", "https", "HTTPS", "https, http", "http, https", "javascript", "file", "ws", "https://evil.example", "h ttps", "-", "https;", "\"https\"", "on", "1"];

    private static readonly string[] _hosts =
        ["", "evil.example", "evil.example:443", "localhost", "id.example.com, evil.example", "[::1]", "evil.example/path", "@evil.example", "a b", "%00", "x:99999", new string('a', 4000)];

    private static readonly string[] _forwarded =
        ["", "for=127.0.0.1", "for=\"[::1]\";proto=https;host=evil.example", "for=_hidden;by=unknown", "proto=https", "for=;;;", "host=evil.example", "for=\"", "for=127.0.0.1, for=127.0.0.1"];

    public static TheoryData<string> Headers => ["X-Forwarded-For", "X-Forwarded-Proto", "X-Forwarded-Host", "Forwarded", "X-Forwarded-Prefix", "X-Real-IP", "X-Original-For"];

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task From_a_sender_that_is_no_proxy_they_mean_nothing(string header)
    {
        await using var world = await StartAsync(proxy: "192.0.2.1");
        var client = await world.AddClientAsync();
        foreach (var value in ValuesOf(header))
        {
            await ShouldAskForBothStepsAsync(world, client, header, value);
        }

        await NetworksShouldBeAsync(world, "127.0.0.1");
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task Through_a_proxy_the_address_that_it_saw_counts_whatever_stood_before(string header)
    {
        await using var world = await StartAsync();
        var client = await world.AddClientAsync();
        foreach (var value in ValuesOf(header))
        {
            // A proxy appends what it saw to what it was sent.
            var sent = header switch
            {
                "X-Forwarded-For" => $"{value}, {Stranger}",
                "X-Forwarded-Proto" => $"{value}, http",
                _ => value,
            };
            await ShouldAskForBothStepsAsync(world, client, header, sent, Stranger);
        }

        await NetworksShouldBeAsync(world, Stranger);
    }

    [Theory]
    [MemberData(nameof(Headers))]
    public async Task A_proxy_that_passes_nonsense_on_causes_no_failure_and_skips_no_step(string header)
    {
        await using var world = await StartAsync();
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        foreach (var value in ValuesOf(header))
        {
            var browser = world.OpenBrowser();
            browser.Headers[header] = value;
            var page = await browser.FollowAsync(await browser.GetAsync(client.Start()));
            var ownHttps = page.Location?.ToString().StartsWith($"https://{world.Server.Address.Authority}/connect/authorize?", StringComparison.Ordinal) == true;
            (page.Status == HttpStatusCode.BadRequest || page.Document.QuerySelector("#password") is not null || ownHttps).ShouldBeTrue($"{header}: {value}");
            page.Parameter("code").ShouldBeNull();
        }

        (await world.OpenBrowser().ReachCodePageAsync(client.Start(), email)).Document.QuerySelector("#code").ShouldNotBeNull();
    }

    [Fact]
    public async Task The_chain_is_believed_as_far_as_it_is_made_of_known_proxies()
    {
        await using var world = await StartAsync(network: "10.1.0.0/16");
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser(network: "203.0.113.9, 10.2.0.1, 10.1.0.1");

        await browser.ReachCodePageAsync("/sign-in", email);

        (await world.ReadAsync(db => db.OtpChallenges.Select(challenge => challenge.Network).SingleAsync(TestContext.Current.CancellationToken)))
            .ShouldBe("10.2.0.1", "the first that is no proxy of ours");
    }

    [Fact]
    public async Task Addresses_of_one_network_count_as_one_and_an_address_in_IPv6_clothes_as_itself()
    {
        await using var world = await StartAsync();
        var email = await world.AddUserAsync();
        foreach (var address in new[] { "2001:db8:1:2::1", "[2001:db8:1:2:ffff::9]:4711", "::ffff:198.51.100.7", "198.51.100.7:4711" })
        {
            await world.OpenBrowser(network: address).ReachCodePageAsync("/sign-in", email);
            await world.AdvanceAsync(TimeSpan.FromHours(1));
        }

        (await world.ReadAsync(db => db.OtpChallenges.OrderBy(challenge => challenge.CreatedAt).Select(challenge => challenge.Network).ToListAsync(TestContext.Current.CancellationToken)))
            .ShouldBe(["2001:db8:1:2::/64", "2001:db8:1:2::/64", Stranger, Stranger]);
    }

    [Fact]
    public async Task A_stranger_cannot_wander_off_from_the_limit_by_naming_other_addresses()
    {
        await using var world = await StartAsync(proxy: "192.0.2.1");
        var email = await world.AddUserAsync();
        for (var attempt = 0; ; attempt++)
        {
            attempt.ShouldBeLessThanOrEqualTo(8, "eight failures of one account in a quarter of an hour are enough");
            var browser = world.OpenBrowser(network: $"203.0.113.{attempt}");
            var answer = await browser.EnterPasswordAsync(await browser.GetAsync("/sign-in"), email, "not-the-password");
            if (answer.Status == HttpStatusCode.TooManyRequests)
            {
                attempt.ShouldBe(8);
                return;
            }
        }
    }

    private static Task<World> StartAsync(string proxy = "127.0.0.1", string? network = null) => World.StartAsync(configure: setup =>
    {
        setup.Configure = PlainHasher.Use;
        setup.ShowLog = false;
        setup.Settings["Proxy:KnownAddresses:0"] = proxy;
        if (network is not null)
        {
            setup.Settings["Proxy:KnownNetworks:0"] = network;
        }
    });

    private static string[] ValuesOf(string header) => header switch
    {
        "X-Forwarded-Proto" => _schemes,
        "X-Forwarded-Host" or "X-Forwarded-Prefix" => _hosts,
        "Forwarded" => _forwarded,
        _ => _addresses,
    };

    private static async Task ShouldAskForBothStepsAsync(World world, RelyingParty client, string header, string value, string network = "")
    {
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser(network: network);
        browser.Headers[header] = value;
        var page = await browser.FollowAsync(await browser.GetAsync(client.Start()));
        page.Document.QuerySelector("#password").ShouldNotBeNull($"{header}: {value} -> {page.Status}");
        var codePage = await browser.FollowAsync(await browser.EnterPasswordAsync(page, email));
        codePage.Document.QuerySelector("#code").ShouldNotBeNull($"{header}: {value} -> {codePage.Status}");
        (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("error").ShouldBe("login_required");
    }

    private static async Task NetworksShouldBeAsync(World world, string network)
    {
        var seen = await world.ReadAsync(db => db.OtpChallenges.Select(challenge => challenge.Network).Distinct().ToListAsync(TestContext.Current.CancellationToken));
        seen.ShouldBe([network]);
        var counted = await world.ReadAsync(db => db.Counters.Select(counter => counter.Key).Where(key => key.Contains("/network/") || key.Contains("passwords/account/"))
            .ToListAsync(TestContext.Current.CancellationToken));
        counted.ShouldNotBeEmpty();
        counted.ShouldAllBe(key => key.EndsWith("/" + network));
    }
}
