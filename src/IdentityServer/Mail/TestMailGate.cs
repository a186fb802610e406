using IdentityServer.Domain.Users;
using IdentityServer.Outbox;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using MimeKit;

namespace IdentityServer.Mail;

/// <summary>
/// The last step before a mail leaves, whoever sends it: one to an address under the domain of test users stays here. It is kept for the
/// owners of the client whose test user has the address, and dropped when nobody has. Nothing else is ever kept: whether it may be is
/// judged once more by the statement that keeps it.
/// </summary>
internal sealed partial class TestMailGate(
    IMailTransport outside, IServiceScopeFactory scopes, TestMailSeal seal, TimeProvider clock, ILogger<TestMailGate> logger) : IMailTransport
{
    /// <inheritdoc />
    public async Task<DeliveryOutcome> SendAsync(MimeMessage message, CancellationToken ct)
    {
        ArgumentNullException.ThrowIfNull(message);
        var reserved = message.GetRecipients(onlyUnique: true).Select(mailbox => mailbox.Address).Where(TestAddress.IsReserved).ToList();
        if (reserved.Count == 0)
        {
            return await outside.SendAsync(message, ct);
        }

        // Our mails have one recipient. Should one have several some day, it stays here all the same.
        var kept = false;
        foreach (var address in reserved)
        {
            kept |= await KeepAsync(EmailAddress.Normalize(address), message, ct);
        }

        if (!kept)
        {
            Dropped(logger);
        }

        return kept ? new DeliveryOutcome.HandedOver("Kept for the owners of the client.") : new DeliveryOutcome.Obsolete();
    }

    private async Task<bool> KeepAsync(string normalizedAddress, MimeMessage message, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        if (await scope.ServiceProvider.GetRequiredService<CeremonyReads>().UserAsync(normalizedAddress, cancellationToken)
            is not { TestOfClientId: { } client } user)
        {
            return false;
        }

        var now = clock.GetUtcNow();
        var mail = new TestMail
        {
            Id = Guid.CreateVersion7(now),
            ClientRowId = client,
            UserId = user.Id,
            At = now,
            ProtectedMail = seal.Close(client, user.Id, new(message.Subject ?? "", message.TextBody ?? "")),
            ExpiresAt = now + TestUserPolicy.MailKept,
        };
        return await scope.ServiceProvider.GetRequiredService<TestUserOperations>().KeepMailAsync(mail, normalizedAddress, cancellationToken);
    }

    [LoggerMessage(1311, LogLevel.Information, "A mail to the domain of test users was dropped: no test user of a client has the address.")]
    private static partial void Dropped(ILogger logger);
}
