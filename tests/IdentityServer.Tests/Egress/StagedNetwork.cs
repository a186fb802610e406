using System.Net;
using System.Net.Sockets;
using IdentityServer.Egress;

namespace IdentityServer.Tests.Egress;

/// <summary>
/// A network whose names mean what a test says, and in which addresses of the internet lead to listeners of this machine. Remembers every
/// name that was asked for and every address that was connected to.
/// </summary>
internal sealed class StagedNetwork : IEgressNetwork
{
    /// <summary>An address of the open internet, that stands for any.</summary>
    public static readonly IPAddress Public = IPAddress.Parse("93.184.215.14");

    private readonly EgressNetwork _real = new();
    private readonly Dictionary<string, Queue<IPAddress[]>> _names = new(StringComparer.Ordinal);
    private readonly Dictionary<IPEndPoint, int> _routes = [];
    private readonly Lock _gate = new();

    public List<string> Asked { get; } = [];

    public List<IPEndPoint> Dialled { get; } = [];

    /// <summary>Runs before a name is answered.</summary>
    public Func<CancellationToken, Task> Resolving { get; set; } = _ => Task.CompletedTask;

    /// <summary>Runs before an address is connected to.</summary>
    public Func<IPEndPoint, CancellationToken, Task> Connecting { get; set; } = (_, _) => Task.CompletedTask;

    /// <summary>Says what a name means; said again, what it means from the next question on.</summary>
    public void Name(string host, params string[] addresses)
    {
        if (!_names.TryGetValue(host, out var answers))
        {
            _names[host] = answers = new();
        }

        answers.Enqueue([.. addresses.Select(IPAddress.Parse)]);
    }

    /// <summary>Has an address of the internet lead to a port of this machine.</summary>
    public void Lead(IPAddress address, int port, int to) => _routes[new(address, port)] = to;

    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken ct)
    {
        lock (_gate)
        {
            Asked.Add(host);
        }

        await Resolving(ct);
        return _names.TryGetValue(host, out var answers)
            ? answers.Count > 1 ? answers.Dequeue() : answers.Peek()
            : throw new SocketException((int)SocketError.HostNotFound);
    }

    public async Task<Stream> ConnectAsync(IPEndPoint to, CancellationToken ct)
    {
        lock (_gate)
        {
            Dialled.Add(to);
        }

        await Connecting(to, ct);
        return _routes.TryGetValue(to, out var port) ? await _real.ConnectAsync(new(IPAddress.Loopback, port), ct)
            : IPAddress.IsLoopback(to.Address) ? await _real.ConnectAsync(to, ct)
            : throw new SocketException((int)SocketError.HostUnreachable); // tests never leave this machine
    }
}
