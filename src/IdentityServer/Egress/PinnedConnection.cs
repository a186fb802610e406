using System.Net;
using System.Net.Sockets;

namespace IdentityServer.Egress;

/// <summary>
/// Connects to addresses that were looked at, and to nothing else: a name that meant one host when it was checked and means another when
/// it is connected to (DNS rebinding) finds nobody who asks it again.
/// </summary>
/// <param name="network">Where to connect.</param>
/// <param name="addresses">The checked addresses, the best first.</param>
/// <param name="port">The port at each of them.</param>
/// <param name="limit">The time that the whole exchange has; the addresses share it, so that one that is dead leaves some to the next.</param>
/// <param name="time">The clock.</param>
internal sealed class PinnedConnection(IEgressNetwork network, IReadOnlyList<IPAddress> addresses, int port, TimeSpan limit, TimeProvider time)
{
    private const int Most = 4;

    /// <summary>Opens a connection to the first address that takes one.</summary>
    /// <exception cref="SocketException">None did.</exception>
    /// <exception cref="OperationCanceledException">The time is over.</exception>
    public async ValueTask<Stream> OpenAsync(CancellationToken ct)
    {
        var tried = addresses.Take(Most).ToList();
        for (var i = 0; i < tried.Count - 1; i++)
        {
            using var share = new CancellationTokenSource(limit / tried.Count, time);
            using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, share.Token);
            try
            {
                return await network.ConnectAsync(new IPEndPoint(tried[i], port), either.Token);
            }
            catch (Exception unreachable) when (unreachable is SocketException or OperationCanceledException && !ct.IsCancellationRequested)
            {
                // The next one may do.
            }
        }

        return await network.ConnectAsync(new IPEndPoint(tried[^1], port), ct);
    }
}
