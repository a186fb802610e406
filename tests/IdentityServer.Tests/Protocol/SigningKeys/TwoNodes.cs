using System.Net;
using IdentityServer.Secrets;
using IdentityServer.Tests.Maintenance;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Protocol.SigningKeys;

/// <summary>Two nodes of one installation, the second with a clock that is some minutes behind, and a client that has tokens from both.</summary>
internal sealed class TwoNodes : IAsyncDisposable
{
    private static readonly TimeSpan _oftenEnough = TimeSpan.FromSeconds(15);

    private readonly World _world;
    private readonly FakeTimeProvider _otherClock;
    private readonly string _email;
    private string _refreshToken = "";
    private DateTimeOffset _signedIn = DateTimeOffset.MinValue;

    private TwoNodes(World world, TestServer other, FakeTimeProvider otherClock, RelyingParty client, string email)
    {
        (_world, _otherClock, _email) = (world, otherClock, email);
        Nodes = [world.Server, other];
        Clients = [client, new RelyingParty(other.CreateClient(cookies: false), () => world.OpenBrowser(other), client.Id, client.Secret, "client_secret_basic")];
        Verbs = VerbRun.Beside(world.Server);
    }

    public World World => _world;

    public FakeTimeProvider OtherClock => _otherClock;

    public IReadOnlyList<TestServer> Nodes { get; }

    /// <summary>The same client, at one node and at the other.</summary>
    public IReadOnlyList<RelyingParty> Clients { get; }

    public VerbRun Verbs { get; }

    public static async Task<TwoNodes> StartAsync(bool postgreSql, TimeSpan behind)
    {
        var secret = RootSecret.Generate().Reveal();
        var world = await World.StartAsync(postgreSql, setup =>
        {
            setup.Settings["Issuer"] = "http://id.example.com";
            setup.Settings["RootSecret:Value"] = secret;
        });
        var clock = new FakeTimeProvider(world.Clock.GetUtcNow() - behind);
        var other = await world.Server.StartAnotherNodeAsync(setup => setup.Time = clock);
        return new(world, other, clock, await world.AddClientAsync(), await world.AddUserAsync());
    }

    /// <summary>Turns both clocks, and lets each node look at the keys, as it does every few seconds by itself.</summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        var last = by < _oftenEnough ? by : _oftenEnough;
        await _world.AdvanceAsync(TimeSpan.Zero);
        foreach (var clock in new[] { _world.Clock, _otherClock })
        {
            // A hundred days, second by second, would take minutes.
            clock.AdjustTime(clock.GetUtcNow() + by - last);
            clock.Advance(last);
        }

        await FetchAsync();
    }

    /// <summary>An id_token and an access token from each node. The refresh token goes from one to the other; the person signs in every six days, since a refresh token ends when nobody uses it for seven.</summary>
    public async Task<List<TokenAnswer>> IssueAsync()
    {
        if (_world.Clock.GetUtcNow() - _signedIn > TimeSpan.FromDays(6))
        {
            (_refreshToken, _signedIn) = ((await Clients[0].SignInAsync(_email)).RefreshToken!, _world.Clock.GetUtcNow());
        }

        var tokens = new List<TokenAnswer>();
        foreach (var client in Clients)
        {
            var answer = await client.RefreshAsync(_refreshToken);
            answer.Status.ShouldBe(HttpStatusCode.OK, answer.Json.ToString());
            _refreshToken = answer.RefreshToken!;
            tokens.Add(answer);
        }

        return tokens;
    }

    /// <summary>What each node publishes.</summary>
    public async Task<List<PublishedKeys>> FetchAsync() => [await PublishedKeys.FetchAsync(Nodes[0]), await PublishedKeys.FetchAsync(Nodes[1])];

    /// <summary>Whether every node takes a token at userinfo and at introspection.</summary>
    public async Task ShouldTakeAsync(TokenAnswer tokens)
    {
        foreach (var client in Clients)
        {
            (await client.UserInfoAsync(tokens.AccessToken!)).Status.ShouldBe(HttpStatusCode.OK);
            (await IsActiveAsync(client, tokens)).ShouldBeTrue();
        }
    }

    public static async Task<bool> IsActiveAsync(RelyingParty client, TokenAnswer tokens) =>
        (await client.PostAsync("/connect/introspect", new() { ["token"] = tokens.AccessToken! })).Json.GetProperty("active").GetBoolean();

    public async ValueTask DisposeAsync()
    {
        Verbs.Dispose();
        await Nodes[1].DisposeAsync();
        await _world.DisposeAsync();
    }
}
