using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Storage.Tests;

/// <summary>The statements of the ceremony's hot path name columns by hand; EF's model is the measure of them.</summary>
public abstract class CeremonyRowsContract(Database database) : StorageContract(database)
{
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_is_added_past_EF_is_what_EF_reads(bool filled)
    {
        var user = await AddUserAsync();
        var challenge = new OtpChallenge { Id = Guid.NewGuid(), Purpose = "", Seed = [1], BrowserHash = [2], KeyId = "", Reference = "" };
        var session = new AuthenticationSession { Id = Guid.NewGuid(), HandleHash = [3], AuthenticatedAt = Now, BrowserExpiresAt = Now, ExpiresAt = Now };
        var audit = new AuditEvent { Id = Guid.NewGuid(), Name = "" };
        var message = new OutboxMessage { Id = Guid.NewGuid(), Kind = "", DueAt = Now };
        if (filled)
        {
            (challenge, session, audit, message) = (Filled(challenge), Filled(session), Filled(audit), Filled(message));
        }

        (challenge.UserId, challenge.State, challenge.ExpiresAt) = (user.Id, ChallengeState.Open, Now.AddMinutes(1));
        (challenge.CredentialVersion, session.UserId, session.ChallengeId, session.EndedAt) = (user.CredentialVersion, user.Id, challenge.Id, null);
        challenge.Purpose = Domain.OneTimeCodes.OtpPurpose.SignIn; // no other may open a session
        (message.UserId, message.State, message.Failures) = (user.Id, DeliveryState.Queued, 0);
        (message.LeasedBy, message.LeasedUntil, message.HandedOverAt, message.LastReply) = (null, null, null, null);

        await InScopeAsync(async services =>
        {
            var writes = services.GetRequiredService<CeremonyWrites>();
            await writes.AddAsync(challenge, Cancel);
            await writes.AddAsync(audit, Cancel);
            await writes.AddAsync(message, Cancel);
            return true;
        });
        await ShouldBeStoredAsync(challenge, db => db.OtpChallenges.AsNoTracking().SingleAsync(row => row.Id == challenge.Id, Cancel));
        await ShouldBeStoredAsync(audit, db => db.AuditEvents.AsNoTracking().SingleAsync(row => row.Id == audit.Id, Cancel));
        await ShouldBeStoredAsync(message, db => db.OutboxMessages.AsNoTracking().SingleAsync(row => row.Id == message.Id, Cancel));

        (await InScopeAsync(services => services.GetRequiredService<ChallengeOperations>()
            .ConsumeAsync(challenge, session, "192.0.2.1", () => Task.CompletedTask, Now, Cancel))).ShouldNotBeNull();
        await ShouldBeStoredAsync(session, db => db.AuthenticationSessions.AsNoTracking().SingleAsync(row => row.Id == session.Id, Cancel));
    }

    [Theory]
    [InlineData(ChallengeState.Consumed)]
    [InlineData(ChallengeState.Closed)]
    public async Task A_challenge_that_is_over_cannot_be_added(ChallengeState state)
    {
        var challenge = Filled(new OtpChallenge { Purpose = "", Seed = [], BrowserHash = [], KeyId = "", Reference = "" });
        challenge.State = state;

        await Should.ThrowAsync<ArgumentException>(() => InScopeAsync(async services =>
        {
            await services.GetRequiredService<CeremonyWrites>().AddAsync(challenge, Cancel);
            return true;
        }));
    }

    [Fact]
    public async Task What_was_granted_and_what_was_refused_is_read_as_it_was_written()
    {
        var user = await AddUserAsync();
        var refused = Filled(new ConsentQuestion { RequestUri = "", ClientId = "", RedirectUri = "", Scopes = "" });
        (refused.RequestUri, refused.UserId, refused.Allowed) = (Guid.NewGuid().ToString("N"), user.Id, false);
        await InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            db.AddRange(refused, new ConsentGrant { UserId = user.Id, ClientId = "one", Scopes = "openid email" });
            return await db.SaveChangesAsync(Cancel);
        });

        await InScopeAsync(async services =>
        {
            var reads = services.GetRequiredService<CeremonyReads>();
            ShouldBeAlike(await reads.ConsentQuestionAsync(refused.RequestUri, user.Id, Now, Cancel), refused);
            (await reads.GrantedScopesAsync(user.Id, "one", Cancel)).ShouldBe("openid email");
            (await reads.GrantedScopesAsync(user.Id, "another", Cancel)).ShouldBeNull();
            return true;
        });
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task What_EF_added_is_what_is_read_past_it(bool filled)
    {
        var user = new User { Id = Guid.NewGuid(), Email = "", NormalizedEmail = "" };
        var challenge = new OtpChallenge { Id = Guid.NewGuid(), Purpose = "", Seed = [1], BrowserHash = [2], KeyId = "", Reference = "" };
        var session = new AuthenticationSession { Id = Guid.NewGuid(), ChallengeId = Guid.NewGuid(), HandleHash = [3] };
        var question = new ConsentQuestion { RequestUri = Guid.NewGuid().ToString("N"), ClientId = "", RedirectUri = "", Scopes = "" };
        if (filled)
        {
            (user, challenge, session, question) = (Filled(user), Filled(challenge), Filled(session), Filled(question));
        }

        user.NormalizedEmail = $"{user.Id:N}@EXAMPLE.COM";
        user.TestOfClientId = filled ? (await AddClientAsync()).Id : null;
        question.ExpiresAt = Now.AddSeconds(1);
        challenge.UserId = session.UserId = question.UserId = user.Id;
        await InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            db.AddRange(user, challenge, session, question);
            return await db.SaveChangesAsync(Cancel);
        });

        await InScopeAsync(async services =>
        {
            var reads = services.GetRequiredService<CeremonyReads>();
            ShouldBeAlike(await reads.UserAsync(user.Id, Cancel), user);
            ShouldBeAlike(await reads.UserAsync(user.NormalizedEmail, Cancel), user);
            ShouldBeAlike(await reads.ChallengeAsync(challenge.Id, Cancel), challenge);
            var both = await reads.ChallengeAndUserAsync(challenge.Id, Cancel);
            ShouldBeAlike(both!.Challenge, challenge);
            ShouldBeAlike(both.User, user);
            var found = await reads.SessionAsync(session.Id, Cancel);
            ShouldBeAlike(found!.Session, session);
            found.TestOfClientId.ShouldBe(user.TestOfClientId);
            ShouldBeAlike(await reads.ConsentQuestionAsync(question.RequestUri, user.Id, Now, Cancel), question);
            (await reads.ConsentQuestionAsync(question.RequestUri, user.Id, question.ExpiresAt, Cancel)).ShouldBeNull();
            (await reads.ConsentQuestionAsync(question.RequestUri, Guid.NewGuid(), Now, Cancel)).ShouldBeNull();
            return true;
        });
    }

    [Fact]
    public async Task The_delivery_of_a_challenge_is_that_of_its_newest_mail()
    {
        var user = await AddUserAsync();
        var challengeId = Guid.NewGuid();
        await InScopeAsync(async services =>
        {
            var db = services.GetRequiredService<IdentityServerDbContext>();
            db.OutboxMessages.AddRange(
                Mail(DeliveryState.HandedOver, Now), Mail(DeliveryState.Deferred, Now.AddMinutes(2)), Mail(DeliveryState.Refused, Now.AddMinutes(1)));
            return await db.SaveChangesAsync(Cancel);
        });

        await InScopeAsync(async services =>
        {
            var reads = services.GetRequiredService<CeremonyReads>();
            (await reads.DeliveryAsync(challengeId, Cancel)).ShouldBe(DeliveryState.Deferred);
            (await reads.DeliveryAsync(Guid.NewGuid(), Cancel)).ShouldBe(DeliveryState.Queued);
            return true;
        });

        OutboxMessage Mail(DeliveryState state, DateTimeOffset at) => new()
        {
            Id = Guid.NewGuid(),
            Kind = "sign-in-code",
            UserId = user.Id,
            ChallengeId = challengeId,
            State = state,
            CreatedAt = at,
            ExpiresAt = at,
        };
    }

    // Every property gets a value of its own, so that no two columns can be taken for each other.
    private static T Filled<T>(T row)
        where T : class
    {
        var number = 40;
        foreach (var property in typeof(T).GetProperties())
        {
            number++;
            var type = Nullable.GetUnderlyingType(property.PropertyType) ?? property.PropertyType;
            object value = type switch
            {
                _ when type == typeof(Guid) => Guid.NewGuid(),
                _ when type == typeof(string) => property.Name is "Claims" or "Payload" or "Details" ? $$"""{"n":{{number}}}""" : $"{property.Name}-{number}",
                _ when type == typeof(byte[]) => new byte[] { (byte)number, 7 },
                _ when type == typeof(DateTimeOffset) => Now.AddSeconds(number),
                _ when type == typeof(bool) => true,
                _ when type.IsEnum => Enum.GetValues(type).GetValue(1)!,
                _ => Convert.ChangeType(number, type, System.Globalization.CultureInfo.InvariantCulture),
            };
            property.SetValue(row, value);
        }

        return row;
    }

    private async Task ShouldBeStoredAsync<T>(T row, Func<IdentityServerDbContext, Task<T>> read)
        where T : class =>
        ShouldBeAlike(await InScopeAsync(services => read(services.GetRequiredService<IdentityServerDbContext>())), row);

    private static void ShouldBeAlike<T>(T? actual, T expected)
        where T : class
    {
        actual.ShouldNotBeNull();
        foreach (var property in typeof(T).GetProperties())
        {
            property.GetValue(actual).ShouldBe(property.GetValue(expected), $"{typeof(T).Name}.{property.Name}");
        }
    }
}

public sealed class CeremonyRowsOnSqlite(SqliteDatabase database) : CeremonyRowsContract(database), IClassFixture<SqliteDatabase>;

public sealed class CeremonyRowsOnPostgreSql(PostgreSqlDatabase database) : CeremonyRowsContract(database), IClassFixture<PostgreSqlDatabase>;
