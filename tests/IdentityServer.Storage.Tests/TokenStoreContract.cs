using System.Text.Json;
using IdentityServer.Storage.Entities;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Abstractions.OpenIddictExceptions;

namespace IdentityServer.Storage.Tests;

/// <summary>What OpenIddict's token manager relies on.</summary>
public abstract class TokenStoreContract(Database database) : GrantContract(database)
{
    [Fact]
    public async Task A_token_comes_back_as_it_was_written()
    {
        var (client, authorization) = await AddGrantAsync();
        var descriptor = new OpenIddictTokenDescriptor
        {
            ApplicationId = client.Id,
            AuthorizationId = authorization.Id,
            CreationDate = Now,
            ExpirationDate = Now.AddMinutes(5).AddMilliseconds(7),
            Payload = "payload ü",
            RedemptionDate = Now.AddMinutes(1),
            ReferenceId = Guid.NewGuid().ToString("N"),
            Status = Statuses.Inactive,
            Subject = authorization.Subject,
            Type = "a type",
        };
        descriptor.Properties["key"] = JsonSerializer.SerializeToElement(new[] { 1, 2 });
        var written = await CommittedAsync(services => Tokens(services).CreateAsync(descriptor, Cancel).AsTask());

        await InScopeAsync(async services =>
        {
            var tokens = Tokens(services);
            var read = (await tokens.FindByIdAsync(((Token)written).Id!, Cancel)).ShouldBeOfType<Token>();
            read.ApplicationId.ShouldBe(client.Id);
            (await tokens.GetApplicationIdAsync(read, Cancel)).ShouldBe(client.Id);
            (await tokens.GetAuthorizationIdAsync(read, Cancel)).ShouldBe(authorization.Id);
            (await tokens.GetCreationDateAsync(read, Cancel)).ShouldBe(descriptor.CreationDate);
            (await tokens.GetExpirationDateAsync(read, Cancel)).ShouldBe(descriptor.ExpirationDate);
            (await tokens.GetPayloadAsync(read, Cancel)).ShouldBe(descriptor.Payload);
            (await tokens.GetRedemptionDateAsync(read, Cancel)).ShouldBe(descriptor.RedemptionDate);
            (await tokens.GetStatusAsync(read, Cancel)).ShouldBe(Statuses.Inactive);
            (await tokens.GetSubjectAsync(read, Cancel)).ShouldBe(authorization.Subject);
            (await tokens.GetTypeAsync(read, Cancel)).ShouldBe("a type");
            (await tokens.GetPropertiesAsync(read, Cancel))["key"].GetRawText().ShouldBe("[1,2]");
            (await tokens.GetReferenceIdAsync(read, Cancel)).ShouldNotBe(descriptor.ReferenceId, "references are kept as hashes");
        });
    }

    [Fact]
    public async Task A_token_with_nothing_optional_comes_back_too()
    {
        var token = await AddTokenAsync(null, null, token => (token.Subject, token.ExpirationDate, token.CreationDate) = (null, null, null));

        var read = (await FindAsync(token)).ShouldNotBeNull();

        read.AuthorizationId.ShouldBeNull();
        read.ApplicationId.ShouldBeNull();
        read.Subject.ShouldBeNull();
        read.ExpirationDate.ShouldBeNull();
        read.Payload.ShouldBeNull();
        read.ReferenceId.ShouldBeNull();
        read.Status.ShouldBe(Statuses.Valid);
    }

    [Fact]
    public async Task A_token_is_found_by_its_reference_and_by_no_other()
    {
        var reference = Guid.NewGuid().ToString("N");
        var token = await CommittedAsync(async services => (Token)await Tokens(services).CreateAsync(
            new OpenIddictTokenDescriptor { ReferenceId = reference, Type = "t", Payload = "p" }, Cancel));

        await InScopeAsync(async services =>
        {
            ((Token?)await Tokens(services).FindByReferenceIdAsync(reference, Cancel)).ShouldNotBeNull().Id.ShouldBe(token.Id);
            (await Tokens(services).FindByReferenceIdAsync(reference.ToUpperInvariant(), Cancel)).ShouldBeNull();
            (await Tokens(services).FindByIdAsync("unknown", Cancel)).ShouldBeNull();
        });
    }

    [Fact]
    public async Task A_reference_cannot_be_taken_twice()
    {
        var reference = Guid.NewGuid().ToString("N");
        await AddTokenAsync(null, null, token => token.ReferenceId = reference);

        await Should.ThrowAsync<System.Data.Common.DbException>(AddTokenAsync(null, null, token => token.ReferenceId = reference));
    }

    [Fact]
    public async Task Within_a_scope_a_token_is_read_once_and_shows_what_was_written()
    {
        var token = await AddTokenAsync();

        await InScopeAsync(async services =>
        {
            var first = await Tokens(services).FindByIdAsync(token.Id!, Cancel);
            (await Tokens(services).TryRedeemAsync(first!, Cancel)).ShouldBeTrue();
            var second = await Tokens(services).FindByIdAsync(token.Id!, Cancel);

            second.ShouldBeSameAs(first);
            (await Tokens(services).HasStatusAsync(second!, Statuses.Redeemed, Cancel)).ShouldBeTrue();
        });
    }

    [Fact]
    public async Task After_a_rollback_a_token_is_read_anew()
    {
        var token = await AddTokenAsync();

        await InScopeAsync(async services =>
        {
            await Tokens(services).TryRedeemAsync((await Tokens(services).FindByIdAsync(token.Id!, Cancel))!, Cancel);
            await services.GetRequiredService<UnitOfWork>().RollbackAsync(Cancel);
            var again = await Tokens(services).FindByIdAsync(token.Id!, Cancel);

            (await Tokens(services).HasStatusAsync(again!, Statuses.Valid, Cancel)).ShouldBeTrue();
        });
    }

    [Fact]
    public async Task An_update_writes_every_value()
    {
        var (client, authorization) = await AddGrantAsync();
        var token = await AddTokenAsync();
        await CommittedAsync(async services =>
        {
            var read = await Tokens(services).FindByIdAsync(token.Id!, Cancel);
            var descriptor = new OpenIddictTokenDescriptor
            {
                ApplicationId = client.Id,
                AuthorizationId = authorization.Id,
                CreationDate = Now.AddHours(1),
                ExpirationDate = Now.AddHours(2),
                Payload = "new payload",
                ReferenceId = Guid.NewGuid().ToString("N"),
                Status = Statuses.Valid,
                Subject = "new subject",
                Type = "new type",
            };
            descriptor.Properties["p"] = JsonSerializer.SerializeToElement(true);
            await Tokens(services).UpdateAsync(read!, descriptor, Cancel);
        });

        var updated = (await FindAsync(token)).ShouldNotBeNull();

        updated.ApplicationId.ShouldBe(client.Id);
        updated.AuthorizationId.ShouldBe(authorization.Id);
        updated.CreationDate.ShouldBe(Now.AddHours(1).UtcDateTime);
        updated.ExpirationDate.ShouldBe(Now.AddHours(2).UtcDateTime);
        updated.Payload.ShouldBe("new payload");
        updated.ReferenceId.ShouldNotBeNull();
        updated.Subject.ShouldBe("new subject");
        updated.Type.ShouldBe("new type");
        updated.Properties.ShouldBe("""{"p":true}""");
    }

    [Fact]
    public async Task An_update_of_what_another_changed_meanwhile_is_refused()
    {
        var token = await AddTokenAsync();

        await InScopeAsync(async services =>
        {
            var stale = await Tokens(services).FindByIdAsync(token.Id!, Cancel);
            await CommittedAsync(other => RevokeAsync(other, token));

            (await Tokens(services).TryRedeemAsync(stale!, Cancel)).ShouldBeFalse();
        });
        (await FindAsync(token)).ShouldNotBeNull().Status.ShouldBe(Statuses.Revoked);

        static async Task RevokeAsync(IServiceProvider services, Token token) =>
            (await Tokens(services).TryRevokeAsync((await Tokens(services).FindByIdAsync(token.Id!, Cancel))!, Cancel)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_token_that_was_not_read_here_is_not_updated() => await InScopeAsync(async services =>
    {
        var store = services.GetRequiredService<IOpenIddictTokenStore<Token>>();

        await Should.ThrowAsync<InvalidOperationException>(store.UpdateAsync(new Token { Status = Statuses.Valid }, Cancel).AsTask());
    });

    [Fact]
    public async Task A_deleted_token_is_gone_and_cannot_be_deleted_again()
    {
        var token = await AddTokenAsync();
        await CommittedAsync(async services => await Tokens(services).DeleteAsync(token, Cancel));

        (await FindAsync(token)).ShouldBeNull();
        await Should.ThrowAsync<ConcurrencyException>(CommittedAsync(async services => await Tokens(services).DeleteAsync(token, Cancel)));
    }

    [Fact]
    public async Task Tokens_are_found_by_authorization_client_and_subject()
    {
        var (client, authorization) = await AddGrantAsync();
        var mine = await AddTokenAsync(client, authorization);
        var own = await AddTokenAsync(client, null, token => token.Subject = authorization.Subject);
        await AddTokenAsync();

        (await ListAsync(tokens => tokens.FindByAuthorizationIdAsync(authorization.Id!, Cancel))).ShouldBe([mine.Id!]);
        (await ListAsync(tokens => tokens.FindByApplicationIdAsync(client.Id!, Cancel))).ShouldBe([mine.Id!, own.Id!], ignoreOrder: true);
        (await ListAsync(tokens => tokens.FindBySubjectAsync(authorization.Subject!, Cancel))).ShouldBe([mine.Id!, own.Id!], ignoreOrder: true);
    }

    [Fact]
    public async Task Tokens_are_found_by_any_mix_of_facts()
    {
        var (client, authorization) = await AddGrantAsync();
        var type = Guid.NewGuid().ToString("N");
        var mine = await AddTokenAsync(client, authorization, token => token.Type = type);
        var redeemed = await AddTokenAsync(client, authorization, token => (token.Type, token.Status) = (type, Statuses.Redeemed));
        await AddTokenAsync(client, null);

        (await FindAsync(authorization.Subject, client.Id, Statuses.Valid, type)).ShouldBe([mine.Id!]);
        (await FindAsync(authorization.Subject, null, null, null)).ShouldBe([mine.Id!, redeemed.Id!], ignoreOrder: true);
        (await FindAsync(null, client.Id, Statuses.Redeemed, null)).ShouldBe([redeemed.Id!]);
        (await FindAsync(null, null, null, type)).ShouldBe([mine.Id!, redeemed.Id!], ignoreOrder: true);
        (await FindAsync(authorization.Subject, "another", null, null)).ShouldBeEmpty();

        Task<List<string>> FindAsync(string? subject, string? client, string? status, string? type) =>
            ListAsync(tokens => tokens.FindAsync(subject, client, status, type, Cancel));
    }

    [Fact]
    public async Task Tokens_are_counted_listed_and_queried()
    {
        var (client, authorization) = await AddGrantAsync();
        var expected = new List<string>();
        for (var index = 0; index < 3; index++)
        {
            expected.Add((await AddTokenAsync(client, authorization)).Id!);
        }

        await InScopeAsync(async services =>
        {
            var store = services.GetRequiredService<IOpenIddictTokenStore<Token>>();
            (await store.CountAsync(Cancel)).ShouldBeGreaterThanOrEqualTo(3);
            (await store.CountAsync(all => all.Where(token => token.AuthorizationId == authorization.Id), Cancel)).ShouldBe(3);
            (await store.ListAsync(2, 1, Cancel).CountAsync(Cancel)).ShouldBe(2);
            (await store.ListAsync(
                (all, id) => all.Where(token => token.Authorization!.Id == id).OrderBy(token => token.Id).Select(token => token.Id!),
                authorization.Id,
                Cancel).ToListAsync(Cancel)).ShouldBe(expected.Order(StringComparer.Ordinal)); // made within a millisecond, they sort by chance
            (await store.GetAsync((all, id) => all.Where(token => token.Id == id).Select(token => token.Subject), expected[0], Cancel))
                .ShouldBe(authorization.Subject);
        });
    }

    [Fact]
    public async Task Tokens_that_were_listed_can_be_updated()
    {
        var (client, authorization) = await AddGrantAsync();
        var token = await AddTokenAsync(client, authorization);

        await CommittedAsync(async services =>
        {
            var listed = await Tokens(services).FindAsync(null, client.Id, null, null, Cancel).SingleAsync(Cancel);
            (await Tokens(services).TryRejectAsync(listed, Cancel)).ShouldBeTrue();
        });

        (await FindAsync(token)).ShouldNotBeNull().Status.ShouldBe(Statuses.Rejected);
    }

    [Fact]
    public async Task A_scope_that_revokes_many_reads_them_anew()
    {
        var (client, authorization) = await AddGrantAsync();
        var token = await AddTokenAsync(client, authorization);

        await InScopeAsync(async services =>
        {
            var before = await Tokens(services).FindByIdAsync(token.Id!, Cancel);
            (await Tokens(services).RevokeByAuthorizationIdAsync(authorization.Id!, Cancel)).ShouldBe(1);
            var after = await Tokens(services).FindByIdAsync(token.Id!, Cancel);

            (await Tokens(services).HasStatusAsync(before!, Statuses.Valid, Cancel)).ShouldBeTrue();
            (await Tokens(services).HasStatusAsync(after!, Statuses.Revoked, Cancel)).ShouldBeTrue();
        });
    }

    [Theory]
    [InlineData("authorization")]
    [InlineData("client")]
    [InlineData("subject")]
    [InlineData("subject and client")]
    [InlineData("status")]
    public async Task Revoking_reaches_live_tokens_and_leaves_redeemed_ones_recognisable(string by)
    {
        var (client, authorization) = await AddGrantAsync();
        var status = by == "status" ? Guid.NewGuid().ToString("N") : Statuses.Valid;
        var live = await AddTokenAsync(client, authorization, token => token.Status = status);
        var redeemed = await AddTokenAsync(client, authorization, token => token.Status = Statuses.Redeemed);
        var other = await AddTokenAsync();

        var count = await CommittedAsync(async services => by switch
        {
            "authorization" => await Tokens(services).RevokeByAuthorizationIdAsync(authorization.Id!, Cancel),
            "client" => await Tokens(services).RevokeByApplicationIdAsync(client.Id!, Cancel),
            "subject" => await Tokens(services).RevokeBySubjectAsync(authorization.Subject!, Cancel),
            "subject and client" => await Tokens(services).RevokeAsync(authorization.Subject, client.Id, null, null, Cancel),
            _ => await Tokens(services).RevokeAsync(null, null, status, null, Cancel),
        });

        count.ShouldBe(1);
        (await FindAsync(live))!.Status.ShouldBe(Statuses.Revoked);
        (await FindAsync(redeemed))!.Status.ShouldBe(Statuses.Redeemed);
        (await FindAsync(other))!.Status.ShouldBe(Statuses.Valid);
    }

    [Fact]
    public async Task Revoking_by_subject_reaches_a_token_without_authorization()
    {
        var subject = Guid.NewGuid().ToString();
        var token = await AddTokenAsync(null, null, token => token.Subject = subject);
        var second = await AddTokenAsync(null, null, token => token.Subject = subject);

        (await CommittedAsync(services => Tokens(services).RevokeAsync(subject, null, null, token.Type, Cancel).AsTask())).ShouldBe(2);
        (await FindAsync(token))!.Status.ShouldBe(Statuses.Revoked);
        (await FindAsync(second))!.Status.ShouldBe(Statuses.Revoked);
    }

    [Fact]
    public async Task Pruning_leaves_what_has_not_expired_redeemed_or_not()
    {
        var expired = await AddTokenAsync(null, null, token => token.ExpirationDate = Now.AddMilliseconds(-1).UtcDateTime);
        var redeemed = await AddTokenAsync(
            null, null, token => (token.Status, token.CreationDate) = (Statuses.Redeemed, Now.AddYears(-1).UtcDateTime));

        (await CommittedAsync(services => Tokens(services).PruneAsync(Now, Cancel).AsTask())).ShouldBeGreaterThanOrEqualTo(1);

        (await FindAsync(expired)).ShouldBeNull();
        (await FindAsync(redeemed)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Nothing_is_written_before_the_unit_of_work_is_committed()
    {
        var token = await InScopeAsync(async services =>
        {
            var created = (Token)await Tokens(services).CreateAsync(new OpenIddictTokenDescriptor { Type = "t" }, Cancel);
            services.GetRequiredService<UnitOfWork>().IsOpen.ShouldBeTrue();
            return created;
        });

        (await FindAsync(token)).ShouldBeNull();
    }

    private Task<List<string>> ListAsync(Func<IOpenIddictTokenManager, IAsyncEnumerable<object>> find) =>
        InScopeAsync(services => find(Tokens(services)).Select(token => ((Token)token).Id!).ToListAsync(Cancel).AsTask());
}

public sealed class TokenStoreOnSqlite(SqliteDatabase database) : TokenStoreContract(database), IClassFixture<SqliteDatabase>;

public sealed class TokenStoreOnPostgreSql(PostgreSqlDatabase database) : TokenStoreContract(database), IClassFixture<PostgreSqlDatabase>;
