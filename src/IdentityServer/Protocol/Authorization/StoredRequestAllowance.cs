using IdentityServer.Domain.Networks;

namespace IdentityServer.Protocol.Authorization;

/// <summary>
/// How many authorization requests a network may have stored without anybody having signed in or authenticated. Each is a row that lives
/// for an hour and more, so without a limit strangers fill the database. It is kept in memory: it must cost a sign-in nothing, and a node
/// that forgets it at a restart gives away no more than one allowance.
/// </summary>
internal sealed class StoredRequestAllowance(TimeProvider clock)
{
    /// <summary>What a network may begin at once, and in each window. Offices share an address: it is far more than guessers get.</summary>
    internal const int PerNetwork = 120;

    internal static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private const int Networks = 50_000;

    private readonly Allowance _networks = new(PerNetwork, Window, Networks);

    /// <summary>Spends one of the network that a request came from.</summary>
    /// <returns>Null when the request may be stored; else how long to wait.</returns>
    public TimeSpan? Spend(HttpContext context) =>
        _networks.Spend(NetworkAddress.Of(context.Connection.RemoteIpAddress), clock.GetElapsedTime(0));
}
