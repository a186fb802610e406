using System.Net;
using System.Net.Sockets;

namespace IdentityServer.Egress;

/// <summary>The outside world: what a name means there, and connections into it.</summary>
internal interface IEgressNetwork
{
    /// <summary>Every address of a host, the best first. Asked once for each request: a second answer could be another one.</summary>
    /// <exception cref="SocketException">The name is not known, or nobody could be asked.</exception>
    Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken ct);

    /// <summary>Connects to an address; never to a name.</summary>
    /// <exception cref="SocketException">Nobody took the connection.</exception>
    Task<Stream> ConnectAsync(IPEndPoint to, CancellationToken ct);
}

/// <summary>The network that this machine is on.</summary>
internal sealed class EgressNetwork : IEgressNetwork
{
    public async Task<IReadOnlyList<IPAddress>> ResolveAsync(string host, CancellationToken ct) => await Dns.GetHostAddressesAsync(host, ct);

    public async Task<Stream> ConnectAsync(IPEndPoint to, CancellationToken ct)
    {
        var socket = new Socket(to.AddressFamily, SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
        try
        {
            await socket.ConnectAsync(to, ct);
            return new NetworkStream(socket, ownsSocket: true);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }
}
