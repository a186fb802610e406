using System.Net;
using System.Xml.Linq;
using IdentityServer.Audit;
using IdentityServer.Secrets;
using IdentityServer.Settings;
using IdentityServer.Tests.Maintenance;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.DataProtection.KeyManagement;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Secrets;

/// <summary>The root secret is replaced while people are signed in and on their way, and nobody notices.</summary>
public sealed class RootSecretReplacementTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Sessions_tokens_and_codes_under_way_survive_in_the_server_that_runs_and_in_the_next()
    {
        await using var world = await World.StartAsync();
        var signedIn = await Visitor.ArriveAsync(world);
        using var verbs = VerbRun.Beside(world.Server);
        var file = Path.Combine(world.Server.Directory, "root.secret");
        var (before, former) = (await File.ReadAllTextAsync(file, Cancel), Secrets(world.Server).Current.Id);

        var answer = await verbs.RunAsync("secrets", "rotate");

        answer.ExitCode.ShouldBe(0, answer.Error);
        var present = Secrets(world.Server).Current.Id;
        present.ShouldNotBe(former);
        answer.Out.ShouldStartWith($"The root secret is {present} now; 1 key is wrapped anew.");
        answer.Out.ShouldNotContain((await File.ReadAllTextAsync(file, Cancel)).Trim());
        (await File.ReadAllTextAsync(file + ".previous", Cancel)).ShouldBe(before);
        (await WrappedUnderAsync(world)).ShouldBe([present]);
        (await world.ReadAsync(db => db.AuditEvents.SingleAsync(entry => entry.Name == AuditEvents.RootSecretReplaced, Cancel))).Details.ShouldContain(present);
        await signedIn.GoOnAsync();

        // The process that runs reads what is wrapped under the new one, and wraps under it.
        var keys = world.Server.Services.GetRequiredService<IKeyManager>();
        keys.GetAllKeys().ShouldAllBe(key => key.CreateEncryptor() != null);
        keys.CreateNewKey(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(90));
        (await WrappedUnderAsync(world)).ShouldBe([present, present]);

        File.Delete(file + ".previous");
        await world.Server.RestartAsync();
        await signedIn.ComeBackAsync();
    }

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Killed_between_any_two_steps_it_starts_again_with_everything(int steps)
    {
        await using var world = await World.StartAsync();
        var signedIn = await Visitor.ArriveAsync(world);
        var files = Secrets(world.Server).ShouldBeOfType<RootSecretFiles>();
        Func<Task>[] replacement =
        [
            () => Done(files.KeepPresent),
            () => Done(files.PutNew),
            () => world.Server.Services.GetRequiredService<RootSecretReplacement>().RewrapAsync(tell: null, Cancel),
        ];
        foreach (var step in replacement.Take(steps))
        {
            await step();
        }

        await world.Server.RestartAsync();
        await signedIn.GoOnAsync();
        (await WrappedUnderAsync(world)).ShouldBe([Secrets(world.Server).Current.Id], "the start finishes what was begun");

        // And again from there, over what was left.
        using var verbs = VerbRun.Beside(world.Server);
        (await verbs.RunAsync("secrets", "rotate")).ExitCode.ShouldBe(0);
        (await verbs.RunAsync("secrets", "rotate")).ExitCode.ShouldBe(0);
        await world.Server.RestartAsync();
        await signedIn.ComeBackAsync();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Nodes_are_given_the_new_secret_one_after_the_other(bool postgreSql)
    {
        var (former, present) = (RootSecret.Generate(), RootSecret.Generate());
        await using var world = await World.StartAsync(postgreSql, setup =>
        {
            setup.Settings["Issuer"] = "http://id.example.com";
            setup.Settings["RootSecret:Value"] = former.Reveal();
        });
        await using var other = await world.Server.StartAnotherNodeAsync();
        var signedIn = await Visitor.ArriveAsync(world);
        using var verbs = VerbRun.Beside(world.Server);
        (await verbs.RunAsync("secrets", "rotate")).ExitCode.ShouldBe(1, "there is nothing to replace it with");

        // While the first has both, the second still has the former alone.
        foreach (var node in new[] { world.Server, other })
        {
            node.Setup.Settings["RootSecret:Value"] = present.Reveal();
            node.Setup.Settings["RootSecret:Previous:Value"] = former.Reveal();
            await node.RestartAsync();
            (await WrappedUnderAsync(world)).ShouldBe([former.Id], "another node may not have both yet");
        }

        var answer = await verbs.RunAsync("secrets", "rotate");
        answer.ExitCode.ShouldBe(0, answer.Error);
        answer.Out.ShouldContain(present.Id);
        (await WrappedUnderAsync(world)).ShouldBe([present.Id]);
        await signedIn.GoOnAsync();
        (await verbs.RunAsync("secrets", "rotate")).Error.ShouldContain("Take RootSecret:Previous away");

        foreach (var node in new[] { world.Server, other })
        {
            node.Setup.Settings.Remove("RootSecret:Previous:Value");
            await node.RestartAsync();
        }

        await signedIn.ComeBackAsync();
        other.Setup.Settings["RootSecret:Value"] = former.Reveal();
        var refused = await Should.ThrowAsync<ConfigurationException>(other.RestartAsync);
        refused.Problems.ShouldHaveSingleItem().Problem.ShouldBe("is not the one that this database's keys are wrapped under.");
    }

    [Fact]
    public async Task A_node_that_lacks_a_secret_of_some_keys_does_not_start_and_says_what_to_give()
    {
        var (former, present) = (RootSecret.Generate(), RootSecret.Generate());
        await using var world = await World.StartAsync(configure: setup => setup.Settings["RootSecret:Value"] = former.Reveal());
        world.Server.Setup.Settings["RootSecret:Value"] = present.Reveal();
        world.Server.Setup.Settings["RootSecret:Previous:Value"] = former.Reveal();
        await world.Server.RestartAsync();
        world.Server.Services.GetRequiredService<IKeyManager>().CreateNewKey(DateTimeOffset.UtcNow, DateTimeOffset.UtcNow.AddDays(90));

        world.Server.Setup.Settings.Remove("RootSecret:Previous:Value");
        var refused = await Should.ThrowAsync<ConfigurationException>(world.Server.RestartAsync);

        var problem = refused.Problems.ShouldHaveSingleItem();
        problem.Problem.ShouldBe("is not enough: 1 of this database's 2 keys are wrapped under another.");
        problem.Mend.ShouldContain("RootSecret:Previous:Value");
    }

    [Fact]
    public async Task A_new_key_of_codes_is_taken_up_and_codes_under_way_stay_good()
    {
        await using var world = await World.StartAsync();
        var signedIn = await Visitor.ArriveAsync(world);
        await world.AdvanceAsync(TimeSpan.FromSeconds(5));
        using var verbs = VerbRun.Beside(world.Server);

        var answer = await verbs.RunAsync("secrets", "rotate", "--with-code-key");

        answer.ExitCode.ShouldBe(0, answer.Error);
        await signedIn.GoOnAsync();
        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        await Visitor.ArriveAsync(world);
        var keys = await world.ReadAsync(db => db.OtpChallenges.OrderBy(challenge => challenge.CreatedAt).Select(challenge => challenge.KeyId).ToListAsync(Cancel));
        answer.Out.ShouldContain(keys[^1]);
        keys[0].ShouldNotBe(keys[^1]);
    }

    [Fact]
    public async Task Of_a_former_value_and_file_only_one_may_be_configured_and_a_named_file_must_be_there()
    {
        var secret = RootSecret.Generate().Reveal();

        var both = await Should.ThrowAsync<ConfigurationException>(() => TestServer.StartAsync(setup =>
        {
            setup.Settings["RootSecret:Previous:Value"] = secret;
            setup.Settings["RootSecret:Previous:File"] = "/no/such/file";
        }));

        both.Problems.Select(problem => (problem.Key, problem.Problem)).ShouldBe(
            [("RootSecret:Previous:File", "is set beside RootSecret:Previous:Value."), ("RootSecret:Previous:File", "/no/such/file cannot be read.")], ignoreOrder: true);
    }

    private static RootSecrets Secrets(TestServer server) => server.Services.GetRequiredService<RootSecrets>();

    private static Task<List<string>> WrappedUnderAsync(World world) => world.ReadAsync(async db =>
        (await db.DataProtectionKeys.AsNoTracking().Select(key => key.Xml!).ToListAsync(Cancel))
            .SelectMany(xml => XElement.Parse(xml).Descendants("rootSecretWrapped")).Select(wrapped => (string)wrapped.Attribute("secret")!).ToList());

    private static Task Done(Action step)
    {
        step();
        return Task.CompletedTask;
    }

    /// <summary>Somebody with a session, a refresh token, an authorization code that waits to be traded and a one-time code that waits to be typed.</summary>
    private sealed class Visitor(World world, RelyingParty client, Browser browser, Browser waiting)
    {
        private string _refreshToken = "";
        private string _code = "";
        private Answer? _page;
        private string _digits = "";

        private Browser Waiting => waiting;

        public static async Task<Visitor> ArriveAsync(World world)
        {
            var (client, browser, email) = (await world.AddClientAsync(), world.OpenBrowser(), await world.AddUserAsync());
            var visitor = new Visitor(world, client, browser, world.OpenBrowser());
            var tokens = await client.ExchangeAsync((await browser.SignInAsync(client.Start(), email)).Parameter("code")!);
            visitor._refreshToken = tokens.RefreshToken!;
            visitor._code = (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("code")!;
            var second = await world.AddUserAsync();
            visitor._page = await visitor.Waiting.ReachCodePageAsync(client.Start(), second);
            visitor._digits = await visitor.Waiting.ReadCodeAsync(second);
            return visitor;
        }

        /// <summary>All of it goes on.</summary>
        public async Task GoOnAsync()
        {
            (await client.ExchangeAsync(_code)).Status.ShouldBe(HttpStatusCode.OK, "the authorization code");
            (await waiting.FollowAsync(await waiting.EnterCodeAsync(_page!, _digits))).Parameter("code").ShouldNotBeNull("the one-time code");
            await ComeBackAsync();
        }

        /// <summary>What lasts goes on.</summary>
        public async Task ComeBackAsync()
        {
            var refreshed = await client.RefreshAsync(_refreshToken);
            refreshed.Status.ShouldBe(HttpStatusCode.OK, refreshed.Json.ToString());
            _refreshToken = refreshed.RefreshToken!;
            (await PublishedKeys.FetchAsync(world.Server)).Verify(refreshed.IdToken!).ShouldBeTrue();
            (await browser.FollowAsync(await browser.GetAsync(client.Start(("prompt", "none"))))).Parameter("code").ShouldNotBeNull("the session");
        }
    }
}
