using System.Net.Mime;
using System.Security.Cryptography;
using IdentityServer.Domain.Clients;
using IdentityServer.Egress;
using IdentityServer.Pages;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Clients.Showing;

/// <summary>A logo as we serve it.</summary>
/// <param name="Content">The file.</param>
/// <param name="Type">Its media type.</param>
internal sealed record LogoPicture(byte[] Content, string Type);

/// <summary>
/// The logos of clients, served by us: a client never learns from an image who is about to sign in. People see those alone whose owner the
/// operator knows, so that nobody gets to put a picture of their choosing on the sign-in page (threats: registration as a phishing front).
/// A logo that was uploaded stands before the one at <c>logo_uri</c>.
/// </summary>
internal sealed class ClientLogo(EgressCache documents, IServiceScopeFactory scopes)
{
    private const string Path = "/client-logo";

    private static readonly TimeSpan Kept = TimeSpan.FromHours(12);

    public static void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapMethods(Path, EmbeddedAssets.Reading, (HttpContext context, ClientLogo logo) => logo.AnswerAsync(context));

    /// <summary>Where a page finds a client's logo; null for a client that shows none. Asks nobody: it is on the way of every sign-in.</summary>
    public static string? AddressOf(ClientSettings client) =>
        client.Verified && (client.LogoUri is not null || client.HasUploadedLogo) ? Path + QueryString.Create("client_id", client.ClientId) : null;

    /// <summary>A client's logo, whether or not people see it; null when there is none that can be read.</summary>
    public async Task<LogoPicture?> ReadAsync(string rowId, string? logoUri, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var uploaded = await scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>().ClientLogos.AsNoTracking()
            .Where(logo => logo.ClientRowId == rowId).Select(logo => logo.Content).SingleOrDefaultAsync(cancellationToken);
        return uploaded is null ? await FetchAsync(logoUri, cancellationToken) : new(uploaded, MediaTypeNames.Image.Png);
    }

    /// <summary>
    /// What a picture is by what it begins with; null for what is none: what the other side says it is means nothing. SVG is active content,
    /// and is not among them.
    /// </summary>
    public static string? TypeOf(ReadOnlySpan<byte> content) =>
        content.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G']) ? MediaTypeNames.Image.Png
        : content.StartsWith<byte>([0xFF, 0xD8, 0xFF]) ? MediaTypeNames.Image.Jpeg
        : content.Length > 12 && content.StartsWith("RIFF"u8) && content[8..12].SequenceEqual("WEBP"u8) ? MediaTypeNames.Image.Webp
        : null;

    // From the database and not from what this node remembers, the picture first: one that was uploaded a moment ago took the approval away
    // with it, and so does not pass for the one that an administrator saw.
    private async Task<IResult> AnswerAsync(HttpContext context)
    {
        var (clientId, cancellationToken) = (context.Request.Query["client_id"].ToString(), context.RequestAborted);
        if (!ClientIdentifier.IsWellFormed(clientId))
        {
            return Results.NotFound();
        }

        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
        var uploaded = await db.ClientLogos.AsNoTracking().Where(logo => db.Clients.Any(client => client.Id == logo.ClientRowId && client.ClientId == clientId))
            .Select(logo => logo.Content).SingleOrDefaultAsync(cancellationToken);
        if (await db.Clients.AsNoTracking().SingleOrDefaultAsync(row => row.ClientId == clientId, cancellationToken) is not { } client
            || CachedClient.MetadataOf(client) is not { Verified: true } metadata
            || (uploaded is null ? await FetchAsync(metadata.LogoUri, cancellationToken) : new(uploaded, MediaTypeNames.Image.Png)) is not { } picture)
        {
            return Results.NotFound();
        }

        context.Response.Headers.ContentDisposition = "inline";
        return EmbeddedAssets.Answer(context, picture.Content, picture.Type, Convert.ToHexStringLower(SHA256.HashData(picture.Content).AsSpan(0, 6)));
    }

    private async Task<LogoPicture?> FetchAsync(string? address, CancellationToken cancellationToken) =>
        address is not null && await documents.GetAsync(new Uri(address), EgressRules.Logo, Kept, cancellationToken) is EgressAnswer.Answered logo
            && TypeOf(logo.Body) is { } type ? new(logo.Body, type) : null;
}
