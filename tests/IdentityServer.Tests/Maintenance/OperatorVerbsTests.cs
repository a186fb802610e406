using IdentityServer.Audit;
using IdentityServer.Storage;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Maintenance;

/// <summary>The operator says who administrates, and whose a client is.</summary>
public sealed class OperatorVerbsTests
{
    private const string Shop =
        """{"client_id":"shop","client_name":"Shop","redirect_uris":["https://shop.example.com/cb"],"token_endpoint_auth_method":"none"}""";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_administrator_is_appointed_and_dismissed_once_each_and_both_are_kept()
    {
        using var installation = await WithAccountsAsync("ada@example.com");
        string[] verb = ["users", "administrator", "--email", "ADA@example.com"];

        var appointed = await installation.RunAsync(verb);
        var again = await installation.RunAsync(verb);
        var standing = await UserAsync(installation, user => user.Administrator);
        var dismissed = await installation.RunAsync([.. verb, "--revoke"]);
        var none = await installation.RunAsync([.. verb, "--revoke"]);

        appointed.ShouldBe(new VerbAnswer(0, "ada@example.com is an administrator now.\n", ""));
        again.ShouldBe(new VerbAnswer(0, "ada@example.com was an administrator before.\n", ""));
        standing.ShouldBeTrue();
        dismissed.ShouldBe(new VerbAnswer(0, "ada@example.com is no administrator any more.\n", ""));
        none.ShouldBe(new VerbAnswer(0, "ada@example.com was no administrator.\n", ""));
        (await UserAsync(installation, user => user.Administrator)).ShouldBeFalse();
        (await EventsAsync(installation, "user.administrator-")).ShouldBe([AuditEvents.AdministratorAppointed, AuditEvents.AdministratorDismissed]);
    }

    [Fact]
    public async Task A_test_user_holds_no_office_and_owns_no_client()
    {
        using var installation = await WithAccountsAsync("ada@example.com");
        await ImportAsync(installation);
        await InDatabaseAsync(installation, async db =>
        {
            var shop = await db.Clients.Where(client => client.ClientId == "shop").Select(client => client.Id).SingleAsync(Cancel);
            return await db.Users.Where(user => user.NormalizedEmail == "ada@example.com")
                .ExecuteUpdateAsync(set => set.SetProperty(user => user.TestOfClientId, shop), Cancel);
        });

        var office = await installation.RunAsync("users", "administrator", "--email", "ada@example.com");
        var owner = await installation.RunAsync("clients", "owners", "--client-id", "shop", "--add", "ada@example.com");

        office.ShouldBe(new VerbAnswer(1, "", "A client made this account to test itself with. Appoint a person.\n"));
        owner.ShouldBe(new VerbAnswer(1, "", "A client made this account to test itself with. It can own none.\n"));
        (await UserAsync(installation, user => user.Administrator)).ShouldBeFalse();
        (await InDatabaseAsync(installation, db => db.ClientOwners.CountAsync(Cancel))).ShouldBe(0);
    }

    [Fact]
    public async Task Nobody_is_appointed_by_an_address_without_an_account()
    {
        using var installation = new VerbRun();

        (await installation.RunAsync("users", "administrator", "--email", "nobody@example.com"))
            .ShouldBe(new VerbAnswer(1, "", "No account has this address. Look for a typing mistake.\n"));
    }

    [Fact]
    public async Task An_imported_client_gets_an_owner_and_may_lose_the_last_one()
    {
        using var installation = await WithAccountsAsync("ada@example.com", "grace@example.com");
        await ImportAsync(installation);
        string[] verb = ["clients", "owners", "--client-id", "shop"];

        var before = await installation.RunAsync(verb);
        var first = await installation.RunAsync([.. verb, "--add", "Ada@example.com"]);
        var again = await installation.RunAsync([.. verb, "--add", "ada@example.com"]);
        var second = await installation.RunAsync([.. verb, "--add", "grace@example.com"]);
        var both = await installation.RunAsync(verb);
        var one = await installation.RunAsync([.. verb, "--remove", "ada@example.com"]);
        var last = await installation.RunAsync([.. verb, "--remove", "grace@example.com"]);
        var gone = await installation.RunAsync([.. verb, "--remove", "grace@example.com"]);

        before.ShouldBe(new VerbAnswer(0, "", "Nobody owns it.\n"));
        first.ShouldBe(new VerbAnswer(0, "ada@example.com owns it now.\n", ""));
        again.ShouldBe(new VerbAnswer(0, "ada@example.com owned it before.\n", ""));
        second.ExitCode.ShouldBe(0);
        both.Out.ShouldMatch(@"\Aada@example\.com  \d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ\ngrace@example\.com  \S+Z\n\z");
        one.ShouldBe(new VerbAnswer(0, "ada@example.com owns it no longer.\n", ""));
        last.ShouldBe(new VerbAnswer(0, "grace@example.com owns it no longer. Nobody owns it now.\n", ""));
        gone.ShouldBe(new VerbAnswer(1, "", "This person does not own it. Leave out --remove to see who does.\n"));
        (await EventsAsync(installation, "client.owner-")).ShouldBe(
            [AuditEvents.ClientOwnerAdded, AuditEvents.ClientOwnerAdded, AuditEvents.ClientOwnerRemoved, AuditEvents.ClientOwnerRemoved]);
    }

    [Theory]
    [InlineData("clients owners --client-id shap", "No client has this identifier. Look for a typing mistake.\n")]
    [InlineData("clients owners --client-id shap --add ada@example.com", "No client has this identifier. Look for a typing mistake.\n")]
    [InlineData("clients owners --client-id shop --add eve@example.com", "No account has this address. Look for a typing mistake.\n")]
    [InlineData("clients owners --client-id shop --remove eve@example.com", "No account has this address. Look for a typing mistake.\n")]
    public async Task Who_or_what_is_not_there_is_refused(string commandLine, string reason)
    {
        using var installation = await WithAccountsAsync("ada@example.com");
        await ImportAsync(installation);

        (await installation.RunAsync(commandLine.Split(' '))).ShouldBe(new VerbAnswer(1, "", reason));
    }

    [Fact]
    public async Task The_first_demo_user_administrates_in_development()
    {
        await using var server = await TestServer.StartAsync(setup =>
        {
            setup.Settings["Demo:Users:0:Email"] = "carol@example.com";
            setup.Settings["Demo:Users:0:administrator"] = "true";
            setup.Settings["Demo:Users:1:administrator"] = "false";
        });

        (await server.InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().Users
            .Where(user => user.Administrator).Select(user => user.Email).ToListAsync(Cancel))).ShouldBe(["carol@example.com"]);
    }

    private static async Task<VerbRun> WithAccountsAsync(params string[] addresses)
    {
        var installation = new VerbRun();
        foreach (var address in addresses)
        {
            (await installation.RunAsync("violet lantern 42", ["users", "create", "--email", address])).ExitCode.ShouldBe(0);
        }

        return installation;
    }

    private static async Task ImportAsync(VerbRun installation) =>
        (await installation.RunAsync("clients", "import", installation.Write("clients.jsonl", Shop))).ExitCode.ShouldBe(0);

    private static Task<T> UserAsync<T>(VerbRun installation, System.Linq.Expressions.Expression<Func<Storage.Entities.User, T>> part) =>
        InDatabaseAsync(installation, db => db.Users.Where(user => user.NormalizedEmail == "ada@example.com").Select(part).SingleAsync(Cancel));

    private static Task<List<string>> EventsAsync(VerbRun installation, string family) =>
        InDatabaseAsync(installation, db => db.AuditEvents.Where(entry => entry.Name.StartsWith(family)).OrderBy(entry => entry.Id).Select(entry => entry.Name).ToListAsync(Cancel));

    // A context of its own: a server would bring accounts along.
    private static async Task<T> InDatabaseAsync<T>(VerbRun installation, Func<IdentityServerDbContext, Task<T>> work)
    {
        await using var services = new ServiceCollection()
            .AddIdentityServerStorage(new(StorageProvider.Sqlite, $"Data Source={Path.Combine(installation.Directory, "identityserver.db")}"))
            .BuildServiceProvider();
        await using var scope = services.CreateAsyncScope();
        return await work(scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>());
    }
}
