using System.Net.Mime;
using System.Security.Cryptography;
using IdentityServer.Domain.Clients;
using IdentityServer.Pages;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients.Showing;

/// <summary>
/// The logos of clients, served by us: a client never learns from an image who is about to sign in. People see those alone whose owner the
/// operator knows, so that nobody gets to put a picture of their choosing on the sign-in page (threats: registration as a phishing front).
/// What is at a <c>logo_uri</c> is no such logo: whoever holds that address could put another picture there once an administrator has looked.
/// People are shown the very bytes that were looked at, which an owner uploaded or somebody took from that address (<see cref="RegisteredLogo"/>).
/// </summary>
internal sealed class ClientLogo(IdentityServerDbContext db)
{
    private const string Path = "/client-logo";

    public static void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapMethods(Path, EmbeddedAssets.Reading, (HttpContext context, ClientLogo logo) => logo.AnswerAsync(context));

    /// <summary>Where a page finds a client's logo; null for a client that shows none. Asks nobody: it is on the way of every sign-in.</summary>
    public static string? AddressOf(ClientSettings client) =>
        client.Verified && client.HasStoredLogo ? Path + QueryString.Create("client_id", client.ClientId) : null;

    /// <summary>A client's logo, whether or not people see it: a PNG; null when there is none.</summary>
    public Task<byte[]?> ReadAsync(string rowId, CancellationToken cancellationToken) =>
        db.ClientLogos.AsNoTracking().Where(logo => logo.ClientRowId == rowId).Select(logo => logo.Content).SingleOrDefaultAsync(cancellationToken);

    // From the database and not from what this node remembers, and in one statement: a picture that was uploaded a moment ago took the approval
    // away with it, and so does not pass for the one that an administrator saw.
    private async Task<IResult> AnswerAsync(HttpContext context)
    {
        var clientId = context.Request.Query["client_id"].ToString();
        if (!ClientIdentifier.IsWellFormed(clientId)
            || await db.Clients.AsNoTracking().Where(client => client.ClientId == clientId)
                .Join(db.ClientLogos, client => client.Id, logo => logo.ClientRowId, (client, logo) => new { client, logo.Content })
                .SingleOrDefaultAsync(context.RequestAborted) is not { } found
            || !CachedClient.MetadataOf(found.client).Verified)
        {
            return Results.NotFound();
        }

        context.Response.Headers.ContentDisposition = "inline";
        return EmbeddedAssets.Answer(
            context, found.Content, MediaTypeNames.Image.Png, Convert.ToHexStringLower(SHA256.HashData(found.Content).AsSpan(0, 6)));
    }
}
