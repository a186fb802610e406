using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography.X509Certificates;

namespace IdentityServer.TestSupport;

/// <summary>
/// A real SMTP server on a loopback port of its own: takes mail, keeps it, and misbehaves on demand. For tests and benchmarks; it costs
/// little beside what it measures.
/// </summary>
public sealed class SmtpListener : IAsyncDisposable
{
    // Real time, and far more than a mail ever takes: one that never comes must fail its test, not keep the whole run waiting.
    private static readonly TimeSpan _longestWait = TimeSpan.FromMinutes(1);

    private readonly Lock _lock = new();
    private readonly List<ReceivedMail> _mails = [];
    private readonly List<Waiter> _waiters = [];
    private readonly List<Task> _running = [];
    private readonly HashSet<Socket> _open = [];
    private readonly Dictionary<SmtpStage, int> _reached = [];
    private TcpListener? _listener;
    private HeldPort? _held;

    /// <summary>Listens at once.</summary>
    public SmtpListener() => Resume();

    /// <summary>The port on 127.0.0.1; it stays the same over <see cref="Suspend"/> and <see cref="Resume"/>.</summary>
    public int Port { get; private set; }

    /// <summary>Decides what to do at each stage, given the client's line. Null is a server as it should be.</summary>
    public Func<SmtpStage, string, SmtpReaction>? React { get; set; }

    /// <summary>Speaks TLS from the first byte with this certificate.</summary>
    public X509Certificate2? Certificate { get; init; }

    /// <summary>Demands this user name and password (AUTH PLAIN).</summary>
    public NetworkCredential? Credential { get; init; }

    /// <summary>What the answer to EHLO offers.</summary>
    public IReadOnlyList<string> Extensions { get; init; } = ["PIPELINING", "8BITMIME", "SIZE 1048576"];

    /// <summary>What has been taken, oldest first.</summary>
    public IReadOnlyList<ReceivedMail> Mails
    {
        get
        {
            lock (_lock)
            {
                return [.. _mails];
            }
        }
    }

    /// <summary>How often a conversation has come to a stage.</summary>
    public int Reached(SmtpStage stage)
    {
        lock (_lock)
        {
            return _reached.GetValueOrDefault(stage);
        }
    }

    /// <summary>Waits until conversations have come to a stage so many times in all.</summary>
    public Task ReachedAsync(SmtpStage stage, int times, CancellationToken cancellationToken) =>
        WaitAsync(() => _reached.GetValueOrDefault(stage) >= times ? this : null, cancellationToken);

    /// <summary>The first mail that fits, received already or still to come. It stays in <see cref="Mails"/>.</summary>
    public Task<ReceivedMail> WaitForAsync(Func<ReceivedMail, bool> predicate, CancellationToken cancellationToken) =>
        WaitAsync(() => _mails.Find(mail => predicate(mail)), cancellationToken);

    /// <summary>The first mail to an address, received already or still to come. It leaves <see cref="Mails"/>, so the next call waits for the next.</summary>
    public Task<ReceivedMail> TakeAsync(string recipient, CancellationToken cancellationToken) =>
        WaitAsync(
            () =>
            {
                var index = _mails.FindIndex(mail => mail.IsTo(recipient));
                var mail = index < 0 ? null : _mails[index];
                if (mail is not null)
                {
                    _mails.RemoveAt(index);
                }

                return mail;
            },
            cancellationToken);

    /// <summary>Forgets what was received.</summary>
    public void Clear()
    {
        lock (_lock)
        {
            _mails.Clear();
        }
    }

    /// <summary>Goes down: open connections end, new ones are refused.</summary>
    public void Suspend()
    {
        lock (_lock)
        {
            if (_listener is not null)
            {
                Close();
                _held = new HeldPort(Port);
            }
        }
    }

    /// <summary>Comes up again on the same port.</summary>
    public void Resume()
    {
        lock (_lock)
        {
            if (_listener is not null)
            {
                return;
            }

            _held?.Dispose();
            _held = null;
            _listener = new TcpListener(IPAddress.Loopback, Port);
            _listener.Start();
            Port = ((IPEndPoint)_listener.LocalEndpoint).Port;
            _running.Add(AcceptAsync(_listener));
        }
    }

    /// <summary>Closes the connections that are open and goes on listening, as a relay does with clients that rest too long.</summary>
    public void HangUp()
    {
        lock (_lock)
        {
            foreach (var socket in _open)
            {
                socket.Dispose();
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        Task[] running;
        lock (_lock)
        {
            Close();
            _held?.Dispose();
            running = [.. _running];
        }

        await Task.WhenAll(running);
    }

    internal SmtpReaction At(SmtpStage stage, string line)
    {
        lock (_lock)
        {
            _reached[stage] = _reached.GetValueOrDefault(stage) + 1;
            Wake();
        }

        return React?.Invoke(stage, line) ?? SmtpReaction.Proper;
    }

    internal void Take(ReceivedMail mail)
    {
        lock (_lock)
        {
            _mails.Add(mail);
            Wake();
        }
    }

    private void Close()
    {
        _listener?.Dispose();
        _listener = null;
        foreach (var socket in _open)
        {
            socket.Dispose();
        }
    }

    private async Task AcceptAsync(TcpListener listener)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await listener.AcceptSocketAsync();
            }
            catch (Exception exception) when (exception is SocketException or ObjectDisposedException or InvalidOperationException)
            {
                return;
            }

            lock (_lock)
            {
                if (_listener != listener)
                {
                    socket.Dispose();
                    return;
                }

                _open.Add(socket);
                _running.RemoveAll(task => task.IsCompleted);
                _running.Add(Task.Run(() => ServeAsync(socket)));
            }
        }
    }

    private async Task ServeAsync(Socket socket)
    {
        try
        {
            await new SmtpConversation(this, socket).RunAsync();
        }
        catch (Exception exception) when (exception is IOException or SocketException or ObjectDisposedException
            or System.Security.Authentication.AuthenticationException)
        {
            // The client left, or the listener was told to go down.
        }
        finally
        {
            socket.Dispose();
            lock (_lock)
            {
                _open.Remove(socket);
            }
        }
    }

    private async Task<T> WaitAsync<T>(Func<T?> look, CancellationToken cancellationToken)
        where T : class
    {
        Waiter waiter;
        lock (_lock)
        {
            if (look() is { } there)
            {
                return there;
            }

            waiter = new Waiter(look);
            _waiters.Add(waiter);
        }

        try
        {
            return (T)await waiter.Found.Task.WaitAsync(_longestWait, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw new TimeoutException($"What was waited for did not come to the SMTP listener within {_longestWait.TotalSeconds:0} s.");
        }
        finally
        {
            lock (_lock)
            {
                _waiters.Remove(waiter);
            }
        }
    }

    private void Wake()
    {
        for (var index = 0; index < _waiters.Count; index++)
        {
            if (!_waiters[index].Found.Task.IsCompleted && _waiters[index].Look() is { } found)
            {
                _waiters[index].Found.SetResult(found);
            }
        }
    }

    private sealed record Waiter(Func<object?> Look)
    {
        public TaskCompletionSource<object> Found { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}
