using System.Net;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Tests.Diagnostics;

/// <summary>What a client's owners read is what happened: each step of a sign-in once, however often its pages are loaded.</summary>
public sealed class ActivityCountTests
{
    private static readonly Dictionary<string, long> OneOfEach = ActivityKinds.Funnel.ToDictionary(kind => kind, _ => 1L);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_whole_sign_in_is_one_in_each_step_of_the_funnel(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var party = await world.AddClientAsync();

        await party.SignInAsync(await world.AddUserAsync());

        (await CountsAsync(world, party)).ShouldBe(OneOfEach, ignoreOrder: true);
    }

    [Fact]
    public async Task Consent_is_no_second_sign_in()
    {
        await using var world = await World.StartAsync();
        var party = await world.AddThirdPartyClientAsync();
        var browser = world.OpenBrowser();

        var consent = await browser.SignInAsync(party.Start(), await world.AddUserAsync());
        var back = await browser.FollowAsync(await browser.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "allow" }));
        await party.ExchangeAsync(back.Parameter("code")!);

        (await CountsAsync(world, party)).ShouldBe(OneOfEach, ignoreOrder: true);
    }

    [Fact]
    public async Task A_refusal_is_counted_once_and_grants_nothing()
    {
        await using var world = await World.StartAsync();
        var party = await world.AddThirdPartyClientAsync();
        var browser = world.OpenBrowser();

        var consent = await browser.SignInAsync(party.Start(), await world.AddUserAsync());
        var answer = await browser.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "deny" });
        await browser.GetAsync(answer.Location!.ToString());
        await browser.GetAsync(answer.Location!.ToString());

        var counts = await CountsAsync(world, party);
        counts[ActivityKinds.Declined].ShouldBe(1);
        counts.ShouldNotContainKey(ActivityKinds.Granted);
    }

    [Fact]
    public async Task Loading_the_pages_of_a_request_again_begins_no_second_sign_in()
    {
        await using var world = await World.StartAsync();
        var party = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var stored = (await browser.GetAsync(party.Start())).Location!.ToString();

        for (var time = 0; time < 3; time++)
        {
            (await browser.FollowAsync(await browser.GetAsync(stored))).Status.ShouldBe(HttpStatusCode.OK);
        }

        (await CountsAsync(world, party)).ShouldBe(new Dictionary<string, long> { [ActivityKinds.Asked] = 1 });
    }

    [Fact]
    public async Task A_person_who_is_signed_in_already_is_granted_without_being_asked()
    {
        await using var world = await World.StartAsync();
        var (first, second) = (await world.AddClientAsync(), await world.AddClientAsync());
        var browser = world.OpenBrowser();
        await browser.SignInAsync(first.Start(), await world.AddUserAsync());

        await browser.FollowAsync(await browser.GetAsync(second.Start()));

        (await CountsAsync(world, second)).ShouldBe(new Dictionary<string, long> { [ActivityKinds.Granted] = 1 });
    }

    [Fact]
    public async Task A_person_who_is_signed_in_already_and_asked_for_consent_was_asked()
    {
        await using var world = await World.StartAsync();
        var (first, second) = (await world.AddClientAsync(), await world.AddThirdPartyClientAsync());
        var browser = world.OpenBrowser();
        await browser.SignInAsync(first.Start(), await world.AddUserAsync());

        await browser.FollowAsync(await browser.GetAsync(second.Start()));

        (await CountsAsync(world, second)).ShouldBe(new Dictionary<string, long> { [ActivityKinds.Asked] = 1 });
    }

    [Fact]
    public async Task A_wrong_code_does_not_enter_and_a_code_that_is_mailed_again_is_the_same_sign_in()
    {
        await using var world = await World.StartAsync();
        var party = await world.AddClientAsync();
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();
        var page = await browser.ReachCodePageAsync(party.Start(), email);
        var code = await browser.ReadCodeAsync(email);
        await world.AdvanceAsync(TimeSpan.FromMinutes(1));

        await browser.SubmitAsync(page, new Dictionary<string, string>(), "Resend");
        await browser.EnterCodeAsync(page, Browser.WrongCode(code));

        (await CountsAsync(world, party)).ShouldBe(
            new Dictionary<string, long> { [ActivityKinds.Asked] = 1, [ActivityKinds.Mailed] = 1 }, ignoreOrder: true);
    }

    [Fact]
    public async Task A_refresh_is_one_and_so_is_a_token_for_the_client_itself()
    {
        await using var world = await World.StartAsync();
        var (party, machine) = (await world.AddClientAsync(), await world.AddMachineAsync());
        var tokens = await party.SignInAsync(await world.AddUserAsync());

        (await party.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBeNull();
        (await machine.TokenAsync(new() { ["grant_type"] = "client_credentials" })).Error.ShouldBeNull();

        var counts = await CountsAsync(world, party);
        (counts[ActivityKinds.Refreshed], counts[ActivityKinds.Completed]).ShouldBe((1, 1));
        (await CountsAsync(world, machine)).ShouldBe(new Dictionary<string, long> { [ActivityKinds.ForItself] = 1 });
    }

    [Fact]
    public async Task A_code_that_is_refused_completes_nothing()
    {
        await using var world = await World.StartAsync();
        var party = await world.AddClientAsync();

        (await party.ExchangeAsync("made-up")).Error.ShouldBe("invalid_grant");

        (await CountsAsync(world, party)).ShouldNotContainKey(ActivityKinds.Completed);
    }

    [Fact]
    public async Task The_time_of_token_requests_is_counted()
    {
        await using var world = await World.StartAsync();
        var party = await world.AddClientAsync();

        var tokens = await party.SignInAsync(await world.AddUserAsync());
        await party.RefreshAsync(tokens.RefreshToken!);

        (await RowsAsync(world, party)).Where(row => row.Kind.StartsWith(ActivityKinds.LatencyPrefix, StringComparison.Ordinal))
            .Sum(row => row.Count).ShouldBe(2);
    }

    [Fact]
    public async Task The_last_use_of_a_client_and_of_its_secret_is_kept()
    {
        await using var world = await World.StartAsync();
        var party = await world.AddClientAsync();
        await party.SignInAsync(await world.AddUserAsync());

        var client = await RowIdAsync(world, party);

        (await world.ReadAsync(db => db.ClientStandings.SingleAsync(row => row.ClientRowId == client, Cancel))).LastUsedAt
            .ShouldBe(world.Clock.GetUtcNow());
        (await world.ReadAsync(db => db.ClientSecrets.SingleAsync(row => row.ClientRowId == client, Cancel))).LastUsedAt
            .ShouldBe(world.Clock.GetUtcNow());
    }

    [Fact]
    public async Task The_use_of_a_clients_own_key_is_kept_by_its_thumbprint()
    {
        await using var world = await World.StartAsync();
        using var key = new SigningParty();
        await world.RegisterAsync($$"""
            {"client_id":"signer","client_name":"Signer","token_endpoint_auth_method":"private_key_jwt","jwks":{{key.Jwks}},"grant_types":["client_credentials"]}
            """);
        using var http = world.Server.CreateClient(cookies: false);

        for (var time = 0; time < 2; time++)
        {
            var assertion = SigningParty.Assertion("signer", world.Server.Address.GetLeftPart(UriPartial.Authority), world.Clock.GetUtcNow());
            using var answer = await http.PostAsync(
                "/connect/token",
                new FormUrlEncodedContent(new Dictionary<string, string>
                {
                    ["grant_type"] = "client_credentials",
                    ["client_assertion"] = key.Sign(assertion),
                    ["client_assertion_type"] = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
                }),
                Cancel);
            answer.StatusCode.ShouldBe(HttpStatusCode.OK);
            await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        }

        await world.Server.Services.GetRequiredService<InsightWriter>().FlushAsync(Cancel);
        var use = await world.ReadAsync(db => db.ClientKeyUses.SingleAsync(Cancel));
        use.Thumbprint.ShouldBe(Base64UrlEncoder.Encode(new JsonWebKey(key.Jwk).ComputeJwkThumbprint()));
        (use.LastUsedAt - use.FirstUsedAt).ShouldBe(TimeSpan.FromMinutes(1));
    }

    private static async Task<Dictionary<string, long>> CountsAsync(World world, RelyingParty party) =>
        (await RowsAsync(world, party)).Where(row => !row.Kind.StartsWith(ActivityKinds.LatencyPrefix, StringComparison.Ordinal))
            .ToDictionary(row => row.Kind, row => row.Count);

    private static async Task<List<Storage.Entities.ClientActivityCount>> RowsAsync(World world, RelyingParty party)
    {
        var client = await RowIdAsync(world, party);
        return await world.ReadAsync(db => db.ClientActivity.Where(row => row.ClientRowId == client).ToListAsync(Cancel));
    }

    private static async Task<string> RowIdAsync(World world, RelyingParty party)
    {
        await world.Server.Services.GetRequiredService<InsightWriter>().FlushAsync(Cancel);
        return await world.ReadAsync(db => db.Clients.Where(row => row.ClientId == party.Id).Select(row => row.Id!).SingleAsync(Cancel));
    }
}
