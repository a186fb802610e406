using IdentityServer.Clients;
using IdentityServer.Ownership;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Ownership;

/// <summary>The operator vouches for a client as an administrator saw it, and for nothing else.</summary>
public sealed class ApprovalTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task An_administrator_approves_what_an_owner_asked_for(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(owner);

        (await AskAsync(world, client, "We sell shoes.")).ShouldBeTrue();
        (await AskAsync(world, client, "Again")).ShouldBeFalse();
        var pending = (await PendingAsync(world, administrator)).Single();
        (pending.Wish, pending.Client.Name, pending.Owners.Single()).ShouldBe(("We sell shoes.", "Shop", owner.User.Email));

        (await DecideAsync(world, administrator, pending)).ShouldBe(ApprovalOutcome.Done);

        (await world.FindAsync(owner, client.ClientId))!.Metadata.Verified.ShouldBeTrue();
        (await PendingAsync(world, administrator)).ShouldBeEmpty();
        (await DecideAsync(world, administrator, pending)).ShouldBe(ApprovalOutcome.Gone);
        (await AskAsync(world, (await world.FindAsync(owner, client.ClientId))!, "")).ShouldBeFalse("it is approved");
    }

    [Fact]
    public async Task Nobody_but_an_administrator_sees_or_decides_anything()
    {
        await using var world = await World.StartAsync();
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(owner);
        await AskAsync(world, client, "");
        var pending = (await PendingAsync(world, administrator)).Single();

        (await PendingAsync(world, owner)).ShouldBeEmpty();
        (await DecideAsync(world, owner, pending)).ShouldBe(ApprovalOutcome.NotAdmitted);
        await world.ReadAsync(db => db.Users.Where(user => user.Id == administrator.User.Id).ExecuteUpdateAsync(set => set.SetProperty(user => user.Administrator, false), Cancel));
        (await DecideAsync(world, administrator, pending)).ShouldBe(ApprovalOutcome.NotAdmitted, "the office was lost after the page was read");
        (await world.FindAsync(owner, client.ClientId))!.Metadata.Verified.ShouldBeFalse();
    }

    [Fact]
    public async Task What_was_changed_after_the_administrator_looked_is_not_approved()
    {
        await using var world = await World.StartAsync();
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(owner);
        await AskAsync(world, client, "");
        var pending = (await PendingAsync(world, administrator)).Single();
        await world.ChangeAsync(client, metadata => metadata with { ClientName = "Your bank" });

        (await DecideAsync(world, administrator, pending)).ShouldBe(ApprovalOutcome.Changed);

        (await world.FindAsync(owner, client.ClientId))!.Metadata.Verified.ShouldBeFalse();
        (await PendingAsync(world, administrator)).Single().Client.Name.ShouldBe("Your bank");
    }

    [Fact]
    public async Task Another_name_or_address_takes_the_approval_back_and_a_lifetime_does_not()
    {
        await using var world = await World.StartAsync();
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(owner);
        await AskAsync(world, client, "");
        await DecideAsync(world, administrator, (await PendingAsync(world, administrator)).Single());

        var approved = (await world.FindAsync(owner, client.ClientId))!;
        (await world.ChangeAsync(approved, metadata => metadata with { AccessTokenLifetime = 300 })).ShouldBeOfType<EditOutcome.Stored>().Client.Verified.ShouldBeTrue();
        approved = (await world.FindAsync(owner, client.ClientId))!;
        (await world.ChangeAsync(approved, metadata => metadata with { RedirectUris = [.. metadata.RedirectUris, "https://other.example/cb"] }))
            .ShouldBeOfType<EditOutcome.Stored>().Client.Verified.ShouldBeFalse();
    }

    [Fact]
    public async Task A_refusal_tells_the_owner_why_and_they_may_ask_again()
    {
        await using var world = await World.StartAsync();
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(owner);
        await AskAsync(world, client, "");
        var pending = (await PendingAsync(world, administrator)).Single();

        (await world.WithAsync<Approvals, ApprovalOutcome>(approvals =>
            approvals.RefuseAsync(administrator.User, pending.Client.ClientId, pending.Version, "No terms of use.", Cancel))).ShouldBe(ApprovalOutcome.Done);

        var standing = await world.WithAsync<Approvals, ApprovalStanding>(approvals => approvals.StandingAsync(client, Cancel));
        (standing.Verified, standing.AskedAt, standing.Refusal).ShouldBe((false, null, "No terms of use."));
        (await AskAsync(world, client, "They are there now.")).ShouldBeTrue();
    }

    [Fact]
    public async Task A_machine_lets_nobody_approve_and_manages_only_what_it_was_let()
    {
        await using var world = await World.StartAsync();
        var (owner, stranger) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var (client, machine, foreign) = (await world.RegisterAsync(owner), await world.RegisterAsync(owner, Owners.Machine), await world.RegisterAsync(stranger));
        var actor = new Actor.Machine(machine.RowId);

        (await world.FindAsync(actor, machine.ClientId)).ShouldNotBeNull("itself");
        (await world.FindAsync(actor, client.ClientId)).ShouldBeNull();
        (await AddAgentAsync(world, foreign, machine)).ShouldBeFalse();
        (await AddAgentAsync(world, client, client)).ShouldBeFalse("it acts for people");
        (await AddAgentAsync(world, client, machine)).ShouldBeTrue();

        var managed = (await world.FindAsync(actor, client.ClientId))!;
        (await AskAsync(world, managed, "")).ShouldBeFalse();
        (await world.InviteAsync(managed, "colleague@example.com")).ShouldBeOfType<InvitationOutcome.NotAdmitted>();
        (await world.RemoveAsync(managed, owner.User.Id)).ShouldBe(OwnerRemoval.Gone);
        (await AddAgentAsync(world, managed, managed)).ShouldBeFalse();
        (await world.WithAsync<ClientAgents, bool>(agents => agents.RemoveAsync(client, machine.ClientId, Cancel))).ShouldBeTrue();
        (await world.FindAsync(actor, client.ClientId)).ShouldBeNull();
    }

    private static Task<bool> AskAsync(World world, OwnedClient client, string wish) =>
        world.WithAsync<Approvals, bool>(approvals => approvals.AskAsync(client, wish, Cancel));

    private static Task<IReadOnlyList<PendingApproval>> PendingAsync(World world, Actor.Person person) =>
        world.WithAsync<Approvals, IReadOnlyList<PendingApproval>>(approvals => approvals.PendingAsync(person.User, Cancel));

    private static Task<ApprovalOutcome> DecideAsync(World world, Actor.Person person, PendingApproval pending) =>
        world.WithAsync<Approvals, ApprovalOutcome>(approvals => approvals.ApproveAsync(person.User, pending.Client.ClientId, pending.Version, Cancel));

    private static Task<bool> AddAgentAsync(World world, OwnedClient client, OwnedClient machine) =>
        world.WithAsync<ClientAgents, bool>(agents => agents.AddAsync(client, machine, Cancel));
}
