using System.Net;
using System.Security.Claims;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Guards;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Logging.Abstractions;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Tests.Protocol.Guards;

/// <summary>Guard 2: no token is made but for the very subject and session that the first guard stamped.</summary>
public sealed class TokenGuardTests
{
    private static readonly Guid Ada = Guid.NewGuid();
    private static readonly Guid Session = Guid.NewGuid();

    [Fact]
    public async Task Without_the_first_guard_and_the_check_at_start_no_token_is_made_all_the_same()
    {
        await using var world = await World.StartAsync(configure: setup =>
        {
            setup.Break(options => options.Handlers.Remove(RequireConsumedChallenge.Descriptor));
            setup.DropGuardCheck();
        });
        var client = await world.AddServiceAsync();

        (await world.OpenBrowser().GetAsync(client.Start())).Status.ShouldBe(HttpStatusCode.InternalServerError);
        (await client.PostAsync("/connect/par", client.Request())).Status.ShouldBe(HttpStatusCode.InternalServerError);
        (await client.TokenAsync(new() { ["grant_type"] = "client_credentials" })).Status.ShouldBe(HttpStatusCode.InternalServerError);

        (await world.ReadAsync(db => db.Tokens.CountAsync(TestContext.Current.CancellationToken))).ShouldBe(0);
    }

    [Theory]
    [InlineData("another person")]
    [InlineData("another session")]
    [InlineData("nobody")]
    public async Task Code_that_changes_who_is_signed_in_after_the_first_guard_gets_no_token(string whom)
    {
        Guid? victim = null;
        await using var world = await World.StartAsync(configure: setup => setup.Handle<ProcessSignInContext>(
            RequireConsumedChallenge.Descriptor.Order + 1,
            context =>
            {
                if (victim is { } other && context.Principal!.GetClaim("sub") is { } subject)
                {
                    var changed = Careless.PrincipalOf(whom == "another person" ? other : Guid.ParseExact(subject, "D"));
                    context.Principal = whom == "nobody" ? changed.RemoveClaims("sub") : changed;
                }
            }));
        var client = await world.AddClientAsync();
        var browser = world.OpenBrowser();
        var email = await world.AddUserAsync();
        var code = (await browser.SignInAsync(client.Start(), email)).Parameter("code")!;
        var before = await world.TokensOfPeopleAsync();
        victim = await world.IdOfAsync(await world.AddUserAsync());

        var start = await browser.GetAsync(client.Start());
        (await browser.FollowAsync(start)).Status.ShouldBe(HttpStatusCode.InternalServerError);
        var exchange = await client.ExchangeAsync(code);

        exchange.Status.ShouldBe(HttpStatusCode.InternalServerError);
        exchange.AccessToken.ShouldBeNull();
        (await world.TokensOfPeopleAsync()).Select(token => (token.Id, token.Status)).ShouldBe(before.Select(token => (token.Id, token.Status)), ignoreOrder: true);
    }

    [Fact]
    public async Task A_stamped_subject_and_session_pass() =>
        await CheckAsync(new(Ada.ToString("D"), Session), Careless.PrincipalOf(Ada, Session));

    [Fact]
    public async Task An_access_token_that_carries_no_session_passes() =>
        await CheckAsync(new(Ada.ToString("D"), Session), Careless.PrincipalOf(Ada, Session).RemoveClaims(SubjectPrincipal.SessionId));

    [Fact]
    public async Task A_stored_request_of_nobody_passes() =>
        await CheckAsync(new(null, null), new ClaimsPrincipal(new ClaimsIdentity()));

    [Fact]
    public async Task Nothing_passes_without_a_stamp()
    {
        await ShouldThrowAsync(null, Careless.PrincipalOf(Ada, Session));
        await ShouldThrowAsync(null, new ClaimsPrincipal(new ClaimsIdentity()));
    }

    [Fact]
    public async Task A_stamp_of_one_is_of_no_use_to_another()
    {
        await ShouldThrowAsync(new(Ada.ToString("D"), Session), Careless.PrincipalOf(Guid.NewGuid(), Session));
        await ShouldThrowAsync(new(Ada.ToString("D"), Session), Careless.PrincipalOf(Ada, Guid.NewGuid()));
        await ShouldThrowAsync(new(Ada.ToString("D"), Session), new ClaimsPrincipal(new ClaimsIdentity()));
        await ShouldThrowAsync(new(null, null), Careless.PrincipalOf(Ada, Session));
        await ShouldThrowAsync(new("a-client", null), Careless.PrincipalOf(Ada, Session));
        await ShouldThrowAsync(new(Ada.ToString("D"), null), Careless.PrincipalOf(Ada, Session));
        await ShouldThrowAsync(new(Ada.ToString("D").ToUpperInvariant(), Session), Careless.PrincipalOf(Ada, Session));
    }

    private static async Task CheckAsync(SignInStamp? stamp, ClaimsPrincipal principal)
    {
        var transaction = new OpenIddictServerTransaction { Logger = NullLogger.Instance, Options = new() };
        stamp?.PutOn(transaction);
        await new RequireStamp().HandleAsync(new GenerateTokenContext(transaction) { Principal = principal });
    }

    private static async Task ShouldThrowAsync(SignInStamp? stamp, ClaimsPrincipal principal) =>
        await Should.ThrowAsync<InvalidOperationException>(CheckAsync(stamp, principal));
}
