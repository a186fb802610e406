using IdentityServer.Clients;
using IdentityServer.Clients.Credentials;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Trials;

/// <summary>How the client of a run proves itself in one step of it; ends with the step.</summary>
internal sealed class TrialAccess(ClientSettings client, string? secret, string? assertion, string? problem, Func<Task> end) : IAsyncDisposable
{
    private const string AssertionType = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

    /// <summary>Why there is no proof, as the end of the key of its text; null when there is one.</summary>
    public string? Problem => problem;

    /// <summary>A request of the client, proved by the client's own registered method.</summary>
    public TrialRequest Request(string name, string path, params IReadOnlyList<TrialField> form) => client.TokenEndpointAuthMethod switch
    {
        // RFC 6749 §2.3.1: both halves are form-encoded first.
        ClientAuthenticationMethods.Basic => new(name, path, form, "Basic " + Convert.ToBase64String(
            System.Text.Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(client.ClientId)}:{Uri.EscapeDataString(secret!)}"))),
        ClientAuthenticationMethods.Post => new(name, path, [new("client_id", client.ClientId), new("client_secret", secret!, Secret: true), .. form]),
        ClientAuthenticationMethods.PrivateKeyJwt => new(
            name, path, [new("client_id", client.ClientId), new("client_assertion_type", AssertionType), new("client_assertion", assertion!), .. form]),
        _ => new(name, path, [new("client_id", client.ClientId), .. form]),
    };

    public async ValueTask DisposeAsync() => await end();

    public override string ToString() => nameof(TrialAccess);
}

/// <summary>
/// Gives the client of a run what it proves itself by. We hold hashes of its secrets only, so a run has one of its own, which is gone when the
/// step is over, and after a quarter of an hour if we are not there to take it away. Of its keys we hold the public halves: an assertion is
/// made by the owner.
/// </summary>
internal sealed class TrialSecrets(ClientSecretDesk desk, TimeProvider clock)
{
    /// <summary>How long a secret of a run is good at most.</summary>
    public static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(15);

    // A name in the list of secrets, not a sentence: it is seen there for a moment.
    private const string Label = "trial";

    /// <summary>Begins a step.</summary>
    /// <param name="client">The client as it is registered now.</param>
    /// <param name="assertion">What the owner signed for the step; null when nothing was.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<TrialAccess> OpenAsync(ClientSettings client, string? assertion, CancellationToken cancellationToken)
    {
        if (client.TokenEndpointAuthMethod == ClientAuthenticationMethods.PrivateKeyJwt)
        {
            return new(client, null, assertion, string.IsNullOrWhiteSpace(assertion) ? "no-assertion" : null, () => Task.CompletedTask);
        }

        if (!client.Metadata.HasSecret)
        {
            return new(client, null, null, null, () => Task.CompletedTask);
        }

        return await desk.MakeAsync(client, Label, clock.GetUtcNow() + Lifetime, cancellationToken) switch
        {
            // Whoever has gone away leaves no secret behind.
            SecretMade.Done made => new(client, made.Secret.Reveal(), null, null, () => desk.DiscardAsync(client, made.Shown.Id, CancellationToken.None)),
            SecretMade.TooMany => new(client, null, null, "too-many-secrets", () => Task.CompletedTask),
            _ => new(client, null, null, "client-changed", () => Task.CompletedTask),
        };
    }
}
