using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;

namespace IdentityServer.Egress;

/// <summary>
/// The one door through which the server asks addresses that clients registered. Strangers choose these addresses, so each request is
/// held to <see cref="EgressPolicy"/> by what its host's name means at that moment, goes to the very address that was looked at, and
/// costs no more than its rules say.
/// </summary>
internal sealed class EgressClient(EgressPolicy policy, IEgressNetwork network, EgressTrust trust, TimeProvider time)
{
    // For each kind of request apart: addresses that anybody can have asked must not use up the turns of those that sign clients in.
    private readonly ConcurrentDictionary<string, EgressTurns> _turns = new(StringComparer.Ordinal);

    /// <summary>Fetches what is at an address.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public Task<EgressAnswer> GetAsync(Uri address, EgressRules rules, CancellationToken ct) => SendAsync(address, null, rules, ct);

    /// <summary>Posts a form to an address. It is sent once: whether a request whose answer was lost was heard, nobody knows.</summary>
    /// <exception cref="OperationCanceledException">The caller gave up.</exception>
    public Task<EgressAnswer> PostFormAsync(Uri address, IReadOnlyList<KeyValuePair<string, string>> form, EgressRules rules, CancellationToken ct) =>
        SendAsync(address, form, rules, ct);

    private async Task<EgressAnswer> SendAsync(Uri address, IReadOnlyList<KeyValuePair<string, string>>? form, EgressRules rules, CancellationToken ct)
    {
        ct.ThrowIfCancellationRequested();
        if (policy.Refusal(address) is { } reason)
        {
            return new EgressAnswer.Refused(reason);
        }

        using var deadline = new CancellationTokenSource(rules.Time, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(ct, deadline.Token);
        try
        {
            using var turn = await _turns.GetOrAdd(rules.Name, static _ => new()).TakeAsync(address.IdnHost, either.Token);
            return turn is null
                ? new EgressAnswer.Failed("too many other requests of this server wait already")
                : await SendNowAsync(address, form, rules, either.Token);
        }
        catch (Exception cut) when (cut is OperationCanceledException or HttpRequestException or IOException or SocketException && either.IsCancellationRequested)
        {
            // Whatever a connection says when it is cut short, the reason is ours.
            ct.ThrowIfCancellationRequested();
            return new EgressAnswer.Failed(FormattableString.Invariant($"it took longer than {rules.Time.TotalSeconds:0} seconds"));
        }
    }

    private async Task<EgressAnswer> SendNowAsync(Uri address, IReadOnlyList<KeyValuePair<string, string>>? form, EgressRules rules, CancellationToken ct)
    {
        var resolved = await ResolveAsync(address, ct);
        if (resolved.Count == 0)
        {
            return new EgressAnswer.Failed("its host has no address that could be found");
        }

        if (policy.Refusal(address, resolved) is { } reason)
        {
            return new EgressAnswer.Refused(reason);
        }

        var exchange = new EgressExchange(new PinnedConnection(network, resolved, address.Port, rules.Time, time), trust);
        return await exchange.RunAsync(address, form, rules, ct);
    }

    private async Task<IReadOnlyList<IPAddress>> ResolveAsync(Uri address, CancellationToken ct)
    {
        if (IPAddress.TryParse(address.IdnHost, out var written))
        {
            return [written];
        }

        try
        {
            return await network.ResolveAsync(address.IdnHost, ct);
        }
        catch (SocketException)
        {
            return [];
        }
    }
}
