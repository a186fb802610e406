using IdentityServer.Clients;
using IdentityServer.Clients.Credentials;
using IdentityServer.Tests.Support;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Clients;

/// <summary>Secrets of a client, as the portal and the API work with them.</summary>
internal static class SecretsWorld
{
    public static Task<SecretMade> MakeSecretAsync(this TestServer node, string clientId, string label = "", DateTimeOffset? expiresAt = null) =>
        node.WithSecretsAsync(clientId, (desk, client) => desk.MakeAsync(client, label, expiresAt, TestContext.Current.CancellationToken));

    public static async Task<SecretMade.Done> HaveSecretAsync(this TestServer node, string clientId, string label = "", DateTimeOffset? expiresAt = null) =>
        (await node.MakeSecretAsync(clientId, label, expiresAt)).ShouldBeOfType<SecretMade.Done>();

    public static Task<SecretRetired> RetireSecretAsync(this TestServer node, string clientId, Guid secret, bool evenIfUnsafe = false) =>
        node.WithSecretsAsync(clientId, (desk, client) => desk.RetireAsync(client, secret, evenIfUnsafe, TestContext.Current.CancellationToken));

    public static Task<IReadOnlyList<ShownSecret>> SecretsAsync(this TestServer node, string clientId) =>
        node.WithSecretsAsync(clientId, (desk, client) => desk.ListAsync(client.Id, TestContext.Current.CancellationToken));

    public static Task<T> WithSecretsAsync<T>(this TestServer node, string clientId, Func<ClientSecretDesk, ClientSettings, Task<T>> work) =>
        node.InScopeAsync(async services =>
        {
            var client = await services.GetRequiredService<ClientCache>().FindSettingsAsync(clientId, TestContext.Current.CancellationToken);
            return await work(services.GetRequiredService<ClientSecretDesk>(), client!);
        });

    /// <summary>The same client with another secret.</summary>
    public static RelyingParty With(this RelyingParty client, World world, string secret, TestServer? node = null) =>
        new((node ?? world.Server).CreateClient(cookies: false), () => world.OpenBrowser(), client.Id, secret, "client_secret_basic");

    /// <summary>Whether a secret proves the client at the token endpoint: the code that comes with it is wrong either way.</summary>
    public static async Task<bool> IsTakenAsync(this RelyingParty client) => (await client.ExchangeAsync("no-code")).Error switch
    {
        "invalid_client" => false,
        "invalid_grant" => true,
        var other => throw new InvalidOperationException($"The token endpoint answered {other}."),
    };
}
