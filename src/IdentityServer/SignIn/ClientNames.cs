using IdentityServer.Clients;

namespace IdentityServer.SignIn;

/// <summary>What a client is called: anyone's name on our page, a verified one's only in a mail.</summary>
internal sealed class ClientNames(ClientCache clients)
{
    /// <summary>The name of the client that sent a person here; null for none.</summary>
    public async ValueTask<string?> NameAsync(string? clientId, CancellationToken cancellationToken) =>
        clientId is null ? null : (await clients.FindSettingsAsync(clientId, cancellationToken))?.Name;

    /// <summary>The name that a mail may carry; null for clients that nobody has verified.</summary>
    public async ValueTask<string?> VerifiedNameAsync(string? clientId, CancellationToken cancellationToken) =>
        clientId is not null && await clients.FindSettingsAsync(clientId, cancellationToken) is { Verified: true } client ? client.Name : null;
}
