using System.Net;
using IdentityServer.Audit;
using IdentityServer.Protocol.Guards;
using IdentityServer.Protocol.Tokens;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Tests.Protocol.Guards;

/// <summary>
/// Two requests with one code or refresh token, both found good before either is redeemed: the case that nobody meets by trying often.
/// </summary>
public sealed class LostRaceTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("authorization_code", false)]
    [InlineData("authorization_code", true)]
    [InlineData("refresh_token", false)]
    [InlineData("refresh_token", true)]
    public async Task One_of_two_at_once_wins_and_the_other_is_a_replay_that_takes_the_winners_tokens_along(string grant, bool postgreSql)
    {
        var meeting = new Meeting();
        await using var world = await World.StartAsync(postgreSql, setup => setup.HandleAsync<ProcessSignInContext>(
            RedeemPresentedToken.Descriptor.Order - 1, context => meeting.MeetAsync(context.Request.GrantType)));
        RequireConsumedChallenge.Descriptor.Order.ShouldBeLessThan(RedeemPresentedToken.Descriptor.Order - 1);
        var client = await world.AddClientAsync();
        var code = (await world.OpenBrowser().SignInAsync(client.Start(), await world.AddUserAsync())).Parameter("code")!;
        var refreshToken = grant == "refresh_token" ? (await client.ExchangeAsync(code)).RefreshToken! : "";
        Task<TokenAnswer> Trade() => grant == "refresh_token" ? client.RefreshAsync(refreshToken) : client.ExchangeAsync(code);
        meeting.Expect(grant);

        var answers = await Task.WhenAll(Trade(), Trade());

        meeting.Met.ShouldBeTrue("both were found good before either was redeemed");
        var won = answers.Where(answer => answer.Status == HttpStatusCode.OK).ShouldHaveSingleItem();
        answers.Where(answer => answer.Error == "invalid_grant").ShouldHaveSingleItem();
        meeting.Expect(null);
        (await client.UserInfoAsync(won.AccessToken!)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await client.RefreshAsync(won.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await world.ReadAsync(db => db.AuditEvents.CountAsync(entry => entry.Name == AuditEvents.TokenReplayed, TestContext.Current.CancellationToken))).ShouldBe(1);
    }

    [Fact]
    public async Task Of_two_answers_to_one_stored_request_at_once_one_gets_a_code()
    {
        var meeting = new Meeting();
        await using var world = await World.StartAsync(configure: setup => setup.HandleAsync<ProcessSignInContext>(
            RedeemPresentedToken.Descriptor.Order - 1, context => meeting.MeetAsync(context.Request.RequestUri is { Length: > 0 } ? "stored" : null)));
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.SignInAsync("/sign-in", await world.AddUserAsync());
        var stored = (await browser.GetAsync(client.Start())).Location!.PathAndQuery;
        meeting.Expect("stored");

        var answers = await Task.WhenAll(browser.GetAsync(stored), browser.GetAsync(stored));

        meeting.Met.ShouldBeTrue();
        answers.Count(answer => answer.Parameter("code") is not null).ShouldBe(1);
    }

    /// <summary>Lets two go on when both are there.</summary>
    private sealed class Meeting
    {
        private readonly TaskCompletionSource _both = new(TaskCreationOptions.RunContinuationsAsynchronously);
        private volatile string? _expected;
        private int _there;

        public bool Met => _both.Task.IsCompletedSuccessfully;

        public void Expect(string? what) => _expected = what;

        public async ValueTask MeetAsync(string? what)
        {
            if (what is null || what != _expected)
            {
                return;
            }

            if (Interlocked.Increment(ref _there) == 2)
            {
                _both.SetResult();
            }

            await _both.Task.WaitAsync(Patience);
        }
    }
}
