using System.Net;
using System.Net.Sockets;

namespace IdentityServer.TestSupport;

/// <summary>
/// Keeps a port on 127.0.0.1 while whoever listens there is down: connections are refused, and no other test's server is given the number.
/// Without it, what was meant for the one would now and then be taken by the other.
/// </summary>
public sealed class HeldPort : IDisposable
{
    private readonly Socket _socket = new(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);

    /// <summary>Holds it from now on. Nobody may listen there at this moment; from then on somebody may, also while it is held.</summary>
    public HeldPort(int port) => _socket.Bind(new IPEndPoint(IPAddress.Loopback, port));

    public void Dispose() => _socket.Dispose();
}
