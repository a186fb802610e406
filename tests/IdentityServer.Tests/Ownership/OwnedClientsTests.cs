using IdentityServer.Clients;
using IdentityServer.Clients.Credentials;
using IdentityServer.Ownership;
using IdentityServer.Tests.Clients;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Ownership;

/// <summary>People register clients by themselves, and manage those that are theirs: no others, and not what is the operator's to say.</summary>
public sealed class OwnedClientsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Who_registers_a_client_owns_it_and_nobody_else_finds_it(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var (owner, stranger, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));

        var registered = (await world.TryRegisterAsync(owner)).ShouldBeOfType<OwnedRegistration.Registered>();

        registered.GeneratedSecret.ShouldNotBeNull();
        var clientId = registered.Client.ClientId!;
        (await world.FindAsync(owner, clientId))!.Metadata.ClientName.ShouldBe("Shop");
        (await world.FindAsync(stranger, clientId)).ShouldBeNull();
        (await world.FindAsync(administrator, clientId)).ShouldBeNull();
        (await ListAsync(world, owner)).Single().Metadata.ClientId.ShouldBe(clientId);
        (await ListAsync(world, stranger)).ShouldBeEmpty();
        (await world.ReadAsync(db => db.AuditEvents.CountAsync(told => told.ClientId == clientId && told.Name == "client.owner-added", Cancel))).ShouldBe(1);
    }

    [Theory]
    [InlineData("""{"client_name":"Shop","redirect_uris":["https://shop.example.com/cb"],"first_party":true}""", "first_party")]
    [InlineData("""{"client_name":"Shop","redirect_uris":["https://shop.example.com/cb"],"verified":true}""", "verified")]
    [InlineData("""{"client_name":"Shop","redirect_uris":["https://shop.example.com/cb"],"introspects":["https://notes.example.com"]}""", "introspects")]
    [InlineData("""{"client_name":"Shop","redirect_uris":["https://shop.example.com/cb"],"client_id":"admin"}""", "client_id")]
    [InlineData("""{"client_name":"Shop","redirect_uris":["https://shop.example.com/cb"],"client_secret":"chosen-by-the-owner-of-the-client"}""", "client_secret")]
    [InlineData("""{"client_name":"Shop","redirect_uris":["https://shop.example.com/cb"],"scope":"openid orders"}""", "scope")]
    [InlineData("""{"client_name":"Shop","redirect_uris":["http://shop.example.com/cb"]}""", "redirect_uris[0]")]
    [InlineData("""{"redirect_uris":["https://shop.example.com/cb"]}""", "client_name")]
    public async Task What_is_the_operators_to_say_or_breaks_a_rule_is_refused_by_name(string wish, string field)
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();

        (await world.TryRegisterAsync(owner, wish)).ShouldBeOfType<OwnedRegistration.Refused>().Problems.ShouldContain(problem => problem.Field == field);

        (await ListAsync(world, owner)).ShouldBeEmpty();
    }

    [Fact]
    public async Task A_scope_that_the_operator_offers_may_be_asked_for()
    {
        await using var world = await World.StartAsync(configure: setup => setup.Settings["Portal:Scopes:0"] = "orders");
        var owner = await world.AddPersonAsync();

        (await world.TryRegisterAsync(owner, """{"client_name":"Shop","redirect_uris":["https://shop.example.com/cb"],"scope":"openid orders"}"""))
            .ShouldBeOfType<OwnedRegistration.Registered>();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_person_owns_as_many_as_the_operator_says_however_many_they_ask_for_at_once(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql, setup => setup.Settings["Portal:ClientsPerPerson"] = "2");
        var owner = await world.AddPersonAsync();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 5).Select(_ => world.TryRegisterAsync(owner)));

        outcomes.OfType<OwnedRegistration.Registered>().Count().ShouldBe(2);
        outcomes.OfType<OwnedRegistration.QuotaReached>().ShouldAllBe(reached => reached.Most == 2);
        (await world.TryRegisterAsync(await world.AddPersonAsync())).ShouldBeOfType<OwnedRegistration.Registered>("others have their own");
    }

    [Fact]
    public async Task Where_the_operator_keeps_it_to_administrators_nobody_else_registers()
    {
        await using var world = await World.StartAsync(configure: setup => setup.Settings["Portal:Access"] = "Administrators");

        (await world.TryRegisterAsync(await world.AddPersonAsync())).ShouldBeOfType<OwnedRegistration.NotAdmitted>();
        (await world.TryRegisterAsync(await world.AddPersonAsync(administrator: true))).ShouldBeOfType<OwnedRegistration.Registered>();
    }

    [Fact]
    public async Task An_account_that_was_made_to_test_a_client_registers_and_manages_nothing()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var person = await world.AddPersonAsync();
        await world.ShareAsync(client, person);
        await world.ReadAsync(db => db.Users.Where(user => user.Id == person.User.Id).ExecuteUpdateAsync(set => set.SetProperty(user => user.TestOfClientId, client.RowId), Cancel));
        var test = new Actor.Person(await world.UserAsync(person.User.Email));

        (await world.FindAsync(test, client.ClientId)).ShouldBeNull();
        (await world.TryRegisterAsync(test)).ShouldBeOfType<OwnedRegistration.NotAdmitted>();
        (await ListAsync(world, test)).ShouldBeEmpty();
    }

    [Fact]
    public async Task Of_two_who_change_a_client_at_once_the_second_is_told_and_nothing_is_lost()
    {
        await using var world = await World.StartAsync();
        var client = await world.RegisterAsync(await world.AddPersonAsync());

        (await world.ChangeAsync(client, metadata => metadata with { ClientName = "First" })).ShouldBeOfType<EditOutcome.Stored>();
        (await world.ChangeAsync(client, metadata => metadata with { ClientName = "Second" })).ShouldBeOfType<EditOutcome.Changed>();

        (await world.FindAsync(client.Actor, client.ClientId))!.Metadata.ClientName.ShouldBe("First");
    }

    [Fact]
    public async Task Scopes_that_the_operator_gave_a_client_stay_when_its_owner_changes_something_else()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var imported = await world.AddClientAsync(extra: "\"software_id\":\"x\"", firstParty: true);
        await world.ReadAsync(async db =>
        {
            var row = (await db.Clients.SingleAsync(client => client.ClientId == imported.Id, Cancel)).Id!;
            db.ClientOwners.Add(new() { ClientRowId = row, UserId = owner.User.Id, AddedAt = world.Clock.GetUtcNow() });
            return await db.SaveChangesAsync(Cancel);
        });
        var client = (await world.FindAsync(owner, imported.Id))!;

        var stored = (await world.ChangeAsync(client, metadata => metadata with { SoftwareId = "y" })).ShouldBeOfType<EditOutcome.Stored>();

        (stored.Client.FirstParty, stored.Client.SoftwareId).ShouldBe((true, "y"));
    }

    [Fact]
    public async Task Whoever_owns_a_client_of_the_operators_own_gives_it_no_power_over_the_clients_of_others()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var imported = await world.AddClientAsync(firstParty: true);
        await world.ReadAsync(async db =>
        {
            var row = (await db.Clients.SingleAsync(client => client.ClientId == imported.Id, Cancel)).Id!;
            db.ClientOwners.Add(new() { ClientRowId = row, UserId = owner.User.Id, AddedAt = world.Clock.GetUtcNow() });
            return await db.SaveChangesAsync(Cancel);
        });
        var client = (await world.FindAsync(owner, imported.Id))!;

        (await world.ChangeAsync(client, metadata => metadata with { Scope = metadata.Scope + " clients.secrets" }))
            .ShouldBeOfType<EditOutcome.Refused>().Problems.Single().Field.ShouldBe("scope");
    }

    [Fact]
    public async Task A_client_that_becomes_public_loses_its_secrets()
    {
        await using var world = await World.StartAsync();
        var client = await world.RegisterAsync(await world.AddPersonAsync());

        (await world.ChangeAsync(client, metadata => metadata with { TokenEndpointAuthMethod = "none" })).ShouldBeOfType<EditOutcome.Stored>();

        (await world.Server.SecretsAsync(client.ClientId)).ShouldAllBe(secret => secret.Retirement == Domain.Clients.Retirement.Over);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Deleting_a_client_takes_all_that_is_kept_of_it(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        await world.InviteAsync(client, "colleague@example.com");
        await world.WithAsync<Approvals, bool>(approvals => approvals.AskAsync(client, "please", Cancel));

        (await world.WithAsync<OwnedClients, bool>(clients => clients.DeleteAsync(client, Cancel))).ShouldBeTrue();
        (await world.WithAsync<OwnedClients, bool>(clients => clients.DeleteAsync(client, Cancel))).ShouldBeFalse();

        (await world.FindAsync(owner, client.ClientId)).ShouldBeNull();
        await world.ReadAsync(async db =>
        {
            (await db.ClientSecrets.AnyAsync(row => row.ClientRowId == client.RowId, Cancel)).ShouldBeFalse();
            (await db.ClientOwners.AnyAsync(row => row.ClientRowId == client.RowId, Cancel)).ShouldBeFalse();
            (await db.ClientInvitations.AnyAsync(row => row.ClientRowId == client.RowId, Cancel)).ShouldBeFalse();
            (await db.ClientStandings.AnyAsync(row => row.ClientRowId == client.RowId, Cancel)).ShouldBeFalse();
            return true;
        });
    }

    private static Task<IReadOnlyList<ListedClient>> ListAsync(World world, Actor actor) =>
        world.WithAsync<ClientAccess, IReadOnlyList<ListedClient>>(access => access.ListAsync(actor, null, 100, Cancel));
}
