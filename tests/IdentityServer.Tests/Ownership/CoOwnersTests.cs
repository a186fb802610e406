using IdentityServer.Ownership;
using IdentityServer.Tests.Account;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Ownership;

/// <summary>People manage a client together: by invitation to an address, and never without an owner.</summary>
public sealed class CoOwnersTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task An_invitation_is_taken_by_whoever_has_its_address_and_by_nobody_else()
    {
        await using var world = await World.StartAsync();
        var (owner, invited, other) = (await world.AddPersonAsync(), await world.AddPersonAsync(), await world.AddPersonAsync());
        var client = await world.RegisterAsync(owner);

        (await world.InviteAsync(client, invited.User.Email.ToUpperInvariant())).ShouldBeOfType<InvitationOutcome.Sent>();

        var received = (await world.ReceivedAsync(invited.User)).Single();
        (received.ClientName, received.InvitedBy).ShouldBe(("Shop", owner.User.Email));
        (await world.ReceivedAsync(other.User)).ShouldBeEmpty();
        (await world.AcceptAsync(other.User, received.Id)).ShouldBeFalse();
        (await world.FindAsync(other, client.ClientId)).ShouldBeNull();
        (await world.AcceptAsync(invited.User, received.Id)).ShouldBeTrue();
        (await world.FindAsync(invited, client.ClientId)).ShouldNotBeNull();
        (await world.AcceptAsync(invited.User, received.Id)).ShouldBeFalse("it is used up");
    }

    [Fact]
    public async Task Its_mail_goes_to_the_address_and_holds_nothing_that_a_stranger_wrote_and_no_link()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner, """{"client_name":"Your bank: act now","redirect_uris":["https://evil.example/cb"]}""");

        await world.InviteAsync(client, "new.colleague@example.com");

        var mail = await world.OpenBrowser().ReadMailAsync("new.colleague@example.com", "you are invited to manage an app");
        var said = mail.Message.TextBody + mail.Message.HtmlBody + mail.Message.Subject;
        said.ShouldNotContain("bank");
        said.ShouldNotContain("evil");
        said.ShouldNotContain(owner.User.Email);
        said.ShouldNotContain("href");
        said.ShouldContain("Your apps");
    }

    [Fact]
    public async Task One_that_lapsed_or_was_taken_back_or_whose_address_was_given_away_opens_nothing()
    {
        await using var world = await World.StartAsync();
        var (owner, invited) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var client = await world.RegisterAsync(owner);

        await world.InviteAsync(client, invited.User.Email);
        var lapsed = (await world.ReceivedAsync(invited.User)).Single().Id;
        await world.AdvanceAsync(Invitations.Lifetime);
        (await world.AcceptAsync(invited.User, lapsed)).ShouldBeFalse();

        await world.InviteAsync(client, invited.User.Email);
        var withdrawn = (await world.ReceivedAsync(invited.User)).Single().Id;
        (await world.WithAsync<Invitations, bool>(invitations => invitations.WithdrawAsync(client, withdrawn, Cancel))).ShouldBeTrue();
        (await world.AcceptAsync(invited.User, withdrawn)).ShouldBeFalse();

        // The page may have read the account before it changed its address.
        await world.InviteAsync(client, invited.User.Email);
        var givenAway = (await world.ReceivedAsync(invited.User)).Single().Id;
        await world.ReadAsync(db => db.Users.Where(user => user.Id == invited.User.Id)
            .ExecuteUpdateAsync(set => set.SetProperty(user => user.NormalizedEmail, "elsewhere@example.com"), Cancel));
        (await world.AcceptAsync(invited.User, givenAway)).ShouldBeFalse();
        (await world.FindAsync(invited, client.ClientId)).ShouldBeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_was_put_out_comes_back_neither_by_an_invitation_of_their_own_nor_by_a_machine(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var (owner, leaving, alias) = (await world.AddPersonAsync(), await world.AddPersonAsync(), await world.AddPersonAsync());
        var client = await world.RegisterAsync(owner);
        var theirs = await world.ShareAsync(client, leaving);
        var machine = await world.RegisterAsync(leaving, Owners.Machine);
        (await world.WithAsync<ClientAgents, bool>(agents => agents.AddAsync(theirs, machine, Cancel))).ShouldBeTrue();
        (await world.FindAsync(new Actor.Machine(machine.RowId), client.ClientId)).ShouldNotBeNull();
        (await world.InviteAsync(theirs, alias.User.Email)).ShouldBeOfType<InvitationOutcome.Sent>();
        var invitation = (await world.ReceivedAsync(alias.User)).Single().Id;

        (await world.RemoveAsync(client, leaving.User.Id)).ShouldBe(OwnerRemoval.Done);

        (await world.FindAsync(new Actor.Machine(machine.RowId), client.ClientId)).ShouldBeNull();
        (await world.AcceptAsync(alias.User, invitation)).ShouldBeFalse();
        (await world.FindAsync(alias, client.ClientId)).ShouldBeNull();
        (await world.InviteAsync(theirs, "another@example.com")).ShouldBeOfType<InvitationOutcome.NotAdmitted>("the page was read before");
    }

    // It would come to the mailbox that another client's owners read.
    [Theory]
    [InlineData("buyer.k3v9xq2m@test-users.invalid")]
    [InlineData("buyer@TEST-USERS.invalid")]
    public async Task Nobody_is_invited_at_a_test_users_address(string email)
    {
        await using var world = await World.StartAsync();
        var client = await world.RegisterAsync(await world.AddPersonAsync());

        var outcome = await world.InviteAsync(client, email);

        outcome.ShouldBeOfType<InvitationOutcome.TestAddress>();
        (await world.ReadAsync(db => db.ClientInvitations.CountAsync(Cancel))).ShouldBe(0);
        (await world.ReadAsync(db => db.OutboxMessages.CountAsync(Cancel))).ShouldBe(0);
    }

    [Fact]
    public async Task Who_invites_without_end_is_stopped_and_the_answer_does_not_tell_who_has_an_account()
    {
        await using var world = await World.StartAsync();
        var (owner, known) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var client = await world.RegisterAsync(owner);

        (await world.InviteAsync(client, known.User.Email)).ShouldBe(await world.InviteAsync(client, "nobody@example.com"));
        (await world.InviteAsync(client, owner.User.Email)).ShouldBeOfType<InvitationOutcome.AlreadyOwner>();
        (await world.InviteAsync(client, "no address")).ShouldBeOfType<InvitationOutcome.NoAddress>();
        await world.InviteAsync(client, "nobody@example.com");
        await world.InviteAsync(client, "nobody@example.com");
        (await world.InviteAsync(client, "nobody@example.com")).ShouldBeOfType<InvitationOutcome.TooMany>("three mails a day to an address");
        for (var open = 1; open < Invitations.MostOpen; open++)
        {
            await world.InviteAsync(client, $"colleague-{open}@example.com");
        }

        (await world.InviteAsync(client, "one-more@example.com")).ShouldBeOfType<InvitationOutcome.TooMany>();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Whoever_owns_as_many_as_they_may_takes_no_more_however_many_invitations_at_once(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql, setup => setup.Settings["Portal:ClientsPerPerson"] = "2");
        var collector = await world.AddPersonAsync();
        for (var friend = 0; friend < 2; friend++)
        {
            var person = await world.AddPersonAsync();
            (await world.InviteAsync(await world.RegisterAsync(person), collector.User.Email)).ShouldBeOfType<InvitationOutcome.Sent>();
            (await world.InviteAsync(await world.RegisterAsync(person), collector.User.Email)).ShouldBe(
                friend == 0 ? new InvitationOutcome.Sent() : new InvitationOutcome.TooMany(), "three mails a day to an address");
        }

        // What others invite to fills nobody's quota: it is the person's own word that counts.
        var invitations = await world.ReceivedAsync(collector.User);
        var (registered, taken) = (world.TryRegisterAsync(collector), Task.WhenAll(invitations.Select(open => world.TryAcceptAsync(collector.User, open.Id))));
        var own = await registered is OwnedRegistration.Registered ? 1 : 0;

        (await taken).OfType<InvitationAcceptance.Accepted>().Count().ShouldBe(2 - own);
        (await taken).OfType<InvitationAcceptance.QuotaReached>().Count().ShouldBe(1 + own);
        (await world.ReadAsync(db => db.ClientOwners.CountAsync(row => row.UserId == collector.User.Id, Cancel))).ShouldBe(2);
        var left = await world.ReceivedAsync(collector.User);
        left.Count.ShouldBe(1 + own, "one that could not be taken stays open");

        var owned = await world.WithAsync<ClientAccess, IReadOnlyList<ListedClient>>(access => access.ListAsync(collector, null, 10, Cancel));
        var given = (await world.FindAsync(collector, owned[0].Metadata.ClientId!))!;
        (await world.WithAsync<OwnedClients, bool>(clients => clients.DeleteAsync(given, Cancel))).ShouldBeTrue();
        (await world.TryAcceptAsync(collector.User, left[0].Id)).ShouldBeOfType<InvitationAcceptance.Accepted>();
        (await world.TryRegisterAsync(collector)).ShouldBeOfType<OwnedRegistration.QuotaReached>();
    }

    [Fact]
    public async Task Whoever_owns_a_client_already_takes_an_invitation_to_it_whatever_they_own()
    {
        await using var world = await World.StartAsync(configure: setup => setup.Settings["Portal:ClientsPerPerson"] = "1");
        var (owner, invited) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var client = await world.RegisterAsync(owner);
        await world.InviteAsync(client, invited.User.Email);
        var invitation = (await world.ReceivedAsync(invited.User)).Single().Id;
        await world.WithAsync<OperatorOwnership, OwnerAppointment>(owners => owners.AddAsync(client.ClientId, invited.User.Email, Cancel));

        (await world.TryAcceptAsync(invited.User, invitation)).ShouldBeOfType<InvitationAcceptance.Accepted>();
    }

    [Fact]
    public async Task The_last_owner_cannot_leave()
    {
        await using var world = await World.StartAsync();
        var (owner, other, stranger) = (await world.AddPersonAsync(), await world.AddPersonAsync(), await world.AddPersonAsync());
        var client = await world.RegisterAsync(owner);

        (await world.RemoveAsync(client, owner.User.Id)).ShouldBe(OwnerRemoval.LastOne);
        (await world.RemoveAsync(client, stranger.User.Id)).ShouldBe(OwnerRemoval.Gone);
        var theirs = await world.ShareAsync(client, other);
        (await world.RemoveAsync(theirs, owner.User.Id)).ShouldBe(OwnerRemoval.Done);
        (await world.FindAsync(owner, client.ClientId)).ShouldBeNull();
        (await world.RemoveAsync(client, other.User.Id)).ShouldBe(OwnerRemoval.Gone, "whoever was put out puts nobody out");
        (await world.RemoveAsync(theirs, other.User.Id)).ShouldBe(OwnerRemoval.LastOne);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_owners_who_all_leave_at_once_one_stays(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var all = new List<OwnedClient> { client };
        for (var more = 0; more < 3; more++)
        {
            all.Add(await world.ShareAsync(client, await world.AddPersonAsync()));
        }

        var outcomes = await Task.WhenAll(all.Select(own => world.RemoveAsync(own, ((Actor.Person)own.Actor).User.Id)));

        outcomes.Count(outcome => outcome == OwnerRemoval.Done).ShouldBe(3);
        outcomes.ShouldContain(OwnerRemoval.LastOne);
        (await world.ReadAsync(db => db.ClientOwners.CountAsync(row => row.ClientRowId == client.RowId, Cancel))).ShouldBe(1);
    }

    [Fact]
    public async Task An_account_that_alone_owns_a_client_is_not_deleted_and_what_it_shares_passes_on()
    {
        await using var world = await World.StartAsync();
        var (owner, other) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var client = await world.RegisterAsync(owner);
        var (browser, _) = await world.OpenAccountAsync(owner.User.Email);

        var refused = await browser.SubmitAsync(await browser.GetAsync("/account/delete"), new Dictionary<string, string> { ["Current"] = World.Password });
        refused.Alert.ShouldBe("You are the only owner of these apps: Shop. Delete them under “Your apps”, or have somebody else own them as well, before you delete your account.");

        await world.ShareAsync(client, other);
        var page = await browser.AskForDeletionAsync();
        (await browser.EnterCodeAsync(page, await browser.ReadCodeAsync(owner.User.Email, AccountPages.DeletionMail))).Parameter("reason").ShouldBe("account-deleted");
        (await world.FindAsync(other, client.ClientId)).ShouldNotBeNull();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_two_co_owners_who_delete_their_accounts_at_once_one_stays(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        var (owner, other) = (await world.AddPersonAsync(), await world.AddPersonAsync());
        var client = await world.RegisterAsync(owner);
        await world.ShareAsync(client, other);
        var leaving = new List<(Browser Browser, Answer Page, string Code)>();
        foreach (var person in new[] { owner, other })
        {
            var (browser, _) = await world.OpenAccountAsync(person.User.Email);
            var page = await browser.AskForDeletionAsync();
            leaving.Add((browser, page, await browser.ReadCodeAsync(person.User.Email, AccountPages.DeletionMail)));
        }

        var answers = await Task.WhenAll(leaving.Select(person => person.Browser.EnterCodeAsync(person.Page, person.Code)));

        answers.Count(answer => answer.Parameter("reason") == "account-deleted").ShouldBe(1);
        (await world.ReadAsync(db => db.ClientOwners.CountAsync(row => row.ClientRowId == client.RowId, Cancel))).ShouldBe(1);
    }
}
