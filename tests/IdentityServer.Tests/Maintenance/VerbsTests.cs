using IdentityServer.Audit;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Domain.Users;
using IdentityServer.Maintenance;
using IdentityServer.SignIn.Proofs;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Maintenance;

public sealed class VerbsTests
{
    private const string Password = "violet lantern 42";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("root", "--help")]
    [InlineData("users", "users --help")]
    [InlineData("users-create", "users create -h")]
    [InlineData("users-import", "users import --help")]
    [InlineData("users-reset-budget", "users reset-budget -?")]
    [InlineData("users-change-address", "users change-address --help")]
    [InlineData("users-administrator", "users administrator --help")]
    [InlineData("clients-import", "clients import --help")]
    [InlineData("registration-tokens-create", "registration-tokens create --help")]
    [InlineData("registration-tokens-list", "registration-tokens list --help")]
    [InlineData("registration-tokens-revoke", "registration-tokens revoke --help")]
    [InlineData("resources-import", "resources import --help")]
    [InlineData("resources-list", "resources list --help")]
    [InlineData("keys-list", "keys list --help")]
    [InlineData("keys-rotate", "keys rotate --help")]
    [InlineData("keys-revoke", "keys revoke --help")]
    [InlineData("secrets-rotate", "secrets rotate --help")]
    [InlineData("clients-logouts", "clients logouts --help")]
    [InlineData("clients-owners", "clients owners --help")]
    [InlineData("db-migrate", "db migrate --help")]
    public async Task Help_says_what_a_verb_takes_and_answers(string snapshot, string commandLine)
    {
        using var installation = new VerbRun();

        var answer = await installation.RunAsync(commandLine.Split(' '));

        answer.ExitCode.ShouldBe(0);
        answer.Error.ShouldBeEmpty();
        Snapshot.ShouldMatch($"Maintenance/Snapshots/{snapshot}.txt", answer.Out);
    }

    [Theory]
    [InlineData("user", "'user' is not a verb. Verbs are: users create, users import, users reset-budget, users change-address, users administrator, clients import, clients logouts, clients owners, registration-tokens create, registration-tokens list, registration-tokens revoke, resources import, resources list, keys list, keys rotate, keys revoke, secrets rotate, db migrate.")]
    [InlineData("users", "A verb is missing. Verbs are: users create, users import, users reset-budget, users change-address, users administrator.")]
    [InlineData("users imprt FILE", "'imprt' is not a verb. Verbs are: users create,")]
    [InlineData("users create", "'--email' is required")]
    [InlineData("users create --email ada@example.com --nmae Ada", "'--nmae'")]
    [InlineData("users create --email nonsense", "write it as name@example.com")]
    [InlineData("users import", "IdentityServer users import --help")]
    [InlineData("users import /no/such/file", "FILE cannot be read")]
    [InlineData("registration-tokens create", "'--label' is required")]
    [InlineData("registration-tokens create --label Shop --uses 0", "--uses is not 1 to 10000.")]
    [InlineData("registration-tokens create --label Shop --uses many", "many")]
    [InlineData("registration-tokens create --label Shop --expires 366", "--expires is not 1 to 365 days.")]
    [InlineData("registration-tokens create --label Shop --scope \"", "--scope is not a scope")]
    [InlineData("registration-tokens revoke", "IdentityServer registration-tokens revoke --help")]
    [InlineData("clients logouts", "'--client-id' is required")]
    [InlineData("clients logouts --client-id shop --last 0", "--last is not a number from 1 to 1000")]
    [InlineData("users administrator", "'--email' is required")]
    [InlineData("clients owners", "'--client-id' is required")]
    [InlineData("clients owners --client-id shop --add a@x.example --remove b@x.example", "Give --add or --remove, not both.")]
    [InlineData("db migrate now", "'now'")]
    [InlineData("keys rotate --algorithm HS256", "'ES256'")]
    [InlineData("keys revoke", "IdentityServer keys revoke --help")]
    [InlineData("db migrate --Storage:Provider=Oracle", "Storage:Provider")]
    [InlineData("db migrate --Storage:Provder=Sqlite", "Storage:Provder")]
    public async Task A_wrong_command_line_or_configuration_names_the_mend_and_does_nothing(string commandLine, string mend)
    {
        using var installation = new VerbRun();

        var answer = await installation.RunAsync(commandLine.Split(' '));

        answer.ExitCode.ShouldBe(2);
        answer.Error.ShouldContain(mend);
        answer.Out.ShouldBeEmpty();
        Directory.EnumerateFileSystemEntries(installation.Directory).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_name_obeys_the_rule_of_its_claim()
    {
        using var installation = new VerbRun();

        var answer = await installation.RunAsync("users", "create", "--email", "ada@example.com", "--name", " ");

        answer.ShouldBe(new VerbAnswer(2, "", "--name is empty; leave it out.\n"));
    }

    [Theory]
    [InlineData("", true)]
    [InlineData("--urls http://localhost:5080", true)]
    [InlineData("--environment=Production", true)]
    [InlineData("--Mail:From x@example.com --Issuer=https://id.example.com", true)]
    [InlineData("--Unknown value", true)]
    [InlineData("/urls=http://localhost:5080", true)]
    [InlineData("urls=http://localhost:5080", true)]
    [InlineData("--help", false)]
    [InlineData("--version", false)]
    [InlineData("users create", false)]
    [InlineData("--Storage:DataDirectory=/srv/id users create", false)]
    [InlineData("--Storage:DataDirectory /srv/id users create", false)]
    [InlineData("serve", false)]
    public void Without_a_verb_the_server_is_meant(string commandLine, bool server) =>
        VerbArguments.Split(commandLine.Split(' ', StringSplitOptions.RemoveEmptyEntries)).NamesNoVerb.ShouldBe(server);

    [Fact]
    public void Configuration_is_told_apart_from_the_verb_wherever_it_stands()
    {
        var arguments = VerbArguments.Split(
            ["--Storage:Provider", "Sqlite", "users", "--environment=Production", "create", "--email", "a@x.example", "--Mail:From=b@x.example"]);

        arguments.Configuration.ShouldBe(["--Storage:Provider", "Sqlite", "--environment=Production", "--Mail:From=b@x.example"]);
        arguments.Verb.ShouldBe(["users", "create", "--email", "a@x.example"]);
    }

    [Theory]
    [InlineData("violet lantern 42\n")]
    [InlineData("violet lantern 42\r\n")]
    [InlineData("violet lantern 42")]
    [InlineData("violet lantern 42\nand more\n")]
    public async Task An_account_is_made_with_the_first_line_of_standard_input(string input)
    {
        using var installation = new VerbRun();

        var answer = await installation.RunAsync(input, ["users", "create", "--email", "Ada@example.com", "--name", "Ada Lovelace"]);

        answer.ExitCode.ShouldBe(0, answer.Error);
        answer.Out.ShouldContain("Ada@example.com");
        answer.Error.ShouldBeEmpty();
        await using var server = await InstallationServer.OpenAsync(installation);
        var user = (await server.InScopeAsync(services => services.GetRequiredService<UserDirectory>().FindByEmailAsync("ada@example.com", Cancel))).ShouldNotBeNull();
        answer.Out.ShouldContain(user.Id.ToString("D"));
        user.Claims.ShouldBe("""{"name":"Ada Lovelace"}""");
        (await server.Services.GetRequiredService<IPasswordHasher>().VerifyAsync(user.PasswordHash, Password, user.NormalizedEmail, Cancel))
            .ShouldBe(new PasswordVerdict.Right(NeedsRehash: false));
    }

    [Theory]
    [InlineData("", "No password was given")]
    [InlineData("\n", "No password was given")]
    [InlineData("short\n", "fewer than 12")]
    [InlineData("Password-2026!\n", "among the first that are guessed")]
    public async Task A_password_that_may_not_be_chosen_is_refused(string input, string reason)
    {
        using var installation = new VerbRun();

        var answer = await installation.RunAsync(input, ["users", "create", "--email", "ada@example.com"]);

        answer.ExitCode.ShouldBe(1);
        answer.Error.ShouldContain(reason);
        answer.Out.ShouldBeEmpty();
    }

    [Fact]
    public async Task Who_can_type_is_asked_twice_and_nothing_is_shown()
    {
        using var installation = new VerbRun();
        string[] verb = ["users", "create", "--email", "ada@example.com"];
        var typed = new Queue<string?>([Password, Password + "?", Password, Password]);

        var differing = await installation.RunAsync("", verb, watched: true, typed.Dequeue);
        var same = await installation.RunAsync("", verb, watched: true, typed.Dequeue);

        differing.ExitCode.ShouldBe(1);
        differing.Error.ShouldContain("differ");
        same.ExitCode.ShouldBe(0);
        (differing.Out + differing.Error + same.Out + same.Error).ShouldNotContain(Password);
    }

    [Fact]
    public async Task An_address_that_has_an_account_is_refused_before_a_password_is_asked_for()
    {
        using var installation = new VerbRun();
        (await installation.RunAsync(Password, ["users", "create", "--email", "ada@example.com"])).ExitCode.ShouldBe(0);

        var again = await installation.RunAsync(
            "", ["users", "create", "--email", "ADA@example.com"], watched: true, () => throw new InvalidOperationException("It asked."));

        again.ExitCode.ShouldBe(1);
        again.Error.ShouldContain("has an account already");
    }

    [Fact]
    public async Task A_guess_budget_is_reset_and_audited_while_the_server_runs()
    {
        using var installation = new VerbRun();
        (await installation.RunAsync(Password, ["users", "create", "--email", "ada@example.com"])).ExitCode.ShouldBe(0);
        await using var server = await InstallationServer.OpenAsync(installation);
        await server.InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().AccountGuessBudgets
            .ExecuteUpdateAsync(set => set.SetProperty(budget => budget.ExhaustedAt, DateTimeOffset.UnixEpoch).SetProperty(budget => budget.PasswordSpent, 40), Cancel));

        var answer = await installation.RunAsync("users", "reset-budget", "--email", "ada@example.com");

        answer.ExitCode.ShouldBe(0, answer.Error);
        await server.InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            var user = await db.Users.SingleAsync(row => row.NormalizedEmail == "ada@example.com", Cancel);
            var budget = await db.AccountGuessBudgets.SingleAsync(row => row.UserId == user.Id, Cancel);
            budget.ExhaustedAt.ShouldBeNull();
            budget.PasswordSpent.ShouldBe(0);
            (await db.AuditEvents.CountAsync(entry => entry.UserId == user.Id && entry.Name == AuditEvents.GuessBudgetReset, Cancel)).ShouldBe(1);
            return true;
        });
    }

    [Fact]
    public async Task An_address_that_strangers_kept_from_new_passwords_is_free_again()
    {
        using var installation = new VerbRun();
        (await installation.RunAsync(Password, ["users", "create", "--email", "ada@example.com"])).ExitCode.ShouldBe(0);
        await using var server = await InstallationServer.OpenAsync(installation);
        Task<bool> TakeAsync() => server.InScopeAsync(async services =>
        {
            EmailAddress.TryParse("ada@example.com", out var address).ShouldBeTrue();
            var lane = await services.GetRequiredService<StandIns>().ForAsync(address!, Cancel);
            var challenge = new OtpChallenge { Purpose = OtpPurpose.Reset, LimitKey = lane, Seed = [], BrowserHash = [], KeyId = "", Reference = "" };
            return await services.GetRequiredService<ProofLimits>().TakeMailAsync(challenge, TimeProvider.System.GetUtcNow(), Cancel) is null;
        });
        while (await TakeAsync())
        {
        }

        (await installation.RunAsync("users", "reset-budget", "--email", "ada@example.com")).ExitCode.ShouldBe(0);

        (await TakeAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task A_lost_mailbox_is_replaced_and_cannot_have_the_account_back()
    {
        using var installation = new VerbRun();
        (await installation.RunAsync(Password, ["users", "create", "--email", "ada@example.com"])).ExitCode.ShouldBe(0);

        var answer = await installation.RunAsync("users", "change-address", "--email", "ada@example.com", "--to", "Ada@example.org");

        answer.ExitCode.ShouldBe(0, answer.Error);
        await using var server = await InstallationServer.OpenAsync(installation);
        await server.InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            var user = await db.Users.SingleAsync(row => row.NormalizedEmail == "ada@example.org", Cancel);
            (user.Email, user.CredentialVersion).ShouldBe(("Ada@example.org", 1));
            (await db.FormerAddresses.AnyAsync(Cancel)).ShouldBeFalse();
            (await db.AuditEvents.CountAsync(entry => entry.UserId == user.Id && entry.Name == AuditEvents.AddressRebound, Cancel)).ShouldBe(1);
            (await db.OutboxMessages.CountAsync(message => message.UserId == user.Id && message.Payload.Contains("AddressRebound"), Cancel)).ShouldBe(2);
            return true;
        });
    }

    [Theory]
    [InlineData("nobody@example.com", "free@example.com", 1, "No account has this address")]
    [InlineData("ada@example.com", "taken@example.com", 1, "Another account has the new address")]
    [InlineData("ada@example.com", "no address", 2, "--to is not an address")]
    public async Task An_address_that_cannot_be_given_is_refused_and_nothing_changes(string email, string to, int exitCode, string reason)
    {
        using var installation = new VerbRun();
        (await installation.RunAsync(Password, ["users", "create", "--email", "ada@example.com"])).ExitCode.ShouldBe(0);
        (await installation.RunAsync(Password, ["users", "create", "--email", "taken@example.com"])).ExitCode.ShouldBe(0);

        var answer = await installation.RunAsync("users", "change-address", "--email", email, "--to", to);

        answer.ExitCode.ShouldBe(exitCode);
        answer.Error.ShouldContain(reason);
        await using var server = await InstallationServer.OpenAsync(installation);
        (await server.InScopeAsync(services => services.GetRequiredService<IdentityServerDbContext>().Users
            .CountAsync(user => user.CredentialVersion == 0 && (user.Email == "ada@example.com" || user.Email == "taken@example.com"), Cancel))).ShouldBe(2);
    }

    [Fact]
    public async Task A_guess_budget_of_nobody_is_not_reset()
    {
        using var installation = new VerbRun();

        var answer = await installation.RunAsync("users", "reset-budget", "--email", "nobody@example.com");

        answer.ExitCode.ShouldBe(1);
        answer.Error.ShouldContain("No account has this address");
    }

    [Fact]
    public async Task Migrating_twice_changes_nothing()
    {
        using var installation = new VerbRun();

        var first = await installation.RunAsync("db", "migrate");
        var second = await installation.RunAsync("db", "migrate");

        first.ExitCode.ShouldBe(0, first.Error);
        first.Out.ShouldContain("Applied ");
        second.ShouldBe(new VerbAnswer(0, "The database is up to date.\n", ""));
    }

    [Fact]
    public async Task On_a_shared_database_verbs_wait_for_the_verb_that_migrates()
    {
        await using var database = await TestDatabase.CreateAsync();
        using var installation = new VerbRun { Environment = "Production" };
        string[] configuration =
        [
            "--Storage:Provider=PostgreSql", $"--Storage:ConnectionString={database.ConnectionString}", "--Issuer=https://id.example.com",
            "--Mail:From=id@example.com", "--Mail:Relays:0:Host=relay.example.com", "--Proxy:KnownAddresses:0=192.0.2.1",
            "--RootSecret:Value=AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=",
        ];

        var early = await installation.RunAsync(Password, ["users", "create", "--email", "ada@example.com", .. configuration]);
        var migration = await installation.RunAsync(["db", "migrate", .. configuration]);
        var later = await installation.RunAsync(Password, ["users", "create", "--email", "ada@example.com", .. configuration]);

        early.ExitCode.ShouldBe(2);
        early.Error.ShouldContain("db migrate");
        migration.ExitCode.ShouldBe(0, migration.Error);
        later.ExitCode.ShouldBe(0, later.Error);
    }

    [Fact]
    public async Task In_production_a_verb_refuses_what_the_server_refuses()
    {
        using var installation = new VerbRun { Environment = "Production" };

        var answer = await installation.RunAsync(
            Password, ["users", "create", "--email", "ada@example.com", "--Demo:Users:0:Email=eve@example.com", "--Demo:Users:0:Password=violet lantern 42"]);

        answer.ExitCode.ShouldBe(2);
        answer.Error.ShouldContain("Issuer");
        answer.Error.ShouldContain("Demo:Users");
    }
}
