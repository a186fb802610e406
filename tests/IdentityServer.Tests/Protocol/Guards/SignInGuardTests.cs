using System.Net;
using IdentityServer.Protocol.Authorization;
using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using OpenIddict.Abstractions;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Tests.Protocol.Guards;

/// <summary>Guard 1: whatever our own code signs in, no session with a consumed challenge behind it means no token.</summary>
public sealed class SignInGuardTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Code_that_signs_somebody_in_without_a_session_gets_no_authorization_code()
    {
        Guid victim = default;
        await using var world = await StartAsync(() => victim);
        victim = await world.IdOfAsync(await world.AddUserAsync());
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();

        var back = await browser.FollowAsync(await browser.GetAsync(client.Start()));

        back.Parameter("error").ShouldBe("login_required");
        await ShouldHaveRefusedAsync(world, userId: null, tokens: 0);
    }

    [Fact]
    public async Task Code_that_signs_somebody_in_for_whom_a_code_was_only_mailed_gets_no_authorization_code()
    {
        Guid victim = default;
        await using var world = await StartAsync(() => victim);
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.ReachCodePageAsync("/sign-in", email);
        victim = await world.IdOfAsync(email);

        var back = await browser.FollowAsync(await browser.GetAsync(client.Start()));

        back.Parameter("error").ShouldBe("login_required");
        await ShouldHaveRefusedAsync(world, userId: null, tokens: 0);
    }

    [Fact]
    public async Task Code_that_signs_in_another_person_than_the_sessions_gets_no_authorization_code()
    {
        Guid victim = default;
        await using var world = await StartAsync(() => victim);
        var email = await world.AddUserAsync();
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        await browser.SignInAsync("/sign-in", email);
        victim = await world.IdOfAsync(await world.AddUserAsync());

        var back = await browser.FollowAsync(await browser.GetAsync(client.Start()));

        back.Parameter("error").ShouldBe("login_required");
        await ShouldHaveRefusedAsync(world, await world.IdOfAsync(email), tokens: 0);
    }

    // The session that our own code names is real and open: it must not even be looked at.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Code_that_borrows_another_browsers_session_gets_no_authorization_code(bool signedIn)
    {
        (Guid User, Guid? Session) victim = default;
        await using var world = await StartAsync(() => victim.User, () => victim.Session);
        var client = await world.AddClientAsync();
        var email = await world.AddUserAsync();
        await world.OpenBrowser().SignInAsync("/sign-in", email);
        victim = (await world.IdOfAsync(email), await world.ReadAsync(db => db.AuthenticationSessions.Select(row => row.Id).SingleAsync(Cancel)));
        var browser = world.OpenBrowser();
        Guid? self = null;
        if (signedIn)
        {
            var own = await world.AddUserAsync();
            await browser.SignInAsync("/sign-in", own);
            self = await world.IdOfAsync(own);
        }

        var back = await browser.FollowAsync(await browser.GetAsync(client.Start()));

        back.Parameter("error").ShouldBe("login_required");
        await ShouldHaveRefusedAsync(world, self, tokens: 0);
    }

    [Theory]
    [InlineData("authorization_code")]
    [InlineData("refresh_token")]
    [InlineData("client_credentials")]
    public async Task Code_that_signs_in_another_person_at_the_token_endpoint_gets_no_token(string grant)
    {
        (Guid User, Guid? Session) victim = default;
        await using var world = await World.StartAsync(configure: setup => setup.Handle<HandleTokenRequestContext>(
            Exchange.AttachPrincipal.Descriptor.Order + 2_000,
            context =>
            {
                if (victim != default)
                {
                    context.SignIn(Careless.PrincipalOf(victim.User, victim.Session));
                }
            }));
        var email = await world.AddUserAsync();
        var client = await world.AddServiceAsync();
        var code = (await world.OpenBrowser().SignInAsync(client.Start(), email)).Parameter("code")!;
        var refreshToken = grant == "refresh_token" ? (await client.ExchangeAsync(code)).RefreshToken : null;
        var before = await world.TokensOfPeopleAsync();
        var other = await world.AddUserAsync();
        await world.OpenBrowser().SignInAsync("/sign-in", other);
        var otherId = await world.IdOfAsync(other);
        victim = (otherId, await world.ReadAsync(db => db.AuthenticationSessions.Where(row => row.UserId == otherId).Select(row => row.Id).SingleAsync(Cancel)));

        var answer = grant switch
        {
            "authorization_code" => await client.ExchangeAsync(code),
            "refresh_token" => await client.RefreshAsync(refreshToken!),
            _ => await client.TokenAsync(new() { ["grant_type"] = grant }),
        };

        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.Error.ShouldBe("invalid_grant");
        await ShouldHaveRefusedAsync(world, grant == "client_credentials" ? null : await world.IdOfAsync(email), before.Count);
    }

    [Theory]
    [InlineData("the session ended")]
    [InlineData("the session is over")]
    [InlineData("the session is another person's")]
    [InlineData("the session is gone")]
    [InlineData("the challenge is open")]
    [InlineData("the challenge was closed")]
    [InlineData("the challenge is another person's")]
    [InlineData("the challenge is gone")]
    public async Task A_code_and_a_refresh_token_die_with_what_they_descend_from(string what)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var other = await world.IdOfAsync(await world.AddUserAsync());
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), email)).Parameter("code")!);
        var code = (await browser.FollowAsync(await browser.GetAsync(client.Start()))).Parameter("code")!;
        var before = await world.TokensOfPeopleAsync();
        (await world.ReadAsync(db => TakeAwayAsync(db, what, other, world.Clock.GetUtcNow()))).ShouldBe(1);

        (await client.ExchangeAsync(code)).Error.ShouldBe("invalid_grant");
        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");

        (await world.RefusalsAsync()).Count.ShouldBe(2);
        (await world.TokensOfPeopleAsync()).Count.ShouldBe(before.Count);
    }

    [Theory]
    [InlineData(ChallengeState.Open)]
    [InlineData(ChallengeState.Closed)]
    [InlineData(null)]
    public async Task A_session_that_no_consumed_challenge_opened_signs_nobody_in(ChallengeState? state)
    {
        await using var world = await World.StartAsync();
        var userId = await world.IdOfAsync(await world.AddUserAsync());
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var cookie = await world.ReadAsync(db => OpenSessionAsync(db, userId, state, world.Clock.GetUtcNow()));
        browser.Cookies.Add(world.Server.Address, new Cookie("idsrv.session", cookie.Reveal()));

        var back = await browser.FollowAsync(await browser.GetAsync(client.Start()));

        back.Parameter("code").ShouldBeNull();
        back.Parameter("error").ShouldBe("login_required");
        await ShouldHaveRefusedAsync(world, userId, tokens: 0);
    }

    [Fact]
    public async Task The_same_session_with_a_consumed_challenge_does_sign_in()
    {
        await using var world = await World.StartAsync();
        var userId = await world.IdOfAsync(await world.AddUserAsync());
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var cookie = await world.ReadAsync(db => OpenSessionAsync(db, userId, ChallengeState.Consumed, world.Clock.GetUtcNow()));
        browser.Cookies.Add(world.Server.Address, new Cookie("idsrv.session", cookie.Reveal()));

        (await browser.FollowAsync(await browser.GetAsync(client.Start()))).Parameter("code").ShouldNotBeNull("else the tests beside this one prove nothing");
    }

    [Fact]
    public async Task A_client_that_acts_for_itself_is_its_own_subject_whatever_it_says()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var victim = (await world.IdOfAsync(email)).ToString("D");
        var service = await world.AddServiceAsync();

        var answer = await service.TokenAsync(new()
        {
            ["grant_type"] = "client_credentials",
            ["sub"] = victim,
            ["subject"] = victim,
            ["username"] = email,
            ["login_hint"] = email,
            ["requested_subject"] = victim,
        });

        answer.Status.ShouldBe(HttpStatusCode.OK, answer.Json.ToString());
        TokenAnswer.Claims(answer.AccessToken!).GetProperty("sub").GetString().ShouldBe(service.Id);
        answer.IdToken.ShouldBeNull();
        answer.RefreshToken.ShouldBeNull();
        (await service.UserInfoAsync(answer.AccessToken!)).Status.ShouldNotBe(HttpStatusCode.OK);
        (await world.TokensOfPeopleAsync()).ShouldBeEmpty();
    }

    /// <summary>A server whose authorization endpoint signs in whom a careless handler names, instead of deciding.</summary>
    private static Task<World> StartAsync(Func<Guid> victim, Func<Guid?>? session = null) => World.StartAsync(configure: setup =>
    {
        setup.Break(options => options.Handlers.Remove(DecideNextStep.Descriptor));
        setup.Handle<HandleAuthorizationRequestContext>(
            DecideNextStep.Descriptor.Order,
            context =>
            {
                if (!string.IsNullOrEmpty(context.Request.RequestUri))
                {
                    context.SignIn(Careless.PrincipalOf(victim(), session?.Invoke()));
                }
            });
    });

    private static async Task ShouldHaveRefusedAsync(World world, Guid? userId, int tokens)
    {
        (await world.RefusalsAsync()).ShouldHaveSingleItem().UserId.ShouldBe(userId);
        (await world.TokensOfPeopleAsync()).Count.ShouldBe(tokens);
    }

    private static Task<int> TakeAwayAsync(Storage.IdentityServerDbContext db, string what, Guid other, DateTimeOffset now) => what switch
    {
        "the session ended" => db.AuthenticationSessions.ExecuteUpdateAsync(set => set.SetProperty(row => row.EndedAt, now), Cancel),
        "the session is over" => db.AuthenticationSessions.ExecuteUpdateAsync(set => set.SetProperty(row => row.ExpiresAt, now), Cancel),
        "the session is another person's" => db.AuthenticationSessions.ExecuteUpdateAsync(set => set.SetProperty(row => row.UserId, other), Cancel),
        "the session is gone" => db.AuthenticationSessions.ExecuteDeleteAsync(Cancel),
        "the challenge is open" => db.OtpChallenges.ExecuteUpdateAsync(set => set.SetProperty(row => row.State, ChallengeState.Open), Cancel),
        "the challenge was closed" => db.OtpChallenges.ExecuteUpdateAsync(set => set.SetProperty(row => row.State, ChallengeState.Closed), Cancel),
        "the challenge is another person's" => db.OtpChallenges.ExecuteUpdateAsync(set => set.SetProperty(row => row.UserId, other), Cancel),
        _ => db.OtpChallenges.ExecuteDeleteAsync(Cancel),
    };

    // The schema would let somebody with the database do this; a null state stands for a challenge that does not exist.
    private static async Task<HandleCookie> OpenSessionAsync(Storage.IdentityServerDbContext db, Guid userId, ChallengeState? state, DateTimeOffset now)
    {
        var handle = HandleCookie.Create(Guid.NewGuid());
        var challengeId = Guid.NewGuid();
        if (state is { } known)
        {
            db.OtpChallenges.Add(new()
            {
                Id = challengeId,
                UserId = userId,
                Purpose = "sign-in",
                Seed = new byte[32],
                BrowserHash = new byte[32],
                KeyId = "none",
                Reference = "NONE",
                State = known,
                CreatedAt = now,
                ExpiresAt = now.AddMinutes(30),
            });
        }

        db.AuthenticationSessions.Add(new()
        {
            Id = handle.Id,
            UserId = userId,
            ChallengeId = challengeId,
            FamilyId = handle.Id,
            HandleHash = handle.Hash,
            AuthenticatedAt = now,
            BrowserExpiresAt = now.AddHours(12),
            ExpiresAt = now.AddDays(14),
        });
        await db.SaveChangesAsync(Cancel);
        return handle;
    }
}
