using IdentityServer.Clients;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;

namespace IdentityServer.Protocol.LogoutNotifications;

/// <summary>What became of the notices to a client, for whoever runs it.</summary>
internal sealed class LogoutHistory(ClientCache clients, OutboxOperations outbox)
{
    /// <summary>The last notices, newest first, as far as they are kept.</summary>
    /// <param name="clientId">The <c>client_id</c>.</param>
    /// <param name="max">At most so many.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>Null when there is no such client.</returns>
    public async Task<LogoutNotices?> OfAsync(string clientId, int max, CancellationToken cancellationToken) =>
        await clients.FindSettingsAsync(clientId, cancellationToken) is { } client
            ? new(client.Metadata.BackchannelLogoutUri, await outbox.OfClientAsync(client.Id, max, cancellationToken))
            : null;
}

/// <summary>A client's notices.</summary>
/// <param name="Address">Where they go; null when none is registered, and then none is enqueued.</param>
/// <param name="Last">The notices, newest first.</param>
internal sealed record LogoutNotices(string? Address, IReadOnlyList<OutboxMessage> Last);
