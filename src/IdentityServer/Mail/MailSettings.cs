using System.Globalization;
using System.Net;
using MimeKit;

namespace IdentityServer.Mail;

/// <summary>The section <c>Mail</c> as the room works with it, once it has been checked.</summary>
internal sealed record MailSettings(MailboxAddress From, IReadOnlyList<RelaySettings> Relays)
{
    /// <summary>Reads a section in which <see cref="MailOptions.Check"/> found no problem.</summary>
    /// <exception cref="ArgumentException">It was not checked.</exception>
    public static MailSettings Of(MailOptions options) =>
        MailAddress.TryRead(options.From, allowName: true, out var from)
            ? new(from, [.. options.Relays.Select(RelaySettings.Of)])
            : throw new ArgumentException("Mail:From is not one e-mail address.", nameof(options));
}

/// <summary>A relay, checked.</summary>
internal sealed record RelaySettings(string Host, int Port, RelaySecurity Security, NetworkCredential? Credential)
{
    /// <summary>Fills in what was left out.</summary>
    public static RelaySettings Of(MailRelayOptions options) => new(
        options.Host!.Trim(),
        options.Port ?? options.Security switch { RelaySecurity.None => 25, RelaySecurity.Tls => 465, _ => 587 },
        options.Security,
        string.IsNullOrEmpty(options.UserName) ? null : new(options.UserName, options.Password));

    /// <summary>What logs call it.</summary>
    public override string ToString() => $"{Host}:{Port.ToString(CultureInfo.InvariantCulture)}";
}
