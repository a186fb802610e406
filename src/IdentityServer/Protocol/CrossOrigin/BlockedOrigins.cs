using IdentityServer.Clients;
using IdentityServer.Clients.Diagnosis;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Storage;
using Microsoft.AspNetCore;

namespace IdentityServer.Protocol.CrossOrigin;

/// <summary>
/// Leaves an entry when a page of an origin that is not registered called an endpoint. The browser asks first without saying for whom;
/// then the entry goes to the one client whose origin is like it, if there is exactly one.
/// </summary>
internal sealed class BlockedOrigins(ClientCache clients, NearClients near)
{
    /// <summary>After a browser was told no, before it sent the request itself.</summary>
    public async Task NotePreflightAsync(HttpContext context, string origin)
    {
        try
        {
            if (await near.FindByOriginAsync(origin, context.Connection.RemoteIpAddress, context.RequestAborted) is var (rowId, origins))
            {
                Tell(context, rowId, origin, origins);
            }
        }
        catch (Exception failure) when (StorageFailure.IsPassing(failure))
        {
            // The preflight needs no database, and is answered while there is none.
        }
    }

    /// <summary>After a request whose answer the page may not read. Only a public client has pages; servers pass on headers of browsers.</summary>
    public async Task NoteAsync(HttpContext context, string origin)
    {
        if (context.GetOpenIddictServerRequest()?.ClientId is { Length: > 0 } clientId
            && await clients.FindSettingsAsync(clientId, context.RequestAborted) is { IsPublic: true } client)
        {
            Tell(context, client.Id, origin, await near.OriginsOfAsync(client.Id, context.RequestAborted));
        }
    }

    private static void Tell(HttpContext context, string clientRowId, string origin, IReadOnlyList<string> expected)
    {
        var trail = ClientTrail.Of(context);
        trail.Concerns(clientRowId);
        trail.Fail(
            FailureCodes.OriginNotRegistered,
            ("origin", Quotable.Uri(origin, expected)),
            ("expected", expected.Count > 0 ? string.Join(' ', expected) : "-"));
    }
}
