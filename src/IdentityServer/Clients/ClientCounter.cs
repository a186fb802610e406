using IdentityServer.Diagnostics;
using IdentityServer.Storage;

namespace IdentityServer.Clients;

/// <summary>Counts what happens for a client that is known by its <c>client_id</c>. It never stands in the way of what it counts.</summary>
internal sealed class ClientCounter(ClientCache clients, ClientInsight insight)
{
    /// <summary>Counts one.</summary>
    /// <param name="clientId">The <c>client_id</c>; nothing is counted for null, or for one that nobody has.</param>
    /// <param name="activityKind">One of <see cref="Domain.Diagnosis.ActivityKinds"/>.</param>
    public async ValueTask CountAsync(string? clientId, string activityKind)
    {
        try
        {
            if (clientId is not null && await clients.FindRowIdAsync(clientId) is { } rowId)
            {
                insight.Count(rowId, activityKind);
            }
        }
        catch (Exception away) when (StorageFailure.IsPassing(away))
        {
            // What was to be counted has happened. It is not taken back for want of a count.
        }
    }
}
