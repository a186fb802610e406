using System.Diagnostics;
using IdentityServer.Egress;

namespace IdentityServer.Clients.Showing;

/// <summary>
/// Fetches the picture that is at a client's <c>logo_uri</c>, for somebody who wants it taken: an owner, or an administrator. Nothing asks
/// that address by itself, and nobody is shown what is there: it is drawn anew and stored like an upload, and what the address gives
/// afterwards is another picture, which nobody has looked at.
/// </summary>
internal sealed class RegisteredLogo(EgressCache documents, LogoDrawing drawing, ILogger<RegisteredLogo> logger)
{
    private const string Field = "logo_uri";

    // So short that a picture that was mended counts at once, and long enough that nobody has us ask again and again.
    private static readonly TimeSpan Kept = TimeSpan.FromSeconds(5);

    /// <summary>The host of a client's <c>logo_uri</c>; null for a client without one.</summary>
    public static string? HostOf(ClientSettings client) => client.LogoUri is { } address ? new Uri(address, UriKind.Absolute).IdnHost : null;

    /// <summary>Fetches the picture, judges it, and draws it.</summary>
    /// <exception cref="ArgumentException">The client has no <c>logo_uri</c>.</exception>
    public async Task<LogoVerdict> DrawAsync(ClientSettings client, CancellationToken cancellationToken)
    {
        var address = client.LogoUri ?? throw new ArgumentException("The client has no logo_uri.", nameof(client));
        return await documents.GetAsync(new Uri(address, UriKind.Absolute), EgressRules.Logo, Kept, cancellationToken) switch
        {
            EgressAnswer.Answered picture => await drawing.DrawAsync(picture.Body, cancellationToken),
            EgressAnswer.Refused refused => NotRead(client, refused.Reason),
            EgressAnswer.Failed failed => NotRead(client, failed.Reason),
            var other => throw new UnreachableException($"Unmapped answer {other}."),
        };
    }

    // Neither an owner nor an administrator is the operator: what a name means inside our walls is for the log.
    private LogoVerdict.NotRead NotRead(ClientSettings client, string reason)
    {
        logger.DocumentNotRead(client.ClientId, Field, reason);
        return new();
    }
}
