using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace IdentityServer.Mail.Relays;

/// <summary>One connection to a relay. Used by one message at a time.</summary>
internal sealed class RelayConnection : SmtpClient
{
    private RelayTimer? _timer;

    /// <summary>Since when nothing went over it.</summary>
    public DateTimeOffset IdleSince { get; set; }

    /// <summary>Messages that went over it.</summary>
    public int Messages { get; private set; }

    /// <summary>The relay has agreed to the recipient of the current message: from here on a lost answer leaves the outcome unknown.</summary>
    public bool ContentUnderWay { get; private set; }

    /// <summary>Connects, checks the certificate and signs in.</summary>
    public async Task OpenAsync(RelaySettings relay, CancellationToken ct)
    {
        // Our own socket because of NoDelay: SMTP is a talk of short lines, and waiting to fill a packet only delays it.
        var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(relay.Host, relay.Port, ct);
            await ConnectAsync(socket, relay.Host, relay.Port, Protection(relay.Security), ct);
        }
        catch
        {
            socket.Dispose();
            throw;
        }

        if (relay.Credential is { } credential)
        {
            await AuthenticateAsync(credential, ct);
        }
    }

    /// <summary>Sends a message; what goes wrong is thrown as MailKit has it.</summary>
    public async Task<string> SendAsync(MimeMessage message, RelayTimer timer)
    {
        _timer = timer;
        ContentUnderWay = false;
        Messages++;

        // UTF-8 in headers and envelope only where the address needs it (RFC 6531): not every relay speaks it.
        var format = message.To.Mailboxes.Any(mailbox => mailbox.IsInternational) ? International : FormatOptions.Default;
        return await SendAsync(format, message, timer.Token);
    }

    /// <summary>Whether an address can be named to this relay: a local part beyond ASCII needs SMTPUTF8 (RFC 6531 §3.3).</summary>
    public bool CanName(MailboxAddress mailbox) => Capabilities.HasFlag(SmtpCapabilities.UTF8) || mailbox.LocalPart.All(char.IsAscii);

    protected override void OnRecipientAccepted(MimeMessage message, MailboxAddress mailbox, SmtpResponse response)
    {
        ContentUnderWay = true;
        _timer?.ExtendToTotal();
        base.OnRecipientAccepted(message, mailbox, response);
    }

    // SIZE= is optional (RFC 1870 §6), and finding the size out would mean to write each message twice.
    protected override Task<long> GetSizeAsync(FormatOptions options, MimeMessage message, CancellationToken cancellationToken) =>
        Task.FromResult(-1L);

    // Chain and name are always checked. Revocation is checked too, but an unreachable revocation server must not keep everyone from
    // signing in, and must not use up the time to connect.
    protected override SslClientAuthenticationOptions GetSslClientAuthenticationOptions(
        string host, RemoteCertificateValidationCallback remoteCertificateValidationCallback)
    {
        var options = base.GetSslClientAuthenticationOptions(host, remoteCertificateValidationCallback);
        options.CertificateChainPolicy = new X509ChainPolicy
        {
            RevocationMode = X509RevocationMode.Online,
            RevocationFlag = X509RevocationFlag.ExcludeRoot,
            UrlRetrievalTimeout = TimeSpan.FromSeconds(2),
            VerificationFlags =
                X509VerificationFlags.IgnoreEndRevocationUnknown | X509VerificationFlags.IgnoreCertificateAuthorityRevocationUnknown,
        };
        return options;
    }

    private static readonly FormatOptions International = new() { International = true };

    private static SecureSocketOptions Protection(RelaySecurity security) => security switch
    {
        RelaySecurity.None => SecureSocketOptions.None,
        RelaySecurity.Tls => SecureSocketOptions.SslOnConnect,
        _ => SecureSocketOptions.StartTls,
    };
}
