using IdentityServer.Domain.Clients;

namespace IdentityServer.Clients.Credentials;

/// <summary>
/// Finds which of a client's secrets was presented. What fits none that this node knows is looked for once more in the database: a secret
/// that another node made a moment ago is good at once, so that a change of secrets loses no request. A wrong secret costs one query.
/// </summary>
internal sealed class ClientSecretFinder(ClientCache clients, ClientSecretVerifier verifier, TimeProvider clock)
{
    /// <summary>Judges what somebody presented.</summary>
    /// <param name="client">Who they say they are.</param>
    /// <param name="presented">What they say the secret is.</param>
    /// <param name="network">Where they are; see <see cref="Domain.Networks.NetworkAddress"/>.</param>
    /// <param name="cancellationToken">Stops waiting.</param>
    public async ValueTask<SecretVerdict> FindAsync(CachedClient client, string presented, string network, CancellationToken cancellationToken)
    {
        var now = clock.GetUtcNow();
        var verdict = await JudgeAsync(client.SecretsAt(now), presented, network, cancellationToken);
        if (verdict is not SecretVerdict.Wrong)
        {
            return verdict;
        }

        var fresh = (await clients.ReadSecretsAsync(client.Entity.Id!, cancellationToken)).Where(secret => secret.IsTaken(now)).Except(client.Secrets).ToList();
        verdict = await JudgeAsync(fresh, presented, network, cancellationToken);
        if (verdict is SecretVerdict.Passed)
        {
            clients.Forget(client.Entity); // whoever asks next in this request knows it as well
        }

        return verdict;
    }

    // Quick ones first: a client that has moved on from a word to a strong secret waits for no slow hash.
    private async ValueTask<SecretVerdict> JudgeAsync(
        IEnumerable<StoredSecret> secrets, string presented, string network, CancellationToken cancellationToken)
    {
        List<StoredSecret>? slow = null;
        foreach (var secret in secrets)
        {
            if (ClientSecretHash.IsSlow(secret.Hash))
            {
                (slow ??= []).Add(secret);
            }
            else if (ClientSecretHash.Matches(secret.Hash, presented))
            {
                return new SecretVerdict.Passed(secret.Id);
            }
        }

        foreach (var secret in slow ?? [])
        {
            if (await verifier.TryVerifyAsync(secret.Hash, presented, network, cancellationToken) is var verdict and not SecretVerdict.Wrong)
            {
                return verdict is SecretVerdict.Passed ? new SecretVerdict.Passed(secret.Id) : verdict;
            }
        }

        return new SecretVerdict.Wrong();
    }
}
