using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;

namespace IdentityServer.TestSupport;

/// <summary>Ports for programs that must be told theirs before they start.</summary>
public static class FreePort
{
    /// <summary>
    /// A port of this machine's loopback that was free a moment ago. Not one that the system hands out by itself: before the program has
    /// it, or between a kill and the next start, any other could be given it, and a client that knocks at a closed port of that range may
    /// even be connected to itself.
    /// </summary>
    /// <exception cref="InvalidOperationException">None was free among many tried.</exception>
    public static int Find()
    {
        for (var tries = 0; tries < 100; tries++)
        {
            using var listener = new TcpListener(IPAddress.Loopback, RandomNumberGenerator.GetInt32(20_000, 32_000));
            try
            {
                listener.Start();
                return ((IPEndPoint)listener.LocalEndpoint).Port;
            }
            catch (SocketException)
            {
                // Taken: the next, please.
            }
        }

        throw new InvalidOperationException("No port was free.");
    }
}
