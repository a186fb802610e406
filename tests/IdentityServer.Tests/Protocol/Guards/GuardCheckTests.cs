using IdentityServer.Protocol.Guards;
using IdentityServer.Protocol.Tokens;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Tests.Protocol.Guards;

/// <summary>Guard 3: a server that could make tokens without a mailed code does not start, and says why.</summary>
public sealed class GuardCheckTests(RealServer real) : IClassFixture<RealServer>
{
    private const string FollowsOwnCheck = "the sign-in guard follows OpenIddict's own check";
    private const string ComesFirst = "the sign-in guard comes before anything is redeemed or made";
    private const string TokenGuardFirst = "the token guard is first in line";
    private const string OnlyConditional = "tokens are redeemed by the conditional update only";
    private const string KnownEndpoints = "the endpoints are those that the guard knows";
    private const string KnownGrants = "the grants are those that the guard knows";
    private const string OnlyCode = "the only response type is code";
    private const string OnlyS256 = "the only code challenge method is S256";
    private const string Storage = "storage, request caching and strict rotation are on";

    private static readonly Dictionary<string, (string Rule, Action<OpenIddictServerOptions> Break)> Breaks = new()
    {
        ["guard 1 missing"] = ("RequireConsumedChallenge is registered once", options => options.Handlers.Remove(RequireConsumedChallenge.Descriptor)),
        ["guard 1 twice"] = ("RequireConsumedChallenge is registered once", options => options.Handlers.Add(RequireConsumedChallenge.Descriptor)),
        ["guard 1 copied to a later place"] = (
            "RequireConsumedChallenge is registered once",
            options => Replace(options, RequireConsumedChallenge.Descriptor, Moved<ProcessSignInContext>(RequireConsumedChallenge.Descriptor, 100_000))),
        ["OpenIddict's own check missing"] = ("ValidateSignInDemand is registered once", options => options.Handlers.Remove(ValidateSignInDemand.Descriptor)),
        ["a handler before guard 1"] = (FollowsOwnCheck, options => options.Handlers.Add(Foreign<ProcessSignInContext>(RequireConsumedChallenge.Descriptor.Order - 1))),
        ["a handler beside OpenIddict's own check"] = (FollowsOwnCheck, options => options.Handlers.Add(Foreign<ProcessSignInContext>(ValidateSignInDemand.Descriptor.Order))),
        ["a handler beside guard 1"] = (ComesFirst, options => options.Handlers.Add(Foreign<ProcessSignInContext>(RequireConsumedChallenge.Descriptor.Order))),
        ["redemption missing"] = ("RedeemPresentedToken is registered once", options => options.Handlers.Remove(RedeemPresentedToken.Descriptor)),
        ["redemption ahead of guard 1"] = (
            ComesFirst,
            options => Replace(options, RedeemPresentedToken.Descriptor, Moved<ProcessSignInContext>(RedeemPresentedToken.Descriptor, -100_000))),
        ["token making missing"] = ("GenerateAccessToken is registered once", options => options.Handlers.Remove(GenerateAccessToken.Descriptor)),
        ["guard 2 missing"] = ("RequireStamp is registered once", options => options.Handlers.Remove(RequireStamp.Descriptor)),
        ["guard 2 twice"] = ("RequireStamp is registered once", options => options.Handlers.Add(RequireStamp.Descriptor)),
        ["a handler before guard 2"] = (TokenGuardFirst, options => options.Handlers.Add(Foreign<GenerateTokenContext>(RequireStamp.Descriptor.Order - 1))),
        ["a handler beside guard 2"] = (TokenGuardFirst, options => options.Handlers.Add(Foreign<GenerateTokenContext>(RequireStamp.Descriptor.Order))),
        ["OpenIddict's redemption back"] = (OnlyConditional, options => options.Handlers.Add(RedeemTokenEntry.Descriptor)),
        ["the password grant"] = (KnownGrants, options => options.GrantTypes.Add("password")),
        ["the implicit grant"] = (KnownGrants, options => options.GrantTypes.Add("implicit")),
        ["the device grant"] = (KnownGrants, options => options.GrantTypes.Add("urn:ietf:params:oauth:grant-type:device_code")),
        ["token exchange"] = (KnownGrants, options => options.GrantTypes.Add("urn:ietf:params:oauth:grant-type:token-exchange")),
        ["a grant of one's own"] = (KnownGrants, options => options.GrantTypes.Add("urn:example:magic-link")),
        ["a known grant in capitals"] = (KnownGrants, options => options.GrantTypes.Add("Client_Credentials")),
        ["a device endpoint"] = (KnownEndpoints, options => options.DeviceAuthorizationEndpointUris.Add(new("connect/device", UriKind.Relative))),
        ["a device page"] = (KnownEndpoints, options => options.EndUserVerificationEndpointUris.Add(new("connect/verify", UriKind.Relative))),
        ["the response type token"] = (OnlyCode, options => options.ResponseTypes.Add("token")),
        ["the response type id_token"] = (OnlyCode, options => options.ResponseTypes.Add("id_token")),
        ["the response type code id_token"] = (OnlyCode, options => options.ResponseTypes.Add("code id_token")),
        ["no response type"] = (OnlyCode, options => options.ResponseTypes.Clear()),
        ["plain PKCE"] = (OnlyS256, options => options.CodeChallengeMethods.Add("plain")),
        ["no PKCE"] = (OnlyS256, options => options.CodeChallengeMethods.Clear()),
        ["the degraded mode"] = (Storage, options => options.EnableDegradedMode = true),
        ["no token storage"] = (Storage, options => options.DisableTokenStorage = true),
        ["no authorization storage"] = (Storage, options => options.DisableAuthorizationStorage = true),
        ["no request caching"] = (Storage, options => options.EnableAuthorizationRequestCaching = false),
        ["no rotation"] = (Storage, options => options.DisableRollingRefreshTokens = true),
        ["a leeway"] = (Storage, options => options.RefreshTokenReuseLeeway = TimeSpan.FromTicks(1)),
        ["OpenIddict's own leeway"] = (Storage, options => options.RefreshTokenReuseLeeway = null),
    };

    public static TheoryData<string> EachBreak => [.. Breaks.Keys];

    [Fact]
    public void The_real_options_pass() => GuardCheck.Check(Fresh());

    [Theory]
    [MemberData(nameof(EachBreak))]
    public void Options_with_one_thing_broken_are_refused_by_its_rule(string what)
    {
        var (rule, broken) = Breaks[what];
        var options = Fresh();
        broken(options);
        Should.Throw<InvalidOperationException>(() => GuardCheck.Check(options)).Message.ShouldContain(rule);
    }

    // What the program reads is what is checked: a copy that lacks what the start gave it would prove nothing.
    [Fact]
    public void The_options_that_are_checked_are_those_that_run() =>
        Fresh().Handlers.ShouldBe(real.Server.Services.GetRequiredService<IOptionsMonitor<OpenIddictServerOptions>>().CurrentValue.Handlers);

    private OpenIddictServerOptions Fresh() => real.Server.Services.GetRequiredService<IOptionsFactory<OpenIddictServerOptions>>().Create(Options.DefaultName);

    private static OpenIddictServerHandlerDescriptor Foreign<TContext>(int order)
        where TContext : BaseContext =>
        OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>().UseInlineHandler(_ => ValueTask.CompletedTask).SetOrder(order).Build();

    private static OpenIddictServerHandlerDescriptor Moved<TContext>(OpenIddictServerHandlerDescriptor original, int by)
        where TContext : BaseContext =>
        OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>().Import(original).SetOrder(original.Order + by).Build();

    private static void Replace(OpenIddictServerOptions options, OpenIddictServerHandlerDescriptor one, OpenIddictServerHandlerDescriptor other)
    {
        options.Handlers.Remove(one).ShouldBeTrue();
        options.Handlers.Add(other);
    }
}

/// <summary>One server for all tests that only look at its options.</summary>
public sealed class RealServer : IAsyncLifetime
{
    internal TestServer Server { get; private set; } = null!;

    public async ValueTask InitializeAsync() => Server = await TestServer.StartAsync();

    public ValueTask DisposeAsync() => Server.DisposeAsync();
}

/// <summary>The same check, where it counts: nobody answers on the port of a server that failed it.</summary>
public sealed class StartWithoutGuardsTests
{
    [Theory]
    [InlineData("RequireConsumedChallenge")]
    [InlineData("RequireStamp")]
    public async Task A_server_without_one_of_its_guards_does_not_start(string guard)
    {
        var refused = await Should.ThrowAsync<InvalidOperationException>(TestServer.StartAsync(setup => setup.Break(options =>
            options.Handlers.RemoveAll(handler => handler.ServiceDescriptor.ServiceType.Name == guard))));
        refused.Message.ShouldContain($"{guard} is registered once");
    }

    [Fact]
    public async Task A_server_that_offers_the_password_grant_does_not_start()
    {
        var refused = await Should.ThrowAsync<InvalidOperationException>(TestServer.StartAsync(setup =>
            setup.Configure += builder => builder.Services.AddOpenIddict().AddServer(server => server.AllowPasswordFlow())));
        refused.Message.ShouldContain("the grants are those that the guard knows");
    }

    [Fact]
    public async Task A_server_whose_events_somebody_else_hands_out_does_not_start()
    {
        await using var services = new ServiceCollection().AddLogging().AddOptions()
            .AddScoped<IOpenIddictServerDispatcher, OpenIddictServerDispatcher>()
            .BuildServiceProvider();

        var refused = await Should.ThrowAsync<InvalidOperationException>(
            new GuardCheck(services).StartAsync(TestContext.Current.CancellationToken));
        refused.Message.ShouldContain("every event goes through our dispatcher");
    }

    [Fact]
    public async Task A_careless_handler_ahead_of_the_guard_keeps_the_server_from_starting()
    {
        var refused = await Should.ThrowAsync<InvalidOperationException>(TestServer.StartAsync(setup =>
            setup.Handle<ProcessSignInContext>(RequireConsumedChallenge.Descriptor.Order - 1, _ => { })));
        refused.Message.ShouldContain("the sign-in guard follows OpenIddict's own check");
    }
}
