using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

/// <summary>The statements themselves keep a person's mail from ever being readable, and a test user from another client.</summary>
public abstract class TestUserContract(Database database) : StorageContract(database)
{
    [Fact]
    public async Task A_mail_to_a_test_user_is_kept_and_read_by_its_client()
    {
        var client = await AddClientAsync();
        var user = await AddTestUserAsync(client);

        (await KeepAsync(client, user)).ShouldBeTrue();

        (await ReadAsync(client, user)).ShouldBe(1);
    }

    [Fact]
    public async Task A_mail_to_a_person_is_never_kept()
    {
        var client = await AddClientAsync();
        var (person, testUser) = (await AddUserAsync(), await AddTestUserAsync(client));

        (await KeepAsync(client, person)).ShouldBeFalse();
        (await KeepAsync(client, person, testUser.NormalizedEmail)).ShouldBeFalse("under a test user's address");
        (await KeepAsync(client, testUser, person.NormalizedEmail)).ShouldBeFalse("to a person's address");

        (await RowsAsync(client)).ShouldBe(0);
    }

    [Fact]
    public async Task Neither_half_of_a_test_user_is_enough()
    {
        var client = await AddClientAsync();
        var withoutClient = await AddTestUserAsync(client: null);
        var withoutDomain = await AddTestUserAsync(client, "person@example.com");
        var nearlyTheDomain = await AddTestUserAsync(client, "person@mail.test-users.invalid.example.com");

        foreach (var user in new[] { withoutClient, withoutDomain, nearlyTheDomain })
        {
            (await KeepAsync(client, user)).ShouldBeFalse(user.NormalizedEmail);
        }

        (await RowsAsync(client)).ShouldBe(0);
    }

    [Fact]
    public async Task A_mail_is_kept_for_no_other_client_and_read_by_no_other()
    {
        var (client, other) = (await AddClientAsync(), await AddClientAsync());
        var (user, others) = (await AddTestUserAsync(client), await AddTestUserAsync(other));
        await KeepAsync(client, user);

        (await KeepAsync(other, user)).ShouldBeFalse();
        (await ReadAsync(other, user)).ShouldBe(0);
        (await ReadAsync(other, others)).ShouldBe(0);
        (await RowsAsync(other)).ShouldBe(0);
    }

    [Fact]
    public async Task Who_is_no_test_user_of_the_client_any_more_is_no_longer_read()
    {
        var (client, other) = (await AddClientAsync(), await AddClientAsync());
        var (freed, moved, renamed) = (await AddTestUserAsync(client), await AddTestUserAsync(client), await AddTestUserAsync(client));
        foreach (var user in new[] { freed, moved, renamed })
        {
            await KeepAsync(client, user);
            (await ReadAsync(client, user)).ShouldBe(1);
        }

        await InScopeAsync(async services =>
        {
            var users = services.GetRequiredService<IdentityServerDbContext>().Users;
            await users.Where(row => row.Id == freed.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.TestOfClientId, (string?)null), Cancel);
            await users.Where(row => row.Id == moved.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.TestOfClientId, other.Id), Cancel);
            await users.Where(row => row.Id == renamed.Id).ExecuteUpdateAsync(set => set.SetProperty(row => row.NormalizedEmail, $"{renamed.Id:N}@example.com"), Cancel);
        });

        foreach (var user in new[] { freed, moved, renamed })
        {
            (await ReadAsync(client, user)).ShouldBe(0);
        }

        (await ReadAsync(other, moved)).ShouldBe(0, "it was kept for the client that the user tested then");
    }

    [Fact]
    public async Task Mails_are_read_newest_first_since_a_moment_and_until_they_expire()
    {
        var client = await AddClientAsync();
        var user = await AddTestUserAsync(client);
        foreach (var minutes in new[] { 0, 2, 1 })
        {
            await KeepAsync(client, user, at: Now.AddMinutes(minutes));
        }

        (await MailsAsync(client, user)).Select(mail => mail.At).ShouldBe([Now.AddMinutes(2), Now.AddMinutes(1), Now]);
        (await MailsAsync(client, user, since: Now.AddMinutes(1))).Count.ShouldBe(2);
        (await MailsAsync(client, user, now: Now.AddDays(1).AddMilliseconds(-1))).Count.ShouldBe(3);
        (await MailsAsync(client, user, now: Now.AddDays(1))).Count.ShouldBe(2);
        (await MailsAsync(client, user, most: 1)).ShouldHaveSingleItem().At.ShouldBe(Now.AddMinutes(2));
    }

    [Fact]
    public async Task A_sign_in_of_a_test_user_proves_something_to_its_own_client_alone()
    {
        var (client, other) = (await AddClientAsync(), await AddClientAsync());
        var (user, person) = (await AddTestUserAsync(client), await AddUserAsync());
        var (session, persons) = (await AddSessionAsync(user), await AddSessionAsync(person));

        (await HoldsAsync(session, client.ClientId)).ShouldBeTrue();
        (await HoldsAsync(session, other.ClientId)).ShouldBeFalse();
        (await HoldsAsync(session, "nobody")).ShouldBeFalse();
        (await HoldsAsync(session, null)).ShouldBeFalse();
        (await HoldsAsync(persons, client.ClientId)).ShouldBeTrue();
        (await HoldsAsync(persons, other.ClientId)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_clients_end_is_its_test_users_end_and_nobody_elses()
    {
        var (client, other) = (await AddClientAsync(), await AddClientAsync());
        var (one, two, others, person) = (await AddTestUserAsync(client), await AddTestUserAsync(client), await AddTestUserAsync(other), await AddUserAsync());
        foreach (var user in new[] { one, two, others, person })
        {
            await LiveAsync(user, user == others ? other : client);
        }

        var deletion = await CommittedAsync(async services =>
        {
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            return await services.GetRequiredService<RegistrationOperations>().DeleteClientAsync(client.Id!, client.ClientId!, version: null, Cancel);
        });

        deletion.WasThere.ShouldBeTrue();
        deletion.TestUsers.ShouldBe([one.Id, two.Id], ignoreOrder: true);
        foreach (var user in new[] { one, two })
        {
            (await KeptOfAsync(user)).ShouldBe((0, 0, 0, 0, 0, 0));
        }

        (await KeptOfAsync(others)).ShouldBe((1, 1, 1, 1, 1, 1));
        (await KeptOfAsync(person)).ShouldBe((1, 1, 1, 1, 1, 0), "what a person has is not the client's, but for the question about it");
    }

    private Task<User> AddTestUserAsync(Client? client, string? address = null) => InScopeAsync(async services =>
    {
        address ??= $"buyer.{Guid.NewGuid():N}@test-users.invalid";
        var user = new User
        {
            Id = Guid.NewGuid(),
            Email = address,
            NormalizedEmail = address,
            TestOfClientId = client?.Id,
            CreatedAt = Now,
            UpdatedAt = Now,
        };
        var db = services.GetRequiredService<IdentityServerDbContext>();
        db.Users.Add(user);
        db.AccountGuessBudgets.Add(new() { UserId = user.Id });
        await db.SaveChangesAsync(Cancel);
        return user;
    });

    private Task<bool> KeepAsync(Client client, User user, string? address = null, DateTimeOffset? at = null) => InScopeAsync(services =>
        services.GetRequiredService<TestUserOperations>().KeepMailAsync(
            new()
            {
                Id = Guid.NewGuid(),
                ClientRowId = client.Id!,
                UserId = user.Id,
                At = at ?? Now,
                ProtectedMail = "closed",
                ExpiresAt = (at ?? Now).AddDays(1),
            },
            address ?? user.NormalizedEmail,
            Cancel));

    private async Task<int> ReadAsync(Client client, User user) => (await MailsAsync(client, user)).Count;

    private Task<List<TestMail>> MailsAsync(Client client, User user, DateTimeOffset? since = null, DateTimeOffset? now = null, int most = 10) =>
        InScopeAsync(services => services.GetRequiredService<TestUserOperations>().MailsAsync(
            client.Id!, user.Id, since ?? DateTimeOffset.UnixEpoch, now ?? Now, most, Cancel));

    private Task<int> RowsAsync(Client client) => InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().TestMails.CountAsync(row => row.ClientRowId == client.Id, Cancel));

    private Task<bool> HoldsAsync(AuthenticationSession session, string? clientId) => InScopeAsync(services =>
        services.GetRequiredService<SignInProofOperations>().HoldsAsync(session.Id, session.UserId, clientId, Now, Cancel));

    // A sign-in at the client with tokens, a message, consent, and a question under way.
    private async Task LiveAsync(User user, Client client)
    {
        var session = await AddSessionAsync(user);
        await InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            var authorization = new Authorization
            {
                ApplicationId = client.Id,
                Status = "valid",
                Subject = user.Id.ToString("D"),
                Type = "ad-hoc",
                SessionId = session.Id,
            };
            db.Authorizations.Add(authorization);
            db.Tokens.Add(new Token { ApplicationId = client.Id, AuthorizationId = authorization.Id, Status = "valid", Type = "refresh_token" });
            db.OutboxMessages.Add(new()
            {
                Id = Guid.NewGuid(),
                Kind = "test",
                UserId = user.Id,
                ChallengeId = session.ChallengeId,
                CreatedAt = Now,
                DueAt = Now,
                ExpiresAt = Now,
            });
            db.ConsentQuestions.Add(new()
            {
                RequestUri = $"urn:{Guid.NewGuid():N}",
                UserId = user.Id,
                ClientId = client.ClientId!,
                RedirectUri = "https://app.example/",
                Scopes = "openid",
                ExpiresAt = Now,
            });
            await db.SaveChangesAsync(Cancel);
        });
    }

    private Task<(int, int, int, int, int, int)> KeptOfAsync(User user) => InScopeAsync(async services =>
    {
        var db = services.GetRequiredService<IdentityServerDbContext>();
        return (
            await db.Users.CountAsync(row => row.Id == user.Id, Cancel),
            await db.AccountGuessBudgets.CountAsync(row => row.UserId == user.Id, Cancel),
            await db.AuthenticationSessions.CountAsync(row => row.UserId == user.Id, Cancel),
            await db.OtpChallenges.CountAsync(row => row.UserId == user.Id, Cancel),
            await db.OutboxMessages.CountAsync(row => row.UserId == user.Id, Cancel),
            await db.ConsentQuestions.CountAsync(row => row.UserId == user.Id, Cancel));
    });
}

public sealed class TestUsersOnSqlite(SqliteDatabase database) : TestUserContract(database), IClassFixture<SqliteDatabase>;

public sealed class TestUsersOnPostgreSql(PostgreSqlDatabase database) : TestUserContract(database), IClassFixture<PostgreSqlDatabase>;
