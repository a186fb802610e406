using IdentityServer.Audit;
using IdentityServer.Domain.Users;
using IdentityServer.Outbox;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Ownership;

/// <summary>An open invitation as the owners of its client see it.</summary>
internal sealed record ShownInvitation(Guid Id, string Email, DateTimeOffset ExpiresAt);

/// <summary>An open invitation as the one sees it who is invited.</summary>
/// <param name="Id">The invitation.</param>
/// <param name="ClientName">The client's name, or its <c>client_id</c>.</param>
/// <param name="InvitedBy">The address of the owner who invites.</param>
/// <param name="ExpiresAt">Until when it can be taken.</param>
internal sealed record ReceivedInvitation(Guid Id, string ClientName, string InvitedBy, DateTimeOffset ExpiresAt);

/// <summary>What became of a wish to invite somebody.</summary>
internal abstract record InvitationOutcome
{
    private InvitationOutcome()
    {
    }

    /// <summary>It stands, and a mail is on its way. Whether there is an account with the address is not told.</summary>
    public sealed record Sent : InvitationOutcome;

    /// <summary>The address owns the client already.</summary>
    public sealed record AlreadyOwner : InvitationOutcome;

    /// <summary>It is no address that mail can be sent to.</summary>
    public sealed record NoAddress : InvitationOutcome;

    /// <summary>It is of a kind that only test users have: what is sent there others read, and no test user owns a client.</summary>
    public sealed record TestAddress : InvitationOutcome;

    /// <summary>Too many invitations lately, by this person or for this address, or open ones of the client.</summary>
    public sealed record TooMany : InvitationOutcome;

    /// <summary>Only people invite.</summary>
    public sealed record NotAdmitted : InvitationOutcome;
}

/// <summary>What became of a wish to take an invitation.</summary>
internal abstract record InvitationAcceptance
{
    private InvitationAcceptance()
    {
    }

    /// <summary>The person owns the client from now on.</summary>
    public sealed record Accepted : InvitationAcceptance;

    /// <summary>There is none such for the person's address, or none any more.</summary>
    public sealed record Gone : InvitationAcceptance;

    /// <summary>The person owns as many clients as they may. The invitation stays open.</summary>
    public sealed record QuotaReached : InvitationAcceptance;
}

/// <summary>
/// Invites people to own a client. An invitation is for an address and holds no secret: whoever signs in with that address has read a code
/// there, and finds it. A link that is passed on, or read by a scanner, so opens nothing.
/// </summary>
internal sealed class Invitations(
    IdentityServerDbContext db, UnitOfWork unit, OwnershipOperations operations, CounterOperations counters, InvitationParts parts)
{
    /// <summary>How long an invitation can be taken.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromDays(14);

    /// <summary>The most open invitations of a client.</summary>
    public const int MostOpen = 10;

    // Each is a mail to somebody who did not ask for it.
    internal const int MostOfPerson = 20;
    internal const int MostToAddress = 3;
    private static readonly TimeSpan _window = TimeSpan.FromDays(1);

    /// <summary>The open invitations of a client.</summary>
    public async Task<IReadOnlyList<ShownInvitation>> ListAsync(OwnedClient client, CancellationToken cancellationToken)
    {
        var now = parts.Clock.GetUtcNow();
        return await db.ClientInvitations.AsNoTracking().Where(row => row.ClientRowId == client.RowId && row.ExpiresAt > now)
            .OrderBy(row => row.CreatedAt).ThenBy(row => row.NormalizedEmail).Select(row => new ShownInvitation(row.Id, row.Email, row.ExpiresAt)).ToListAsync(cancellationToken);
    }

    /// <summary>The open invitations for a person's address.</summary>
    public async Task<IReadOnlyList<ReceivedInvitation>> ReceivedAsync(User user, CancellationToken cancellationToken)
    {
        var now = parts.Clock.GetUtcNow();
        return user.TestOfClientId is not null ? [] : await (
            from invitation in db.ClientInvitations.AsNoTracking()
            join client in db.Clients.AsNoTracking() on invitation.ClientRowId equals client.Id
            join inviter in db.Users.AsNoTracking() on invitation.InvitedBy equals inviter.Id
            where invitation.NormalizedEmail == user.NormalizedEmail && invitation.ExpiresAt > now
            orderby invitation.CreatedAt, invitation.Id
            select new ReceivedInvitation(invitation.Id, client.DisplayName ?? client.ClientId!, inviter.Email, invitation.ExpiresAt)).ToListAsync(cancellationToken);
    }

    /// <summary>Invites somebody.</summary>
    /// <param name="client">To own what.</param>
    /// <param name="email">The address, as typed.</param>
    /// <param name="language">The language of the mail: a tag.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<InvitationOutcome> InviteAsync(OwnedClient client, string? email, string language, CancellationToken cancellationToken)
    {
        if (client.Actor is not Actor.Person { User.Id: var inviter })
        {
            return new InvitationOutcome.NotAdmitted();
        }

        if (!EmailAddress.TryParse(email, out var address))
        {
            return new InvitationOutcome.NoAddress();
        }

        if (TestAddress.IsReserved(address))
        {
            return new InvitationOutcome.TestAddress();
        }

        var outcome = await unit.InOwnTransactionAsync(() => StoreAsync(client, inviter, address, language, cancellationToken), cancellationToken);
        parts.Signal.Notify();
        return outcome;
    }

    /// <summary>Takes an invitation back.</summary>
    public async Task<bool> WithdrawAsync(OwnedClient client, Guid id, CancellationToken cancellationToken) =>
        await db.ClientInvitations.Where(row => row.Id == id && row.ClientRowId == client.RowId).ExecuteDeleteAsync(cancellationToken) == 1;

    /// <summary>Takes an invitation: the person owns the client from now on.</summary>
    public Task<InvitationAcceptance> AcceptAsync(User user, Guid id, CancellationToken cancellationToken) => unit.InOwnTransactionAsync<InvitationAcceptance>(
        async () =>
        {
            // The client before the person, as the deletion of an account takes them.
            if (await db.ClientInvitations.Where(row => row.Id == id).Select(row => row.ClientRowId).SingleOrDefaultAsync(cancellationToken) is not { } invitedTo)
            {
                return new InvitationAcceptance.Gone();
            }

            await parts.Clients.HoldClientAsync(invitedTo, cancellationToken);
            await operations.HoldUserAsync(user.Id, cancellationToken);

            // The address as it is now, in the row: one that was given away meanwhile takes nothing.
            var email = await db.Users.Where(row => row.Id == user.Id && row.TestOfClientId == null).Select(row => row.NormalizedEmail).SingleOrDefaultAsync(cancellationToken);
            var now = parts.Clock.GetUtcNow();
            if (email is null || await operations.TakeInvitationAsync(id, email, now, cancellationToken) is not { } client)
            {
                return new InvitationAcceptance.Gone();
            }

            // Else whoever may own no more has others register, and leave.
            if (await operations.AddAsync(client, user.Id, now, cancellationToken)
                && await db.ClientOwners.CountAsync(owner => owner.UserId == user.Id, cancellationToken) > parts.Options.ClientsPerPerson)
            {
                await unit.RollbackAsync(cancellationToken);
                return new InvitationAcceptance.QuotaReached();
            }

            var clientId = await db.Clients.Where(row => row.Id == client).Select(row => row.ClientId).SingleAsync(cancellationToken);
            parts.Audit.Add(AuditEvents.ClientOwnerAdded, new(UserId: user.Id, ClientId: clientId));
            await db.SaveChangesAsync(cancellationToken);
            return new InvitationAcceptance.Accepted();
        },
        cancellationToken);

    /// <summary>Says no to an invitation.</summary>
    /// <returns>False when there is none such for the person's address.</returns>
    public async Task<bool> DeclineAsync(User user, Guid id, CancellationToken cancellationToken) =>
        await db.ClientInvitations.Where(row => row.Id == id && row.NormalizedEmail == user.NormalizedEmail).ExecuteDeleteAsync(cancellationToken) == 1;

    private async Task<InvitationOutcome> StoreAsync(
        OwnedClient client, Guid inviter, EmailAddress address, string language, CancellationToken cancellationToken)
    {
        // Whoever is put out at this moment invites nobody any more.
        await parts.Clients.HoldClientAsync(client.RowId, cancellationToken);
        if (!await db.ClientOwners.AnyAsync(owner => owner.ClientRowId == client.RowId && owner.UserId == inviter, cancellationToken))
        {
            return new InvitationOutcome.NotAdmitted();
        }

        var now = parts.Clock.GetUtcNow();
        if (await db.ClientOwners.AnyAsync(
            owner => owner.ClientRowId == client.RowId && db.Users.Any(user => user.Id == owner.UserId && user.NormalizedEmail == address.Normalized), cancellationToken))
        {
            return new InvitationOutcome.AlreadyOwner();
        }

        // Asking again is the same invitation, and another mail within the same limits.
        await db.ClientInvitations.Where(row => row.ClientRowId == client.RowId && (row.NormalizedEmail == address.Normalized || row.ExpiresAt <= now))
            .ExecuteDeleteAsync(cancellationToken);
        if (await db.ClientInvitations.CountAsync(row => row.ClientRowId == client.RowId, cancellationToken) >= MostOpen
            || !(await counters.TrySpendAsync($"invitations/by/{inviter:N}", _window, MostOfPerson, now, cancellationToken)).Allowed
            || !(await counters.TrySpendAsync($"invitations/to/{address.Normalized}", _window, MostToAddress, now, cancellationToken)).Allowed)
        {
            return new InvitationOutcome.TooMany();
        }

        var id = Guid.NewGuid();
        db.ClientInvitations.Add(new()
        {
            Id = id,
            ClientRowId = client.RowId,
            Email = address.Value,
            NormalizedEmail = address.Normalized,
            InvitedBy = inviter,
            CreatedAt = now,
            ExpiresAt = now + Lifetime,
        });
        db.OutboxMessages.Add(InvitationHandler.Message(id, inviter, language, now));
        parts.Audit.Add(AuditEvents.ClientOwnerInvited, new(UserId: inviter, ClientId: client.ClientId));
        await db.SaveChangesAsync(cancellationToken);
        return new InvitationOutcome.Sent();
    }
}

/// <summary>What inviting touches beside the invitation.</summary>
internal sealed record InvitationParts(PortalOptions Options, RegistrationOperations Clients, OutboxSignal Signal, AuditTrail Audit, TimeProvider Clock);
