using System.Text.Json;
using IdentityServer.Storage.Entities;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Abstractions.OpenIddictExceptions;

namespace IdentityServer.Storage.Tests;

/// <summary>What OpenIddict's authorization manager relies on.</summary>
public abstract class AuthorizationStoreContract(Database database) : GrantContract(database)
{
    [Fact]
    public async Task An_authorization_comes_back_as_it_was_written()
    {
        var client = await AddClientAsync();
        var descriptor = new OpenIddictAuthorizationDescriptor
        {
            ApplicationId = client.Id,
            CreationDate = Now,
            Status = Statuses.Valid,
            Subject = Guid.NewGuid().ToString(),
            Type = AuthorizationTypes.AdHoc,
        };
        descriptor.Scopes.UnionWith(["openid", "ünïcode"]);
        descriptor.Properties["key"] = JsonSerializer.SerializeToElement("value");
        var written = (Authorization)await CommittedAsync(services => Authorizations(services).CreateAsync(descriptor, Cancel).AsTask());

        await InScopeAsync(async services =>
        {
            var manager = Authorizations(services);
            var read = (await manager.FindByIdAsync(written.Id!, Cancel)).ShouldNotBeNull();
            (await manager.GetApplicationIdAsync(read, Cancel)).ShouldBe(client.Id);
            (await manager.GetCreationDateAsync(read, Cancel)).ShouldBe(Now);
            (await manager.GetStatusAsync(read, Cancel)).ShouldBe(Statuses.Valid);
            (await manager.GetSubjectAsync(read, Cancel)).ShouldBe(descriptor.Subject);
            (await manager.GetTypeAsync(read, Cancel)).ShouldBe(AuthorizationTypes.AdHoc);
            (await manager.GetScopesAsync(read, Cancel)).ShouldBe(["openid", "ünïcode"], ignoreOrder: true);
            (await manager.GetPropertiesAsync(read, Cancel))["key"].GetString().ShouldBe("value");
            (await manager.HasScopesAsync(read, ["openid"], Cancel)).ShouldBeTrue();
        });
    }

    [Fact]
    public async Task An_authorization_keeps_the_session_that_it_descends_from()
    {
        var session = (await AddSessionAsync(await AddUserAsync())).Id;
        var (_, authorization) = await AddGrantAsync(authorization => authorization.SessionId = session);

        (await FindAsync(authorization))!.SessionId.ShouldBe(session);
    }

    [Fact]
    public async Task A_token_brings_its_authorization_along()
    {
        var session = (await AddSessionAsync(await AddUserAsync())).Id;
        var (client, authorization) = await AddGrantAsync(authorization => authorization.SessionId = session);
        var token = await AddTokenAsync(client, authorization);

        await InScopeAsync(async services =>
        {
            await Tokens(services).FindByIdAsync(token.Id!, Cancel);
            var brought = (Authorization)(await Authorizations(services).FindByIdAsync(authorization.Id!, Cancel))!;

            brought.SessionId.ShouldBe(session);
            brought.Subject.ShouldBe(authorization.Subject);
            brought.ApplicationId.ShouldBe(client.Id);
            brought.CreationDate.ShouldBe(authorization.CreationDate);
            (await Authorizations(services).TryRevokeAsync(brought, Cancel)).ShouldBeTrue();
        });
    }

    [Fact]
    public async Task An_update_writes_every_value()
    {
        var other = await AddClientAsync();
        var (_, authorization) = await AddGrantAsync();
        var session = (await AddSessionAsync(await AddUserAsync())).Id;
        await CommittedAsync(async services =>
        {
            var read = (Authorization)(await Authorizations(services).FindByIdAsync(authorization.Id!, Cancel))!;
            read.SessionId = authorization.SessionId = session;
            var descriptor = new OpenIddictAuthorizationDescriptor
            {
                ApplicationId = other.Id,
                CreationDate = Now.AddHours(1),
                Status = Statuses.Inactive,
                Subject = "new subject",
                Type = AuthorizationTypes.Permanent,
            };
            descriptor.Scopes.Add("new");
            descriptor.Properties["p"] = JsonSerializer.SerializeToElement(1);
            await Authorizations(services).UpdateAsync(read, descriptor, Cancel);
        });

        var updated = (await FindAsync(authorization)).ShouldNotBeNull();

        updated.ApplicationId.ShouldBe(other.Id);
        updated.CreationDate.ShouldBe(Now.AddHours(1).UtcDateTime);
        updated.Status.ShouldBe(Statuses.Inactive);
        updated.Subject.ShouldBe("new subject");
        updated.Type.ShouldBe(AuthorizationTypes.Permanent);
        updated.Scopes.ShouldBe("""["new"]""");
        updated.Properties.ShouldBe("""{"p":1}""");
        updated.SessionId.ShouldBe(authorization.SessionId);
    }

    [Fact]
    public async Task An_update_of_what_another_revoked_meanwhile_is_refused()
    {
        var (_, authorization) = await AddGrantAsync();

        await InScopeAsync(async services =>
        {
            var stale = (Authorization)(await Authorizations(services).FindByIdAsync(authorization.Id!, Cancel))!;
            await CommittedAsync(async other =>
                await Authorizations(other).TryRevokeAsync((await Authorizations(other).FindByIdAsync(authorization.Id!, Cancel))!, Cancel));
            stale.Subject = "someone else";

            await Should.ThrowAsync<ConcurrencyException>(Authorizations(services).UpdateAsync(stale, Cancel).AsTask());
        });
    }

    [Fact]
    public async Task Authorizations_are_found_by_client_subject_and_any_mix_of_facts()
    {
        var (client, authorization) = await AddGrantAsync(authorization => authorization.Scopes = """["openid","email"]""");
        var revoked = await AddAuthorizationAsync(
            client, other => (other.Subject, other.Status) = (authorization.Subject, Statuses.Revoked));
        await AddGrantAsync();
        var both = new[] { authorization.Id!, revoked.Id! };

        (await ListAsync(manager => manager.FindByApplicationIdAsync(client.Id!, Cancel))).ShouldBe(both, ignoreOrder: true);
        (await ListAsync(manager => manager.FindBySubjectAsync(authorization.Subject!, Cancel))).ShouldBe(both, ignoreOrder: true);
        (await ListAsync(manager => manager.FindAsync(authorization.Subject, client.Id, Statuses.Valid, AuthorizationTypes.AdHoc, null, Cancel)))
            .ShouldBe([authorization.Id!]);
        (await ListAsync(manager => manager.FindAsync(authorization.Subject, null, null, null, ["email"], Cancel))).ShouldBe([authorization.Id!]);
        (await ListAsync(manager => manager.FindAsync(authorization.Subject, null, null, null, ["email", "phone"], Cancel))).ShouldBeEmpty();
    }

    [Fact]
    public async Task Authorizations_are_counted_listed_and_queried()
    {
        var (client, authorization) = await AddGrantAsync();
        await AddAuthorizationAsync(client);

        await InScopeAsync(async services =>
        {
            var store = services.GetRequiredService<IOpenIddictAuthorizationStore<Authorization>>();
            (await store.CountAsync(Cancel)).ShouldBeGreaterThanOrEqualTo(2);
            (await store.CountAsync(all => all.Where(row => row.Application!.Id == client.Id), Cancel)).ShouldBe(2);
            (await store.ListAsync(1, 1, Cancel).CountAsync(Cancel)).ShouldBe(1);
            (await store.ListAsync((all, id) => all.Where(row => row.Id == id).Select(row => row.Subject), authorization.Id, Cancel)
                .ToListAsync(Cancel)).ShouldBe([authorization.Subject]);
            (await store.GetAsync((all, id) => all.Where(row => row.Id == id), authorization.Id, Cancel))!.Subject.ShouldBe(authorization.Subject);
        });
    }

    [Fact]
    public async Task Deleting_an_authorization_deletes_its_tokens()
    {
        var (client, authorization) = await AddGrantAsync();
        var token = await AddTokenAsync(client, authorization);

        await CommittedAsync(async services => await Authorizations(services).DeleteAsync(authorization, Cancel));

        (await FindAsync(token)).ShouldBeNull();
        (await FindAsync(authorization)).ShouldBeNull();
        await Should.ThrowAsync<ConcurrencyException>(
            CommittedAsync(async services => await Authorizations(services).DeleteAsync(authorization, Cancel)));
    }

    [Theory]
    [InlineData("client")]
    [InlineData("subject")]
    [InlineData("mix")]
    public async Task Revoking_reaches_all_that_match_and_no_other(string by)
    {
        var (client, authorization) = await AddGrantAsync();
        var (_, other) = await AddGrantAsync();

        var count = await CommittedAsync(async services => by switch
        {
            "client" => await Authorizations(services).RevokeByApplicationIdAsync(client.Id!, Cancel),
            "subject" => await Authorizations(services).RevokeBySubjectAsync(authorization.Subject!, Cancel),
            _ => await Authorizations(services).RevokeAsync(authorization.Subject, client.Id, Statuses.Valid, AuthorizationTypes.AdHoc, Cancel),
        });

        count.ShouldBe(1);
        (await FindAsync(authorization))!.Status.ShouldBe(Statuses.Revoked);
        (await FindAsync(other))!.Status.ShouldBe(Statuses.Valid);
    }

    [Fact]
    public async Task Pruning_takes_only_old_ones_that_nothing_hangs_on()
    {
        var old = Now.AddYears(-1).UtcDateTime;
        var session = await AddSessionAsync(await AddUserAsync());
        var (client, bare) = await AddGrantAsync(authorization => authorization.CreationDate = old);
        var withToken = await AddAuthorizationAsync(client, authorization => authorization.CreationDate = old);
        await AddTokenAsync(client, withToken);
        var ofSession = await AddAuthorizationAsync(client, authorization => (authorization.CreationDate, authorization.SessionId) = (old, session.Id));
        var young = await AddAuthorizationAsync(client);

        (await CommittedAsync(services => Authorizations(services).PruneAsync(Now, Cancel).AsTask())).ShouldBeGreaterThanOrEqualTo(1);

        (await FindAsync(bare)).ShouldBeNull();
        (await FindAsync(withToken)).ShouldNotBeNull();
        (await FindAsync(ofSession)).ShouldNotBeNull();
        (await FindAsync(young)).ShouldNotBeNull();
    }

    [Fact]
    public async Task Deleting_a_client_takes_what_it_was_given_along()
    {
        var (client, authorization) = await AddGrantAsync();
        var token = await AddTokenAsync(client, authorization);

        await CommittedAsync(async services =>
        {
            var clients = services.GetRequiredService<IOpenIddictApplicationManager>();
            await clients.DeleteAsync((await clients.FindByIdAsync(client.Id!, Cancel))!, Cancel);
        });

        (await FindAsync(token)).ShouldBeNull();
        (await FindAsync(authorization)).ShouldBeNull();
    }

    private Task<List<string>> ListAsync(Func<IOpenIddictAuthorizationManager, IAsyncEnumerable<object>> find) =>
        InScopeAsync(services => find(Authorizations(services)).Select(row => ((Authorization)row).Id!).ToListAsync(Cancel).AsTask());
}

public sealed class AuthorizationStoreOnSqlite(SqliteDatabase database)
    : AuthorizationStoreContract(database), IClassFixture<SqliteDatabase>;

public sealed class AuthorizationStoreOnPostgreSql(PostgreSqlDatabase database)
    : AuthorizationStoreContract(database), IClassFixture<PostgreSqlDatabase>;
