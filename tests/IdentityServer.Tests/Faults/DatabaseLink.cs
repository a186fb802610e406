using System.Net;
using System.Net.Sockets;

namespace IdentityServer.Tests.Faults;

/// <summary>
/// The wire between one node and its database, for a test to hold: passing, silent as a network that drops packets, or cut.
/// </summary>
internal sealed class DatabaseLink : IAsyncDisposable
{
    private readonly IPEndPoint _database;
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _stopping = new();
    private readonly Lock _lock = new();
    private readonly List<Socket> _open = [];
    private readonly Task _accepting;
    private TaskCompletionSource _passing = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private bool _cut;

    public DatabaseLink(string host, int port)
    {
        _database = new(Dns.GetHostAddresses(host).First(address => address.AddressFamily == AddressFamily.InterNetwork), port);
        _passing.SetResult();
        _listener.Start();
        _accepting = AcceptAsync();
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Nothing passes any more, and nobody is told.</summary>
    public void Silence()
    {
        lock (_lock)
        {
            _passing = new(TaskCreationOptions.RunContinuationsAsynchronously);
        }
    }

    /// <summary>Connections end, and new ones end at once.</summary>
    public void Cut()
    {
        lock (_lock)
        {
            _cut = true;
            _open.ForEach(socket => socket.Dispose());
            _open.Clear();
            _passing.TrySetResult();
        }
    }

    /// <summary>New connections pass.</summary>
    public void Mend()
    {
        lock (_lock)
        {
            _cut = false;
            _passing.TrySetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        Cut();
        await _stopping.CancelAsync();
        _listener.Dispose();
        await _accepting;
        _stopping.Dispose();
    }

    private async Task AcceptAsync()
    {
        var pumps = new List<Task>();
        try
        {
            while (true)
            {
                var node = await _listener.AcceptSocketAsync(_stopping.Token);
                var database = new Socket(SocketType.Stream, ProtocolType.Tcp);
                if (Keep(node, database))
                {
                    pumps.Add(PassAsync(node, database));
                }
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            await Task.WhenAll(pumps);
        }
    }

    private bool Keep(params Socket[] sockets)
    {
        lock (_lock)
        {
            if (_cut)
            {
                Array.ForEach(sockets, socket => socket.Dispose());
                return false;
            }

            _open.AddRange(sockets);
            return true;
        }
    }

    private async Task PassAsync(Socket node, Socket database)
    {
        try
        {
            await database.ConnectAsync(_database, _stopping.Token);
            await Task.WhenAny(PumpAsync(node, database), PumpAsync(database, node));
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // Cut, or the test is over.
        }
        finally
        {
            node.Dispose();
            database.Dispose();
        }
    }

    private async Task PumpAsync(Socket from, Socket to)
    {
        try
        {
            var buffer = new byte[16 * 1024];
            while (await from.ReceiveAsync(buffer, _stopping.Token) is var count and > 0)
            {
                await PassingAsync();
                await to.SendAsync(buffer.AsMemory(0, count), _stopping.Token);
            }
        }
        catch (Exception ended) when (ended is OperationCanceledException or ObjectDisposedException or SocketException)
        {
            // The other end is gone.
        }
    }

    private Task PassingAsync()
    {
        lock (_lock)
        {
            return _passing.Task.WaitAsync(_stopping.Token);
        }
    }
}
