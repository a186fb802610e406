using System.Net.Security;
using System.Net.Sockets;
using System.Text;

namespace IdentityServer.TestSupport;

/// <summary>One client's conversation with the listener (RFC 5321).</summary>
internal sealed class SmtpConversation(SmtpListener listener, Socket socket)
{
    private static readonly byte[] LineEnd = "\r\n"u8.ToArray();
    private static readonly byte[] ContentEnd = "\r\n.\r\n"u8.ToArray();

    private readonly StringBuilder _replies = new();
    private byte[] _buffer = new byte[8192];
    private int _start;
    private int _end;
    private Stream _stream = Stream.Null;
    private string? _sender;
    private bool _utf8;
    private readonly List<string> _recipients = [];

    public async Task RunAsync()
    {
        socket.NoDelay = true;
        await using var network = new NetworkStream(socket, ownsSocket: false);
        _stream = network;
        if (listener.Certificate is { } certificate)
        {
            var tls = new SslStream(network);
            _stream = tls;
            await tls.AuthenticateAsServerAsync(certificate);
        }

        if (await AnswerAsync(SmtpStage.Greeting, "", "220 listener ready") == Next.Leave)
        {
            return;
        }

        while (await ReadLineAsync() is { } line)
        {
            if (await HandleAsync(line) == Next.Leave)
            {
                return;
            }
        }
    }

    private async Task<Next> HandleAsync(string line)
    {
        var verb = line.Split(' ')[0].ToUpperInvariant();
        switch (verb)
        {
            case "EHLO":
                string[] lines = ["listener", .. listener.Extensions, .. listener.Credential is null ? [] : (string[])["AUTH PLAIN"]];
                return Reply(string.Join("\r\n", lines.Select((offer, index) => $"250{(index == lines.Length - 1 ? ' ' : '-')}{offer}")));
            case "AUTH":
                var expected = Convert.ToBase64String(Encoding.UTF8.GetBytes($"\0{listener.Credential?.UserName}\0{listener.Credential?.Password}"));
                return Reply(line.EndsWith(expected, StringComparison.Ordinal) ? "235 2.7.0 welcome" : "535 5.7.8 wrong");
            case "MAIL":
                (_sender, _utf8) = (Between(line), line.Contains("SMTPUTF8", StringComparison.OrdinalIgnoreCase));
                _recipients.Clear();
                return await AnswerAsync(SmtpStage.Sender, line, "250 2.1.0 sender ok") == Next.Leave ? Next.Leave : Next.Continue;
            case "RCPT":
                var next = await AnswerAsync(SmtpStage.Recipient, line, "250 2.1.5 recipient ok");
                if (next == Next.Continue)
                {
                    _recipients.Add(Between(line));
                }

                return next == Next.Leave ? Next.Leave : Next.Continue;
            case "DATA":
                return await DataAsync(line);
            case "RSET":
                _recipients.Clear();
                return Reply("250 2.0.0 reset");
            case "NOOP":
                return await AnswerAsync(SmtpStage.Noop, line, "250 2.0.0 here") == Next.Leave ? Next.Leave : Next.Continue;
            case "QUIT":
                await AnswerAsync(SmtpStage.Quit, line, "221 2.0.0 bye");
                return await LeaveAsync();
            default:
                return Reply("500 5.5.1 unknown");
        }
    }

    private async Task<Next> DataAsync(string line)
    {
        if (_recipients.Count == 0)
        {
            return Reply("503 5.5.1 recipients first");
        }

        switch (await AnswerAsync(SmtpStage.Data, line, "354 go on"))
        {
            case Next.Leave:
                return Next.Leave;
            case Next.Refused:
                return Next.Continue;
        }

        if (await ReadContentAsync() is not { } content)
        {
            return Next.Leave;
        }

        // At the end a proper listener says nothing yet: it takes the mail first, then answers.
        switch (await AnswerAsync(SmtpStage.End, "", ""))
        {
            case Next.Leave:
                return Next.Leave;
            case Next.Refused:
                return Next.Continue;
        }

        listener.Take(new ReceivedMail(_sender ?? "", [.. _recipients], content, _utf8));
        _recipients.Clear();
        return await AnswerAsync(SmtpStage.Taken, "", "250 2.0.0 taken") == Next.Leave ? Next.Leave : Next.Continue;
    }

    private async Task<Next> AnswerAsync(SmtpStage stage, string line, string proper)
    {
        switch (listener.At(stage, line))
        {
            case SmtpReaction.Silent:
                await FlushAsync();
                while (await FillAsync())
                {
                    _start = _end;
                }

                return Next.Leave;
            case SmtpReaction.Dropping:
                return Next.Leave;
            case SmtpReaction.Replying(var reply):
                Reply(reply);
                return reply.StartsWith("421", StringComparison.Ordinal) ? await LeaveAsync() : Next.Refused;
            default:
                return proper.Length == 0 ? Next.Continue : Reply(proper);
        }
    }

    private async Task<Next> LeaveAsync()
    {
        await FlushAsync();
        return Next.Leave;
    }

    private Next Reply(string line)
    {
        _replies.Append(line).Append("\r\n");
        return Next.Continue;
    }

    private async Task<string?> ReadLineAsync()
    {
        while (true)
        {
            var length = _buffer.AsSpan(_start, _end - _start).IndexOf(LineEnd);
            if (length >= 0)
            {
                var line = Encoding.UTF8.GetString(_buffer, _start, length);
                _start += length + LineEnd.Length;
                return line;
            }

            // Pipelined commands are answered in one go (RFC 2920): only before waiting for more.
            await FlushAsync();
            if (!await FillAsync())
            {
                return null;
            }
        }
    }

    private async Task<byte[]?> ReadContentAsync()
    {
        await FlushAsync();
        var asked = false;
        while (true)
        {
            if (_end > _start && !asked)
            {
                asked = true;
                if (await AnswerAsync(SmtpStage.Content, "", "") != Next.Continue)
                {
                    return null;
                }
            }

            var length = _buffer.AsSpan(_start, _end - _start).IndexOf(ContentEnd);
            if (length >= 0)
            {
                var content = Unstuff(_buffer.AsSpan(_start, length + LineEnd.Length));
                _start += length + ContentEnd.Length;
                return content;
            }

            if (!await FillAsync())
            {
                return null;
            }
        }
    }

    // A line that starts with a dot came with a second one (RFC 5321 §4.5.2).
    private static byte[] Unstuff(ReadOnlySpan<byte> content)
    {
        var plain = new byte[content.Length];
        var written = 0;
        for (var index = 0; index < content.Length; index++)
        {
            if (content[index] == '.' && (index == 0 || content[index - 1] == '\n'))
            {
                continue;
            }

            plain[written++] = content[index];
        }

        return plain[..written];
    }

    private async Task FlushAsync()
    {
        if (_replies.Length > 0)
        {
            var bytes = Encoding.UTF8.GetBytes(_replies.ToString());
            _replies.Clear();
            await _stream.WriteAsync(bytes);
            await _stream.FlushAsync();
        }
    }

    private async Task<bool> FillAsync()
    {
        if (_start == _end)
        {
            (_start, _end) = (0, 0);
        }
        else if (_end == _buffer.Length)
        {
            var larger = _start == 0 ? new byte[_buffer.Length * 2] : _buffer;
            _buffer.AsSpan(_start, _end - _start).CopyTo(larger);
            (_buffer, _end, _start) = (larger, _end - _start, 0);
        }

        var read = await _stream.ReadAsync(_buffer.AsMemory(_end));
        _end += read;
        return read > 0;
    }

    private static string Between(string line)
    {
        var from = line.IndexOf('<', StringComparison.Ordinal) + 1;
        var to = line.IndexOf('>', from);
        return to < 0 ? "" : line[from..to];
    }

    private enum Next
    {
        Continue,
        Refused,
        Leave,
    }
}
