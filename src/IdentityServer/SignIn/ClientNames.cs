using IdentityServer.Clients;

namespace IdentityServer.SignIn;

/// <summary>What a client is called: anyone's name on our page, a verified one's only in a mail.</summary>
internal sealed class ClientNames(ClientCache clients)
{
    /// <summary>The client that sent a person here; null for none.</summary>
    public ValueTask<ClientSettings?> FindAsync(string? clientId, CancellationToken cancellationToken) =>
        clientId is null ? default : clients.FindSettingsAsync(clientId, cancellationToken);

    /// <summary>The name that a mail may carry; null for clients that nobody has verified.</summary>
    public async ValueTask<string?> VerifiedNameAsync(string? clientId, CancellationToken cancellationToken) =>
        clientId is not null && await clients.FindSettingsAsync(clientId, cancellationToken) is { Verified: true } client ? client.Name : null;
}
