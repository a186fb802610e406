using System.Security.Cryptography;
using IdentityServer.Egress;
using IdentityServer.Pages;

namespace IdentityServer.Clients.Showing;

/// <summary>
/// The logos of clients whose owner the operator knows, served by us: a client never learns from an image who is about to sign in, and
/// nobody gets to put a picture of their choosing on the sign-in page (threats: registration as a phishing front).
/// </summary>
internal sealed class ClientLogo(ClientCache clients, EgressCache documents)
{
    private const string Path = "/client-logo";

    private static readonly TimeSpan Kept = TimeSpan.FromHours(12);

    /// <summary>Where a page finds a client's logo; null for a client that shows none.</summary>
    public static string? AddressOf(ClientSettings client) =>
        IsShown(client) ? Path + QueryString.Create("client_id", client.ClientId) : null;

    public static void Map(IEndpointRouteBuilder endpoints) =>
        endpoints.MapMethods(Path, EmbeddedAssets.Reading, (HttpContext context, ClientLogo logo) => logo.AnswerAsync(context));

    private static bool IsShown(ClientSettings client) => client is { Verified: true, LogoUri: not null };

    private async Task<IResult> AnswerAsync(HttpContext context)
    {
        var clientId = context.Request.Query["client_id"].ToString();
        if (await clients.FindSettingsAsync(clientId, context.RequestAborted) is not { } client || !IsShown(client)
            || await documents.GetAsync(new Uri(client.LogoUri!), EgressRules.Logo, Kept, context.RequestAborted) is not EgressAnswer.Answered logo
            || TypeOf(logo.Body) is not { } type)
        {
            return Results.NotFound();
        }

        return EmbeddedAssets.Answer(context, logo.Body, type, Convert.ToHexStringLower(SHA256.HashData(logo.Body).AsSpan(0, 6)));
    }

    // By what it begins with: what the other side says it is means nothing. SVG is active content, and is not among them.
    private static string? TypeOf(ReadOnlySpan<byte> content) =>
        content.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G']) ? "image/png"
        : content.StartsWith<byte>([0xFF, 0xD8, 0xFF]) ? "image/jpeg"
        : content.Length > 12 && content.StartsWith("RIFF"u8) && content[8..12].SequenceEqual("WEBP"u8) ? "image/webp"
        : null;
}
