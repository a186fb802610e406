using System.Text.Json;
using System.Web;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Protocol;

/// <summary>How answers reach the client: with the issuer on each (RFC 9207), in the mode that was asked for.</summary>
public sealed class AuthorizationResponseTests
{
    [Fact]
    public async Task A23_Every_answer_to_a_client_says_who_answers_and_returns_the_state()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var (client, asking) = (await world.AddClientAsync(), await world.AddThirdPartyClientAsync());
        var browser = world.OpenBrowser();

        ShouldAnswer(await FollowAsync(browser, client.Start(("prompt", "none"))), world, "login_required");
        ShouldAnswer(await browser.SignInAsync(client.Start(), email), world, error: null);
        ShouldAnswer(await FollowAsync(browser, client.Start(("prompt", "none"))), world, error: null);
        ShouldAnswer(await FollowAsync(browser, asking.Start(("prompt", "none"))), world, "consent_required");
        var consent = await FollowAsync(browser, asking.Start());
        ShouldAnswer(await browser.FollowAsync(await browser.SubmitAsync(consent, new Dictionary<string, string> { ["Answer"] = "deny" })), world, "access_denied");
    }

    [Fact]
    public async Task Threat_26_The_issuer_of_every_answer_is_letter_by_letter_the_one_that_discovery_tells()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var metadata = JsonDocument.Parse((await browser.GetAsync("/.well-known/openid-configuration")).Body).RootElement;
        metadata.GetProperty("authorization_response_iss_parameter_supported").GetBoolean().ShouldBeTrue();
        var issuer = metadata.GetProperty("issuer").GetString()!;

        var error = await FollowAsync(browser, client.Start(("prompt", "none")));
        var malformed = await FollowAsync(browser, client.Start(("response_type", null)));
        var success = await browser.SignInAsync(client.Start(), await world.AddUserAsync());

        foreach (var answer in new[] { error, malformed, success })
        {
            HttpUtility.ParseQueryString(answer.Location!.Query).GetValues("iss").ShouldBe([issuer], answer.Location.Query);
        }
    }

    [Theory]
    [InlineData("prompt", "none", "login")]
    [InlineData("prompt", "login", "login")]
    [InlineData("max_age", "1", "10000")]
    [InlineData("state", "a", "b")]
    [InlineData("scope", "openid", "openid profile")]
    [InlineData("login_hint", "a@example.com", "b@example.com")]
    [InlineData("request_uri", "urn:ietf:params:oauth:request_uri:a", "urn:ietf:params:oauth:request_uri:b")]
    public async Task A_parameter_sent_twice_is_refused_and_undoes_nothing(string name, string one, string two)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.SignInAsync(client.Start(), await world.AddUserAsync());
        await world.AdvanceAsync(TimeSpan.FromMinutes(5));

        var answer = await FollowAsync(browser, client.Start((name, null)) + $"&{name}={Uri.EscapeDataString(one)}&{name}={Uri.EscapeDataString(two)}");

        answer.Parameter("code").ShouldBeNull();
        answer.Document.QuerySelector("#password").ShouldBeNull();
        answer.Parameter("error").ShouldBe("invalid_request");
        answer.Location!.GetLeftPart(UriPartial.Path).ShouldBe(RelyingParty.RedirectUri);
    }

    private static async Task<Answer> FollowAsync(Browser browser, string url) => await browser.FollowAsync(await browser.GetAsync(url));

    private static void ShouldAnswer(Answer answer, World world, string? error)
    {
        answer.Location!.ToString().ShouldStartWith(RelyingParty.RedirectUri + "?");
        answer.Parameter("iss").ShouldBe(world.Server.Address.ToString());
        answer.Parameter("state").ShouldBe("state-" + new string('s', 140));
        answer.Parameter("error").ShouldBe(error);
        (answer.Parameter("code") is null).ShouldBe(error is not null);
    }
}
