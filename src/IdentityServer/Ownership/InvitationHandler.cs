using System.Text.Json;
using IdentityServer.Languages;
using IdentityServer.Mail;
using IdentityServer.Outbox;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Ownership;

/// <summary>
/// Mails an invitation to the address that it is for. The mail names neither the client nor the person: nobody but the operator writes into
/// our mail.
/// </summary>
internal sealed class InvitationHandler(IdentityServerDbContext db, ServiceMail mail, TimeProvider clock) : IOutboxHandler
{
    internal const string MessageKind = "client-invitation";

    // A mail that comes a day late is of no use to anybody; the invitation itself stands longer.
    private static readonly TimeSpan _lifetime = TimeSpan.FromHours(24);

    public string Kind => MessageKind;

    /// <summary>The outbox row of an invitation's mail.</summary>
    public static OutboxMessage Message(Guid invitation, Guid inviter, string language, DateTimeOffset now) => new()
    {
        Id = Guid.CreateVersion7(now),
        Kind = MessageKind,
        UserId = inviter,
        Payload = JsonSerializer.Serialize(new Content(invitation, language)),
        CreatedAt = now,
        DueAt = now,
        ExpiresAt = now + _lifetime,
    };

    public async Task<DeliveryOutcome> DeliverAsync(OutboxMessage message, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        if (JsonSerializer.Deserialize<Content>(message.Payload) is not { } content
            || await db.ClientInvitations.AsNoTracking().SingleOrDefaultAsync(row => row.Id == content.Invitation && row.ExpiresAt > now, cancellationToken)
                is not { } invitation)
        {
            return new DeliveryOutcome.Obsolete();
        }

        return await mail.SendAsync(
            invitation.Email, InvitationMail.Write(Words.In(content.Language), mail.Product, mail.Host, invitation.ExpiresAt), cancellationToken);
    }

    private sealed record Content(Guid Invitation, string Language);
}
