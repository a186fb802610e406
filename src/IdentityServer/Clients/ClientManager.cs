using System.Collections.Immutable;
using System.ComponentModel.DataAnnotations;
using System.Text.Json;
using IdentityServer.Clients.Credentials;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage.Entities;
using Microsoft.Extensions.Options;
using OpenIddict.Abstractions;
using OpenIddict.Core;

namespace IdentityServer.Clients;

/// <summary>
/// OpenIddict's view of clients. Reads of a shared client come from its parsed columns; writes go to a tracked copy of its row, since
/// what all requests share must not change under them. Secrets are rows of their own, never OpenIddict's column.
/// </summary>
internal sealed class ClientManager(
    ClientCache clients,
    ClientSecretVerifier secrets,
    ILogger<OpenIddictApplicationManager<Client>> logger,
    IOptionsMonitor<OpenIddictCoreOptions> options,
    IOpenIddictApplicationStore<Client> store) : OpenIddictApplicationManager<Client>(clients, logger, options, store)
{
    public override ValueTask<Client?> FindByClientIdAsync(string identifier, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(identifier);
        var found = clients.FindAsync(identifier, cancellationToken);
        return found.IsCompletedSuccessfully ? new(found.Result?.Entity) : WaitAsync(found);
    }

    public override ValueTask<Client?> FindByIdAsync(string identifier, CancellationToken cancellationToken = default)
    {
        ArgumentException.ThrowIfNullOrEmpty(identifier);
        var found = clients.FindByKeyAsync(identifier, cancellationToken);
        return found.IsCompletedSuccessfully ? new(found.Result?.Entity) : WaitAsync(found);
    }

    public override ValueTask<bool> HasPermissionAsync(Client application, string permission, CancellationToken cancellationToken = default) =>
        clients.IsShared(application, out var client)
            ? new(client.PermissionSet.Contains(permission))
            : base.HasPermissionAsync(application, permission, cancellationToken);

    public override ValueTask<bool> HasRequirementAsync(Client application, string requirement, CancellationToken cancellationToken = default) =>
        clients.IsShared(application, out var client)
            ? new(client.RequirementSet.Contains(requirement))
            : base.HasRequirementAsync(application, requirement, cancellationToken);

    public override ValueTask<bool> HasClientTypeAsync(Client application, string type, CancellationToken cancellationToken = default) =>
        new(string.Equals(application.ClientType, type, StringComparison.OrdinalIgnoreCase));

    public override ValueTask<ImmutableArray<string>> GetPermissionsAsync(Client application, CancellationToken cancellationToken = default) =>
        clients.IsShared(application, out var client) ? new(client.Permissions) : base.GetPermissionsAsync(application, cancellationToken);

    public override ValueTask<ImmutableArray<string>> GetRequirementsAsync(Client application, CancellationToken cancellationToken = default) =>
        clients.IsShared(application, out var client) ? new(client.Requirements) : base.GetRequirementsAsync(application, cancellationToken);

    public override ValueTask<ImmutableArray<string>> GetRedirectUrisAsync(Client application, CancellationToken cancellationToken = default) =>
        clients.IsShared(application, out var client) ? new(client.RedirectUris) : base.GetRedirectUrisAsync(application, cancellationToken);

    public override ValueTask<ImmutableArray<string>> GetPostLogoutRedirectUrisAsync(Client application, CancellationToken cancellationToken = default) =>
        clients.IsShared(application, out var client)
            ? new(client.PostLogoutRedirectUris)
            : base.GetPostLogoutRedirectUrisAsync(application, cancellationToken);

    public override ValueTask<ImmutableDictionary<string, JsonElement>> GetPropertiesAsync(
        Client application, CancellationToken cancellationToken = default) =>
        clients.IsShared(application, out var client) ? new(client.Properties) : base.GetPropertiesAsync(application, cancellationToken);

    // RFC 8252 §7.3 wants any port on a loopback address; what OpenIddict does itself stops at registrations without a port.
    public override async ValueTask<bool> ValidateRedirectUriAsync(Client application, string uri, CancellationToken cancellationToken = default) =>
        Matches((await SettingsOfAsync(application)).RedirectUris, application, uri);

    public override async ValueTask<bool> ValidatePostLogoutRedirectUriAsync(
        Client application, string uri, CancellationToken cancellationToken = default) =>
        Matches((await SettingsOfAsync(application)).PostLogoutRedirectUris, application, uri);

    public override async ValueTask PopulateAsync(
        Client application, OpenIddictApplicationDescriptor descriptor, CancellationToken cancellationToken = default)
    {
        ThrowIfShared(application);
        application.BackchannelLogout = descriptor.Properties.TryGetValue(ClientDescriptor.MetadataProperty, out var metadata)
            && ClientMetadata.Restore(metadata).BackchannelLogoutUri is not null;
        await base.PopulateAsync(application, descriptor, cancellationToken);
        SetOrigins(application);
    }

    public override ValueTask UpdateAsync(Client application, CancellationToken cancellationToken = default)
    {
        ThrowIfShared(application);
        return base.UpdateAsync(application, cancellationToken);
    }

    public override async ValueTask UpdateAsync(Client application, string? secret, CancellationToken cancellationToken = default) =>
        await base.UpdateAsync(await TrackedAsync(application, cancellationToken), secret, cancellationToken);

    public override async ValueTask UpdateAsync(
        Client application, OpenIddictApplicationDescriptor descriptor, CancellationToken cancellationToken = default) =>
        await base.UpdateAsync(await TrackedAsync(application, cancellationToken), descriptor, cancellationToken);

    public override async ValueTask DeleteAsync(Client application, CancellationToken cancellationToken = default)
    {
        var tracked = await TrackedAsync(application, cancellationToken);
        await base.DeleteAsync(tracked, cancellationToken);
        clients.Forget(tracked);
    }

    /// <summary>Stores a new client together with its first secret.</summary>
    /// <param name="descriptor">What is registered.</param>
    /// <param name="secret">Hashed; null for a client that proves itself by no secret.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task RegisterAsync(OpenIddictApplicationDescriptor descriptor, ClientSecretEntry? secret, CancellationToken cancellationToken)
    {
        var client = new Client();
        await PopulateAsync(client, descriptor, cancellationToken);
        if (secret is not null)
        {
            client.Secrets.Add(secret);
        }

        await CreateAsync(client, cancellationToken);
    }

    // A client may have several secrets, each for a time: see ClientSecretFinder, which looked before and knows those of other nodes.
    public override async ValueTask<bool> ValidateClientSecretAsync(Client application, string secret, CancellationToken cancellationToken = default) =>
        await clients.FindByKeyAsync(application.Id!, cancellationToken) is { Settings.IsPublic: false } client
        && await secrets.VerifyAsync(client.SecretsAt(clients.Now), secret, cancellationToken);

    // OpenIddict wants a secret or keys in its own columns. A client's keys stand in its metadata here, or where it publishes them, and its
    // secrets in rows of their own; what may be stored at all was judged before.
    public override IAsyncEnumerable<ValidationResult> ValidateAsync(Client application, CancellationToken cancellationToken = default) =>
        base.ValidateAsync(application, cancellationToken)
            .Where(result => result.ErrorMessage != OpenIddictResources.GetResourceString(OpenIddictResources.ID2113));

    private static async ValueTask<Client?> WaitAsync(ValueTask<CachedClient?> found) => (await found)?.Entity;

    private ValueTask<ClientSettings> SettingsOfAsync(Client application) => new(
        clients.IsShared(application, out var client)
            ? client.Settings
            : ClientSettings.From(application.Id!, CachedClient.MetadataOf(application)));

    private bool Matches(IReadOnlyList<RedirectUri> registered, Client application, string presented)
    {
        foreach (var uri in registered)
        {
            if (uri.Matches(presented))
            {
                return true;
            }
        }

        Logger.RedirectUriNotRegistered(application.ClientId);
        return false;
    }

    // Rows of their own, so that a browser's question is answered from an index. They are saved with the client.
    private static void SetOrigins(Client application)
    {
        var origins = CachedClient.MetadataOf(application).PageOrigins;
        foreach (var gone in application.Origins.Where(row => !origins.Contains(row.Origin)).ToList())
        {
            application.Origins.Remove(gone);
        }

        foreach (var origin in origins.Except(application.Origins.Select(row => row.Origin)).ToList())
        {
            application.Origins.Add(new ClientOrigin { Origin = origin, ApplicationId = application.Id });
        }
    }

    private void ThrowIfShared(Client application)
    {
        if (clients.IsShared(application, out _))
        {
            throw new InvalidOperationException("This client is shared by all requests. Change it through a descriptor, which is put on a copy.");
        }
    }

    private async ValueTask<Client> TrackedAsync(Client application, CancellationToken cancellationToken)
    {
        return clients.IsShared(application, out _)
            ? await Store.FindByIdAsync(application.Id!, cancellationToken) ?? throw new InvalidOperationException("The client is gone.")
            : application;
    }
}
