using IdentityServer.Domain.Users;
using IdentityServer.SignIn.Changes;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.SignIn;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Protocol.Logout;

/// <summary>L10: however a session ends, the clients that took part in it hear of it, once, and of no other.</summary>
public sealed class EveryEndTests
{
    private const string Bye = "https://app.example.com/bye";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task L10_By_the_sign_out_page()
    {
        await using var scene = await Scene.OpenAsync();
        await scene.Here.SubmitAsync(await scene.Here.GetAsync("/sign-out"), new Dictionary<string, string>());
        await scene.OnlyHereAsync();
    }

    [Fact]
    public async Task L10_By_the_client_in_the_browser()
    {
        await using var scene = await Scene.OpenAsync();
        await scene.Here.GetAsync($"/connect/endsession?id_token_hint={scene.HintHere}");
        await scene.OnlyHereAsync();
    }

    [Fact]
    public async Task L10_By_the_client_without_the_browser_and_then_only_that_client()
    {
        await using var scene = await Scene.OpenAsync(others: true);
        for (var turn = 0; turn < 2; turn++)
        {
            await scene.World.OpenBrowser().GetAsync($"/connect/endsession?id_token_hint={scene.HintHere}&post_logout_redirect_uri={Uri.EscapeDataString(Bye)}");
        }

        await scene.OnlyHereAsync();
    }

    [Fact]
    public async Task L10_By_signing_out_there()
    {
        await using var scene = await Scene.OpenAsync();
        var page = await scene.There.GetAsync("/account/sessions");
        var family = await scene.FamilyAsync(scene.SidHere);
        await scene.There.SubmitAsync(page, new Dictionary<string, string> { ["Family"] = family.ToString("N") }, formTarget: "handler=End");
        await scene.OnlyHereAsync();
    }

    [Fact]
    public async Task L10_By_signing_out_everywhere_else()
    {
        await using var scene = await Scene.OpenAsync();
        await scene.There.SubmitAsync(await scene.There.GetAsync("/account/sessions"), new Dictionary<string, string>(), formTarget: "handler=EndOthers");
        await scene.OnlyHereAsync();
    }

    [Fact]
    public async Task L10_By_a_change_of_password()
    {
        await using var scene = await Scene.OpenAsync();
        var changed = await scene.There.SubmitAsync(
            await scene.There.GetAsync("/account/password"), new Dictionary<string, string> { ["Current"] = World.Password, ["Password"] = MailboxPages.NewPassword });
        changed.Parameter("done").ShouldBe("changed");
        await scene.OnlyHereAsync();
    }

    [Fact]
    public async Task L10_By_a_change_of_address()
    {
        await using var scene = await Scene.OpenAsync();
        await scene.There.ChangeAddressAsync("moved@example.com");
        await scene.OnlyHereAsync();
    }

    [Fact]
    public async Task L10_By_a_new_password_through_the_mailbox()
    {
        await using var scene = await Scene.OpenAsync();
        await scene.World.OpenBrowser().ResetAsync(scene.Email);
        await scene.BothAsync();
    }

    [Fact]
    public async Task L10_By_an_operator_who_changes_the_address()
    {
        await using var scene = await Scene.OpenAsync();
        EmailAddress.TryParse("rescued@example.com", out var address).ShouldBeTrue();
        (await scene.World.Server.InScopeAsync(async services =>
        {
            var help = services.GetRequiredService<OperatorHelp>();
            return await help.ChangeAddressAsync((await help.FindAsync(scene.Email, Cancel))!, address!, Cancel);
        })).ShouldBeTrue();
        await scene.BothAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task L10_By_the_deletion_of_the_account_even_when_clients_listen_only_later(bool postgreSql)
    {
        await using var scene = await Scene.OpenAsync(postgreSql);
        scene.Receiver.Answer("one", 500);
        var page = await scene.There.AskForDeletionAsync();
        await scene.There.EnterCodeAsync(page, await scene.There.ReadCodeAsync(scene.Email, AccountPages.DeletionMail));
        (await scene.World.ReadAsync(db => db.Users.AnyAsync(user => user.Email == scene.Email, Cancel))).ShouldBeFalse();
        await scene.BothAsync();

        scene.Receiver.Answer("one", 200);
        await scene.World.AdvanceAsync(TimeSpan.FromSeconds(5));
        await scene.BothAsync();
    }

    [Fact]
    public async Task L10_A_session_that_runs_out_by_itself_is_no_sign_out()
    {
        await using var scene = await Scene.OpenAsync();
        await scene.World.AdvanceAsync(Domain.Sessions.SessionPolicy.Lifetime + TimeSpan.FromDays(400));

        // As housekeeping does, which the clock may have woken as well, until nothing is left to take away.
        while (await scene.World.Server.InScopeAsync(services =>
            services.GetRequiredService<Storage.Operations.ExpiredRows>().DeleteAsync(scene.World.Clock.GetUtcNow(), 500, Cancel)) > 0)
        {
        }

        (await scene.World.ReadAsync(db => db.AuthenticationSessions.CountAsync(Cancel))).ShouldBe(0);
        (await scene.World.ReadAsync(db => db.OutboxMessages.CountAsync(row => row.ClientRowId != null, Cancel))).ShouldBe(0);
        scene.Receiver.HasMore.ShouldBeFalse();
    }

    [Fact]
    public async Task L10_Every_sign_in_that_a_browser_made_in_a_row_is_told_of()
    {
        await using var scene = await Scene.OpenAsync();
        await scene.World.AdvanceAsync(TimeSpan.FromMinutes(2));
        var later = await scene.One.ExchangeAsync((await scene.Here.SignInAsync(scene.One.Start(("prompt", "login")), scene.Email)).Parameter("code")!);

        await scene.Here.GetAsync($"/connect/endsession?id_token_hint={later.IdToken}");

        await scene.ToldOfAsync(scene.SidHere, later.IdTokenClaims.GetProperty("sid").GetString()!);
    }

    /// <summary>A person who is signed in at one client in two browsers, <see cref="Here"/> and <see cref="There"/>, and what it hears.</summary>
    private sealed class Scene(LogoutReceiver receiver, World world) : IAsyncDisposable
    {
        public LogoutReceiver Receiver => receiver;

        public World World => world;

        public required string Email { get; init; }

        public required RelyingParty One { get; init; }

        public required Browser Here { get; init; }

        public required Browser There { get; init; }

        public required string HintHere { get; init; }

        public required string SidThere { get; init; }

        public string SidHere => TokenAnswer.Claims(HintHere).GetProperty("sid").GetString()!;

        public static async Task<Scene> OpenAsync(bool postgreSql = false, bool others = false)
        {
            var receiver = await LogoutReceiver.StartAsync();
            var world = await receiver.OpenWorldAsync(postgreSql);
            var email = await world.AddUserAsync();
            var one = await receiver.AddClientAsync(world, "one");
            var (here, there) = (world.OpenBrowser(), world.OpenBrowser());
            var first = await one.ExchangeAsync((await here.SignInAsync(one.Start(), email)).Parameter("code")!);
            var second = await one.ExchangeAsync((await there.SignInAsync(one.Start(), email)).Parameter("code")!);
            if (others)
            {
                var two = await receiver.AddClientAsync(world, "two");
                (await here.FollowAsync(await here.GetAsync(two.Start()))).Parameter("code").ShouldNotBeNull();
            }

            return new(receiver, world)
            {
                Email = email,
                One = one,
                Here = here,
                There = there,
                HintHere = first.IdToken!,
                SidThere = second.IdTokenClaims.GetProperty("sid").GetString()!,
            };
        }

        public Task<Guid> FamilyAsync(string sid)
        {
            var id = Guid.ParseExact(sid, "N");
            return world.ReadAsync(db => db.AuthenticationSessions.Where(row => row.Id == id).Select(row => row.FamilyId).SingleAsync(Cancel));
        }

        public Task OnlyHereAsync() => ToldOfAsync(SidHere);

        public Task BothAsync() => ToldOfAsync(SidHere, SidThere);

        /// <summary>The one client hears of these sessions, and nobody hears of anything else.</summary>
        public async Task ToldOfAsync(params string[] sids)
        {
            var notices = new List<ReceivedNotice>();
            while (notices.Count < sids.Length)
            {
                notices.Add(await receiver.TakeAsync());
            }

            await QuietAsync();
            receiver.HasMore.ShouldBeFalse();
            notices.ShouldAllBe(notice => notice.Client == "one");
            notices.Select(notice => notice.Text("sid")).ShouldBe(sids, ignoreOrder: true);
        }

        // Until no notice is due or under way. Mail may be: a verb wakes nobody.
        private async Task QuietAsync()
        {
            using var limit = CancellationTokenSource.CreateLinkedTokenSource(Cancel);
            limit.CancelAfter(TimeSpan.FromSeconds(30));
            var now = world.Clock.GetUtcNow();
            while (await world.ReadAsync(db => db.OutboxMessages.AnyAsync(row => row.ClientRowId != null && (row.LeasedBy != null || row.DueAt <= now), limit.Token)))
            {
                await Task.Delay(2, limit.Token);
            }
        }

        public async ValueTask DisposeAsync()
        {
            await world.DisposeAsync();
            await receiver.DisposeAsync();
        }
    }
}
