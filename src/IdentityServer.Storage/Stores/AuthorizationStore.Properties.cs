using System.Collections.Immutable;
using System.Text.Json;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Stores;

// What OpenIddict's manager reads from and writes to an authorization in memory.
internal sealed partial class AuthorizationStore
{
    public ValueTask<Authorization> InstantiateAsync(CancellationToken cancellationToken) => new(new Authorization());

    public ValueTask<string?> GetApplicationIdAsync(Authorization authorization, CancellationToken cancellationToken) =>
        new(authorization.ApplicationId);

    public ValueTask<DateTimeOffset?> GetCreationDateAsync(Authorization authorization, CancellationToken cancellationToken) =>
        new(authorization.CreationDate is { } moment ? new DateTimeOffset(DateTime.SpecifyKind(moment, DateTimeKind.Utc)) : null);

    public ValueTask<string?> GetIdAsync(Authorization authorization, CancellationToken cancellationToken) => new(authorization.Id);

    public ValueTask<ImmutableDictionary<string, JsonElement>> GetPropertiesAsync(
        Authorization authorization, CancellationToken cancellationToken) => new(StoredJson.ReadProperties(authorization.Properties));

    public ValueTask<ImmutableArray<string>> GetScopesAsync(Authorization authorization, CancellationToken cancellationToken) =>
        new(StoredJson.ReadScopes(authorization.Scopes));

    public ValueTask<string?> GetStatusAsync(Authorization authorization, CancellationToken cancellationToken) => new(authorization.Status);

    public ValueTask<string?> GetSubjectAsync(Authorization authorization, CancellationToken cancellationToken) => new(authorization.Subject);

    public ValueTask<string?> GetTypeAsync(Authorization authorization, CancellationToken cancellationToken) => new(authorization.Type);

    public ValueTask SetApplicationIdAsync(Authorization authorization, string? identifier, CancellationToken cancellationToken) =>
        Set(authorization.ApplicationId = string.IsNullOrEmpty(identifier) ? null : identifier);

    public ValueTask SetCreationDateAsync(Authorization authorization, DateTimeOffset? date, CancellationToken cancellationToken) =>
        Set(authorization.CreationDate = date?.UtcDateTime);

    public ValueTask SetPropertiesAsync(
        Authorization authorization, ImmutableDictionary<string, JsonElement> properties, CancellationToken cancellationToken) =>
        Set(authorization.Properties = StoredJson.WriteProperties(properties));

    public ValueTask SetScopesAsync(Authorization authorization, ImmutableArray<string> scopes, CancellationToken cancellationToken) =>
        Set(authorization.Scopes = StoredJson.WriteScopes(scopes));

    public ValueTask SetStatusAsync(Authorization authorization, string? status, CancellationToken cancellationToken) =>
        Set(authorization.Status = status);

    public ValueTask SetSubjectAsync(Authorization authorization, string? subject, CancellationToken cancellationToken) =>
        Set(authorization.Subject = subject);

    public ValueTask SetTypeAsync(Authorization authorization, string? type, CancellationToken cancellationToken) =>
        Set(authorization.Type = type);

    private static ValueTask Set<T>(T assigned) => ValueTask.CompletedTask;
}
