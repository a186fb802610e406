using IdentityServer.Domain.Users;
using IdentityServer.SignIn.Changes;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Maintenance;
using IdentityServer.Tests.Support;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.TestUsers;

/// <summary>No way but one leads to an address under the domain of test users: whoever got there could read what a client's owners read.</summary>
public sealed class ReservedDomainTests
{
    private const string Wanted = "ada@Test-Users.invalid";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(Wanted)]
    [InlineData("ada@mail.test-users.invalid")]
    [InlineData("ada@ｔest-users.invalid")]
    public async Task The_directory_makes_nobody_there(string wanted)
    {
        await using var world = await World.StartAsync();
        EmailAddress.TryParse(wanted, out var address).ShouldBeTrue();
        var account = new NewUser(address!, null, EmailVerified: true, StandardClaims.None);

        await world.Server.InScopeAsync(async services =>
        {
            var users = services.GetRequiredService<UserDirectory>();
            (await users.CreateAsync(account, Cancel)).ShouldBeOfType<UserCreation.AddressReserved>();
            (await users.CreateWithinAsync(account, Cancel)).ShouldBeOfType<UserCreation.AddressReserved>();
            await Should.ThrowAsync<ArgumentException>(() => users.CreateManyAsync([account], Cancel));
            return true;
        });

        (await world.AccountsAsync()).ShouldBeEmpty();
    }

    [Fact]
    public async Task No_change_of_address_leads_there_or_away_from_there()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var (person, testUser) = (await world.AddUserAsync(), await world.AddTestUserAsync(client));
        EmailAddress.TryParse(Wanted, out var there).ShouldBeTrue();
        EmailAddress.TryParse("free@example.com", out var away).ShouldBeTrue();

        foreach (var (email, address) in new[] { (person, there!), (testUser.Email, there!), (testUser.Email, away!) })
        {
            await world.Server.InScopeAsync(async services =>
            {
                var (users, changes) = (services.GetRequiredService<UserDirectory>(), services.GetRequiredService<AddressChanges>());
                var user = (await users.FindByEmailAsync(email, Cancel))!;
                (await changes.ChangeAsync(user.Id, address, Cancel)).ShouldBeNull();
                (await changes.RebindAsync(user.Id, address, Cancel)).ShouldBeNull();
                (await services.GetRequiredService<OperatorHelp>().ChangeAddressAsync(user, address, Cancel)).ShouldBeFalse();
                return true;
            });
        }

        (await world.AccountsAsync()).ShouldBe([person, testUser.Email], ignoreOrder: true);
    }

    [Fact]
    public async Task The_pages_say_why()
    {
        await using var world = await World.StartAsync();
        var (browser, _) = await world.OpenAccountAsync(await world.AddUserAsync());
        await world.QuietAsync();
        var sent = world.Smtp.Mails.Count;

        var change = await browser.TryAddressAsync(Wanted);
        var stranger = world.OpenBrowser();
        var signUp = await stranger.SubmitAsync(
            await stranger.GetAsync("/sign-up"), new Dictionary<string, string> { ["Email"] = Wanted, ["Password"] = World.Password });

        change.Alert.ShouldBe("Addresses under test-users.invalid are for the test users of apps. Give an address whose mail you read.");
        signUp.Alert.ShouldBe(change.Alert);
        await world.QuietAsync();
        world.Smtp.Mails.Count.ShouldBe(sent);
        (await world.ReadAsync(db => db.PendingAccounts.CountAsync(Cancel))).ShouldBe(0);
        (await world.ReadAsync(db => db.PendingAddresses.CountAsync(Cancel))).ShouldBe(0);
    }

    [Fact]
    public async Task The_verbs_and_the_import_say_why()
    {
        using var installation = new VerbRun();
        var file = Path.Combine(Directory.CreateTempSubdirectory("identityserver-").FullName, "accounts.jsonl");
        await File.WriteAllTextAsync(file, $$"""{"email":"{{Wanted}}","password":"violet lantern 42"}""" + "\n", Cancel);
        (await installation.RunAsync("violet lantern 42", ["users", "create", "--email", "ada@example.com"])).ExitCode.ShouldBe(0);

        var create = await installation.RunAsync("violet lantern 42", ["users", "create", "--email", Wanted]);
        var change = await installation.RunAsync("users", "change-address", "--email", "ada@example.com", "--to", Wanted);
        var import = await installation.RunAsync("users", "import", file);

        (create.ExitCode, change.ExitCode, import.ExitCode).ShouldBe((2, 2, 1));
        foreach (var answer in new[] { create, change, import })
        {
            (answer.Out + answer.Error).ShouldContain("under test-users.invalid, which is kept for test users");
        }

        await using var server = await InstallationServer.OpenAsync(installation);
        (await server.AccountsAsync()).ShouldBe(["ada@example.com"]);
        Directory.Delete(Path.GetDirectoryName(file)!, recursive: true);
    }

    [Fact]
    public async Task A_demo_account_there_stops_the_start() =>
        (await Should.ThrowAsync<IdentityServer.Settings.ConfigurationException>(() => TestServer.StartAsync(setup =>
        {
            setup.Settings["Demo:Users:0:Email"] = Wanted;
            setup.Settings["Demo:Users:0:Password"] = "violet lantern 42";
        }))).Problems.ShouldHaveSingleItem().Key.ShouldBe("Demo:Users:0:Email");
}
