using System.Net.Sockets;
using MailKit;
using MailKit.Net.Smtp;
using MailKit.Security;
using MimeKit;

namespace IdentityServer.Mail.Relays;

/// <summary>One relay: sends a message over a pooled connection and tells precisely what came of it.</summary>
internal sealed class Relay(RelaySettings settings, TimeProvider time, ILogger<Relay> logger) : IAsyncDisposable
{
    private readonly RelayPool _pool = new(settings, time);

    /// <summary>Whether the relay has failed lately and others come first.</summary>
    public RelayHealth Health { get; } = new(time);

    /// <summary>Makes one attempt.</summary>
    public async Task<RelayAnswer> SendAsync(MimeMessage message, RelayDeadline deadline)
    {
        var (answer, used) = await SendOnceAsync(message, deadline);
        if (used && answer is RelayAnswer.Unavailable && !deadline.Caller.IsCancellationRequested)
        {
            // A connection that had rested turned out dead. That says nothing about the relay, and it has nothing of the message:
            // ask once more, over a fresh connection.
            _pool.Forget();
            (answer, _) = await SendOnceAsync(message, deadline);
        }

        if (!deadline.Caller.IsCancellationRequested)
        {
            Note(answer);
        }

        return answer;
    }

    public ValueTask DisposeAsync() => _pool.DisposeAsync();

    private async Task<(RelayAnswer Answer, bool Used)> SendOnceAsync(MimeMessage message, RelayDeadline deadline)
    {
        using var timer = deadline.Begin();
        RelayConnection connection;
        bool used;
        try
        {
            timer.Limit(RelayLimits.Connect);
            (connection, used) = await _pool.RentAsync(timer.Token);
        }
        catch (Exception failure) when (Describe(failure, message) is { } words)
        {
            return (new RelayAnswer.Unavailable(words), false);
        }

        try
        {
            var answer = await SendOverAsync(connection, message, timer);
            return (answer, used);
        }
        finally
        {
            await _pool.ReturnAsync(connection);
        }
    }

    private static async Task<RelayAnswer> SendOverAsync(RelayConnection connection, MimeMessage message, RelayTimer timer)
    {
        if (!message.To.Mailboxes.All(connection.CanName))
        {
            return new RelayAnswer.Rejected("The relay cannot name such an address (no SMTPUTF8).");
        }

        try
        {
            timer.Limit(RelayLimits.Envelope);
            return new RelayAnswer.Taken(RelayReply.Of(await connection.SendAsync(message, timer), message));
        }
        catch (SmtpCommandException refusal)
        {
            return Judge(refusal, message);
        }
        catch (Exception failure) when (Describe(failure, message) is { } words)
        {
            return connection.ContentUnderWay ? new RelayAnswer.Unknown(words) : new RelayAnswer.Unavailable(words);
        }
    }

    // A reply settles the outcome, whenever it comes. 421, and a refusal of the sender or for want of authentication, speak about the
    // relay and us, not about the recipient (RFC 5321 §4.2.1, RFC 4954 §6).
    private static RelayAnswer Judge(SmtpCommandException refusal, MimeMessage message)
    {
        var reply = RelayReply.Of(refusal.StatusCode, refusal.Message, message);
        return (int)refusal.StatusCode switch
        {
            421 or (>= 530 and <= 538) => new RelayAnswer.Unavailable(reply),
            _ when refusal.ErrorCode == SmtpErrorCode.SenderNotAccepted => new RelayAnswer.Unavailable(reply),
            >= 500 => new RelayAnswer.Rejected(reply),
            _ => new RelayAnswer.Postponed(reply),
        };
    }

    // Our own words wherever the other's might repeat an address or a user name. Null for what is a bug and must surface.
    private static string? Describe(Exception failure, MimeMessage message) => failure switch
    {
        OperationCanceledException or TimeoutException => "No answer in time.",
        SmtpCommandException refusal => RelayReply.Of(refusal.StatusCode, refusal.Message, message),
        SslHandshakeException or System.Security.Authentication.AuthenticationException => "TLS failed, or the certificate is not valid for this host.",
        ServiceNotAuthenticatedException => "The relay demands authentication.",
        MailKit.Security.AuthenticationException or SaslException => "The relay did not accept user name and password.",
        NotSupportedException => "The relay does not offer STARTTLS, or no known way to authenticate.",
        SocketException { SocketErrorCode: var code } => $"No connection ({code}).",
        SmtpProtocolException or IOException or ServiceNotConnectedException or ObjectDisposedException => "The connection broke.",
        _ => null,
    };

    private void Note(RelayAnswer answer)
    {
        switch (answer)
        {
            case RelayAnswer.Unavailable(var reply) when Health.Failed():
                RelayLog.Unavailable(logger, settings, reply);
                break;
            case RelayAnswer.Unknown(var reply):
                RelayLog.AnswerLost(logger, settings, reply);
                break;
            case RelayAnswer.Taken or RelayAnswer.Rejected or RelayAnswer.Postponed when Health.Worked():
                RelayLog.Available(logger, settings);
                break;
        }
    }
}
