using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Domain.Users;
using IdentityServer.Tests.Support;
using IdentityServer.TestUsers;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.TestUsers;

/// <summary>An owner makes, lists and deletes test users; the end of the client is theirs too.</summary>
public sealed class TestUserDirectoryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_password_that_is_made_up_is_told_once_and_signs_in()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();

        var made = (await world.TryAddTestUserAsync(client, new("Buyer", null, StandardClaims.OfLanguage("en")))).ShouldBeOfType<TestUserMade.Done>();

        made.User.Email.ShouldMatch(@"^buyer\.[a-z2-9]{8}@test-users\.invalid$");
        made.Password.Reveal().Length.ShouldBe(24);
        made.ToString().ShouldNotContain(made.Password.Reveal());
        var browser = world.OpenBrowser();
        var next = await browser.EnterPasswordAsync(await browser.FollowAsync(await browser.GetAsync(client.Start())), made.User.Email, made.Password.Reveal());
        next.Location!.OriginalString.ShouldStartWith("/sign-in/code");
        (await world.ReadAsync(db => db.AuditEvents.SingleAsync(entry => entry.Name == AuditEvents.TestUserCreated, Cancel)))
            .ShouldSatisfyAllConditions(entry => entry.UserId.ShouldBe(made.User.Id), entry => entry.ClientId.ShouldBe(client.Id), entry => entry.Details.ShouldBe("{}"));
    }

    [Theory]
    [InlineData("a.b", null, typeof(TestUserMade.NameRefused))]
    [InlineData("", null, typeof(TestUserMade.NameRefused))]
    [InlineData("buyer", "short", typeof(TestUserMade.PasswordRefused))]
    [InlineData("buyer", "Password-2026!", typeof(TestUserMade.PasswordRefused))]
    public async Task What_breaks_a_rule_makes_nobody(string name, string? password, Type refusal)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();

        (await world.TryAddTestUserAsync(client, new(name, password, StandardClaims.None))).ShouldBeOfType(refusal);

        (await world.AccountsAsync()).ShouldBeEmpty();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_client_has_at_most_fifty_however_many_are_asked_for_at_once(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql, setup => setup.Configure = PlainHasher.Use);
        var (client, other) = (await world.AddClientAsync(), await world.AddClientAsync());

        var made = new List<TestUserMade>();
        for (var round = 0; round < 8; round++)
        {
            made.AddRange(await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => world.TryAddTestUserAsync(client, new("buyer", World.Password, StandardClaims.None)))));
        }

        made.OfType<TestUserMade.Done>().Count().ShouldBe(TestUserPolicy.MostPerClient);
        made.OfType<TestUserMade.TooMany>().Count().ShouldBe(64 - TestUserPolicy.MostPerClient);
        (await world.TryAddTestUserAsync(other, new("buyer", World.Password, StandardClaims.None))).ShouldBeOfType<TestUserMade.Done>();
    }

    [Fact]
    public async Task Each_client_sees_and_deletes_its_own_alone()
    {
        await using var world = await World.StartAsync();
        var (client, other) = (await world.AddClientAsync(), await world.AddClientAsync());
        var user = await world.AddTestUserAsync(client);
        var person = await world.AddUserAsync();
        var personId = await world.ReadAsync(db => db.Users.Where(row => row.Email == person).Select(row => row.Id).SingleAsync(Cancel));

        (await world.ListAsync(client)).ShouldHaveSingleItem().Id.ShouldBe(user.Id);
        (await world.ListAsync(other)).ShouldBeEmpty();
        (await world.DeleteTestUserAsync(other, user.Id)).ShouldBeFalse();
        (await world.DeleteTestUserAsync(client, personId)).ShouldBeFalse();
        (await world.AccountsAsync()).Count.ShouldBe(2);
    }

    [Fact]
    public async Task A_deleted_test_user_is_signed_out_and_gone_with_its_mail()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var user = await world.AddTestUserAsync(client);
        var tokens = await client.ExchangeAsync((await world.SignInAsync(world.OpenBrowser(), client.Start(), client, user)).Parameter("code")!);

        (await world.DeleteTestUserAsync(client, user.Id)).ShouldBeTrue();
        (await world.DeleteTestUserAsync(client, user.Id)).ShouldBeFalse();

        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_grant");
        (await world.AccountsAsync()).ShouldBeEmpty();
        (await world.ReadAsync(db => db.TestMails.CountAsync(Cancel))).ShouldBe(0);
        (await world.ReadAsync(db => db.AuthenticationSessions.CountAsync(Cancel))).ShouldBe(0);
        (await world.ReadAsync(db => db.AuditEvents.SingleAsync(entry => entry.Name == AuditEvents.TestUserDeleted, Cancel))).ClientId.ShouldBe(client.Id);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_end_of_a_client_ends_its_test_users_in_the_same_commit(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var (client, other) = (await world.AddClientAsync(), await world.AddClientAsync());
        var (one, two, others) = (await world.AddTestUserAsync(client), await world.AddTestUserAsync(client), await world.AddTestUserAsync(other));
        var tokens = await client.ExchangeAsync((await world.SignInAsync(world.OpenBrowser(), client.Start(), client, one)).Parameter("code")!);
        await world.OpenBrowser().ReachCodePageAsync(client.Start(), two.Email);
        await world.QuietAsync();
        var settings = await world.SettingsAsync(client);

        (await world.Server.InScopeAsync(services =>
            services.GetRequiredService<ClientRetirement>().RetireAsync(settings.Id, settings.ClientId, Cancel))).ShouldBeTrue();

        (await client.RefreshAsync(tokens.RefreshToken!)).Error.ShouldBe("invalid_client");
        (await world.AccountsAsync()).ShouldBe([others.Email]);
        (await world.ReadAsync(db => db.AuthenticationSessions.CountAsync(Cancel))).ShouldBe(0);
        (await world.ReadAsync(db => db.OtpChallenges.CountAsync(Cancel))).ShouldBe(0);
        (await world.ReadAsync(db => db.TestMails.CountAsync(Cancel))).ShouldBe(0);
        (await world.ReadAsync(db => db.AuditEvents.CountAsync(entry => entry.Name == AuditEvents.TestUserDeleted && entry.ClientId == client.Id, Cancel))).ShouldBe(2);
        world.Smtp.Mails.ShouldBeEmpty();
    }
}
