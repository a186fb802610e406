using System.Globalization;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Doctor;

/// <summary>Whether the server can be reached, is the one that it says, has a certificate that lasts, and the right time.</summary>
internal sealed class ServerChecks(ToolContext context, HttpClient http, Report report)
{
    // What libraries allow between two clocks is minutes; what a person should mend begins earlier.
    private static readonly TimeSpan _drift = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan _soon = TimeSpan.FromDays(14);
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(10);

    /// <summary>Looks at a server.</summary>
    /// <returns>What it says of itself; null when nothing else can be looked at.</returns>
    public async Task<ServerDocument?> RunAsync(Uri address, CancellationToken cancellationToken)
    {
        if (!await report.AddAsync(await TlsAsync(address, cancellationToken)))
        {
            return null;
        }

        switch (await ServerDocument.ReadAsync(http, address, cancellationToken))
        {
            case ServerAnswer.Known known:
                await report.AddAsync(Finding.Fine("discovery", $"{known.Document.Issuer} answers, and calls itself so."));
                await report.AddAsync(Clock(known.Date));
                return known.Document;
            case ServerAnswer.Unknown unknown:
                await report.AddAsync(Finding.Problem("discovery", unknown.Problem, unknown.Mend));
                return null;
            case var other:
                throw new System.Diagnostics.UnreachableException($"Unmapped answer {other}.");
        }
    }

    private Finding Clock(DateTimeOffset? date)
    {
        if (date is not { } theirs)
        {
            return Finding.Skipped("clock", "The server's answer has no date.");
        }

        // The header has whole seconds.
        var seconds = (long)Math.Round((context.Clock.GetUtcNow() - theirs).TotalSeconds);
        return Math.Abs(seconds) <= _drift.TotalSeconds
            ? Finding.Fine("clock", $"This machine and the server agree to {Math.Abs(seconds).ToString(CultureInfo.InvariantCulture)} s.")
            : Finding.Problem(
                "clock", $"This machine's clock is {Math.Abs(seconds).ToString(CultureInfo.InvariantCulture)} s {(seconds > 0 ? "ahead of" : "behind")} the server's.",
                "Turn on time synchronisation (NTP) where your application runs: tokens seem to be over, or not yet good, when clocks differ.");
    }

    private async Task<Finding> TlsAsync(Uri address, CancellationToken cancellationToken)
    {
        if (address.Scheme == Uri.UriSchemeHttp)
        {
            return Finding.Note("tls", "The server speaks http, on this machine. That is for development.");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_patience);
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(address.Host, address.Port, limit.Token);
            using var tls = new SslStream(socket.GetStream());
            await tls.AuthenticateAsClientAsync(new SslClientAuthenticationOptions { TargetHost = address.Host }, limit.Token);
            using var certificate = new X509Certificate2(tls.RemoteCertificate!);
            var left = certificate.NotAfter.ToUniversalTime() - context.Clock.GetUtcNow().UtcDateTime;
            return left < _soon
                ? Finding.Note("tls", $"The server's certificate ends in {Math.Max(0, (int)left.TotalDays)} days.", "Tell the operator.")
                : Finding.Fine("tls", $"{tls.SslProtocol}; the certificate is good for {(int)left.TotalDays} days.");
        }
        catch (AuthenticationException refused)
        {
            return Finding.Problem(
                "tls", $"This machine does not trust the server's certificate: {refused.Message}",
                "Where the operator has a certificate authority of their own, add it to this machine's. Never turn the check off.");
        }
        catch (Exception unreachable) when (unreachable is SocketException or IOException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return Finding.Problem(
                "tls", $"{address.Authority} cannot be reached: {(unreachable is OperationCanceledException ? "no answer" : unreachable.Message)}.",
                "Check the address, and that no firewall or proxy stands between.");
        }
    }
}
