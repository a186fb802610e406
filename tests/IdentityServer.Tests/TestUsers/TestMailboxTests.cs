using System.Text;
using IdentityServer.Alerts;
using IdentityServer.Mail;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.TestUsers;

/// <summary>Only the owners of a client read, and only the mail of that client's test users.</summary>
public sealed class TestMailboxTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_persons_mail_goes_out_and_is_read_by_nobody_here()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        await world.AddTestUserAsync(client);
        var email = await world.AddUserAsync();
        var browser = world.OpenBrowser();

        await browser.SignInAsync(client.Start(), email);

        var person = await world.ReadAsync(db => db.Users.SingleAsync(user => user.Email == email, Cancel));
        (await world.ReadTestMailAsync(client, person.Id)).ShouldBeEmpty();
        (await world.ReadAsync(db => db.TestMails.CountAsync(Cancel))).ShouldBe(0);
    }

    [Fact]
    public async Task Another_clients_test_user_is_read_by_nobody_but_its_owners()
    {
        await using var world = await World.StartAsync();
        var (client, other) = (await world.AddClientAsync(), await world.AddClientAsync());
        var user = await world.AddTestUserAsync(client);
        await world.OpenBrowser().ReachCodePageAsync(client.Start(), user.Email);

        (await world.ReadTestMailAsync(client, user.Id)).Count.ShouldBe(1);
        (await world.ReadTestMailAsync(other, user.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_person_who_is_made_to_look_like_a_test_user_is_still_not_read()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var email = await world.AddUserAsync();
        var row = (await world.SettingsAsync(client)).Id;

        // Half a forgery: the account is said to be the client's, but its address is a person's.
        await world.ReadAsync(db => db.Users.Where(user => user.Email == email).ExecuteUpdateAsync(set => set.SetProperty(user => user.TestOfClientId, row), Cancel));
        var browser = world.OpenBrowser();
        await browser.ReachCodePageAsync("/sign-in", email);

        (await browser.ReadCodeAsync(email)).Length.ShouldBe(5, "it went to the person");
        var person = await world.ReadAsync(db => db.Users.SingleAsync(user => user.Email == email, Cancel));
        (await world.ReadTestMailAsync(client, person.Id)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Mail_to_an_address_of_the_domain_that_nobody_has_is_dropped()
    {
        await using var world = await World.StartAsync();
        await world.ReadAsync(db =>
        {
            db.OutboxMessages.Add(AlertHandler.Message(
                AlertKind.AddressChanged, Guid.NewGuid(), new(null, null, "en"), world.Clock.GetUtcNow(), new(Recipient: "gone.abcdefgh@test-users.invalid", About: "x")));
            return db.SaveChangesAsync(Cancel);
        });
        world.Server.Services.GetRequiredService<IdentityServer.Outbox.OutboxSignal>().Notify();

        await world.QuietAsync();

        world.Smtp.Mails.ShouldBeEmpty();
        (await world.ReadAsync(db => db.TestMails.CountAsync(Cancel))).ShouldBe(0);
        (await world.ReadAsync(db => db.OutboxMessages.SingleAsync(Cancel))).State.ShouldBe(DeliveryState.Abandoned);
    }

    [Theory]
    [InlineData("Person@Example.com", true)]
    [InlineData("nobody.abcdefgh@TEST-USERS.invalid", false)]
    [InlineData("nobody@sub.test-users.invalid", false)]
    public async Task Whoever_sends_what_is_addressed_to_the_domain_stays_here(string address, bool leaves)
    {
        await using var world = await World.StartAsync();
        var mail = world.Server.Services.GetRequiredService<MailComposer>().Compose(address, new("Subject", "Text", "<p>Text</p>"));

        await world.Server.Services.GetRequiredService<IMailTransport>().SendAsync(mail, Cancel);

        world.Smtp.Mails.Count.ShouldBe(leaves ? 1 : 0);
    }

    [Fact]
    public async Task Mails_are_read_since_a_moment_and_for_a_day()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var user = await world.AddTestUserAsync(client);
        await world.OpenBrowser().ReachCodePageAsync(client.Start(), user.Email);
        var first = (await world.ReadTestMailAsync(client, user.Id)).Single();
        await world.AdvanceAsync(TimeSpan.FromMinutes(5));
        var before = world.Clock.GetUtcNow();
        await world.OpenBrowser().ReachCodePageAsync(client.Start(), user.Email);

        var second = (await world.ReadTestMailAsync(client, user.Id, before)).Single();

        second.Id.ShouldNotBe(first.Id);
        (await world.ReadTestMailAsync(client, user.Id)).Select(mail => mail.Id).ShouldBe([second.Id, first.Id]);
        await world.AdvanceAsync(TimeSpan.FromDays(1) - TimeSpan.FromMinutes(1));
        (await world.ReadTestMailAsync(client, user.Id)).Select(mail => mail.Id).ShouldBe([second.Id]);
    }

    [Fact]
    public async Task No_kept_mail_tells_its_code_to_whoever_has_the_database_and_none_opens_for_another_user()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var (user, other) = (await world.AddTestUserAsync(client), await world.AddTestUserAsync(client));
        await world.OpenBrowser().ReachCodePageAsync(client.Start(), user.Email);
        var mail = (await world.ReadTestMailAsync(client, user.Id)).Single();
        var code = mail.Code!;

        var row = await world.ReadAsync(db => db.TestMails.AsNoTracking().SingleAsync(Cancel));
        row.ProtectedMail.ShouldStartWith("CfDJ8", customMessage: "wrapped by Data Protection");
        var dump = await FilesAsync(world);
        dump.AsSpan().IndexOf("test_mails"u8).ShouldBeGreaterThan(0, "what is stored in the clear is found, so this search works");
        dump.AsSpan().IndexOf("Your sign-in code is"u8).ShouldBe(-1);
        dump.AsSpan().IndexOf(Encoding.UTF8.GetBytes($"\n{code}\n")).ShouldBe(-1);
        dump.AsSpan().IndexOf(Encoding.UTF8.GetBytes($"\\n{code}\\n")).ShouldBe(-1);

        var seal = world.Server.Services.GetRequiredService<TestMailSeal>();
        seal.Open(row.ClientRowId, row.UserId, row.ProtectedMail).Text.ShouldBe(mail.Text);
        mail.Text.ShouldStartWith($"Your sign-in code is:\n\n{code}\n");
        Should.Throw<System.Security.Cryptography.CryptographicException>(() => seal.Open(row.ClientRowId, other.Id, row.ProtectedMail));
        Should.Throw<System.Security.Cryptography.CryptographicException>(() => seal.Open("another", row.UserId, row.ProtectedMail));
    }

    private static async Task<byte[]> FilesAsync(World world)
    {
        var file = new SqliteConnectionStringBuilder(world.Server.Services.GetRequiredService<StorageSettings>().ConnectionString).DataSource;
        using var all = new MemoryStream();
        foreach (var path in new[] { file, file + "-wal" })
        {
            await using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete);
            await stream.CopyToAsync(all, Cancel);
        }

        return all.ToArray();
    }
}
