using IdentityServer.Domain.Networks;

namespace IdentityServer.Protocol.Registration;

/// <summary>
/// How many tokens that open nothing a network may present at registration. Nobody guesses 256 bits; this keeps whoever tries from making
/// the database work. A token that is good always passes: a neighbour's mistakes shut nobody out. In memory, as the allowance for stored
/// requests is.
/// </summary>
internal sealed class FailedTokenAllowance(TimeProvider clock)
{
    /// <summary>What a network may get wrong at once, and in each window.</summary>
    internal const int PerNetwork = 20;

    internal static readonly TimeSpan Window = TimeSpan.FromMinutes(10);

    private const int Networks = 50_000;

    private readonly Allowance _networks = new(PerNetwork, Window, Networks);

    /// <summary>Spends one of the network that a request came from.</summary>
    /// <returns>Null when it had one; else how long to wait.</returns>
    public TimeSpan? Spend(HttpContext context) =>
        _networks.Spend(NetworkAddress.Of(context.Connection.RemoteIpAddress), clock.GetElapsedTime(0));
}
