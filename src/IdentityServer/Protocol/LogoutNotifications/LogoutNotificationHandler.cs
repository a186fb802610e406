using System.Diagnostics;
using System.Globalization;
using IdentityServer.Clients;
using IdentityServer.Domain.Sessions;
using IdentityServer.Egress;
using IdentityServer.Outbox;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Protocol.LogoutNotifications;

/// <summary>
/// Tells a client that a session has ended (OpenID Connect Back-Channel Logout 1.0 §2.5). The outbox names client and session only; the
/// token is made here, at the moment of sending, for the address that is registered now.
/// </summary>
internal sealed class LogoutNotificationHandler(
    ClientCache clients, PairwiseSubjects subjects, LogoutTokens tokens, EgressClient egress) : IOutboxHandler
{
    // §2.8: the client's word for a notice that it cannot accept. It would say the same again.
    private const int BadRequest = 400;

    public string Kind => LogoutNotification.Kind;

    public async Task<DeliveryOutcome> DeliverAsync(OutboxMessage message, CancellationToken ct)
    {
        if (message.ClientRowId is not { } row || await clients.FindByKeyAsync(row, ct) is not { Settings: var client }
            || client.Metadata.BackchannelLogoutUri is not { } address)
        {
            return new DeliveryOutcome.Obsolete();
        }

        var subject = await subjects.OfAsync(message.UserId, client, ct); // as the client's tokens named the person
        var token = tokens.Make(client, subject, LogoutOperations.SessionOf(message), message.Id);
        return await egress.PostFormAsync(
            new Uri(address, UriKind.Absolute), [KeyValuePair.Create("logout_token", token)], EgressRules.Notification, ct) switch
        {
            EgressAnswer.Answered answered => new DeliveryOutcome.HandedOver(
                string.Create(CultureInfo.InvariantCulture, $"it answered with the status {answered.Status}")),
            EgressAnswer.Failed { Status: BadRequest } failed => new DeliveryOutcome.Refused(failed.Reason),
            EgressAnswer.Failed failed => new DeliveryOutcome.Deferred(failed.Reason),
            EgressAnswer.Refused refused => new DeliveryOutcome.Refused(refused.Reason),
            var other => throw new UnreachableException($"Unmapped answer {other}."),
        };
    }
}
