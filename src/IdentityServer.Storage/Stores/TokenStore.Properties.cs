using System.Collections.Immutable;
using System.Text.Json;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Stores;

// What OpenIddict's manager reads from and writes to a token in memory.
internal sealed partial class TokenStore
{
    public ValueTask<Token> InstantiateAsync(CancellationToken cancellationToken) => new(new Token());

    public ValueTask<string?> GetApplicationIdAsync(Token token, CancellationToken cancellationToken) => new(token.ApplicationId);

    public ValueTask<string?> GetAuthorizationIdAsync(Token token, CancellationToken cancellationToken) => new(token.AuthorizationId);

    public ValueTask<DateTimeOffset?> GetCreationDateAsync(Token token, CancellationToken cancellationToken) => new(Utc(token.CreationDate));

    public ValueTask<DateTimeOffset?> GetExpirationDateAsync(Token token, CancellationToken cancellationToken) => new(Utc(token.ExpirationDate));

    public ValueTask<string?> GetIdAsync(Token token, CancellationToken cancellationToken) => new(token.Id);

    public ValueTask<string?> GetPayloadAsync(Token token, CancellationToken cancellationToken) => new(token.Payload);

    public ValueTask<ImmutableDictionary<string, JsonElement>> GetPropertiesAsync(Token token, CancellationToken cancellationToken) =>
        new(StoredJson.ReadProperties(token.Properties));

    public ValueTask<DateTimeOffset?> GetRedemptionDateAsync(Token token, CancellationToken cancellationToken) => new(Utc(token.RedemptionDate));

    public ValueTask<string?> GetReferenceIdAsync(Token token, CancellationToken cancellationToken) => new(token.ReferenceId);

    public ValueTask<string?> GetStatusAsync(Token token, CancellationToken cancellationToken) => new(token.Status);

    public ValueTask<string?> GetSubjectAsync(Token token, CancellationToken cancellationToken) => new(token.Subject);

    public ValueTask<string?> GetTypeAsync(Token token, CancellationToken cancellationToken) => new(token.Type);

    public ValueTask SetApplicationIdAsync(Token token, string? identifier, CancellationToken cancellationToken) =>
        Set(token.ApplicationId = NullIfEmpty(identifier));

    public ValueTask SetAuthorizationIdAsync(Token token, string? identifier, CancellationToken cancellationToken) =>
        Set(token.AuthorizationId = NullIfEmpty(identifier));

    public ValueTask SetCreationDateAsync(Token token, DateTimeOffset? date, CancellationToken cancellationToken) =>
        Set(token.CreationDate = date?.UtcDateTime);

    public ValueTask SetExpirationDateAsync(Token token, DateTimeOffset? date, CancellationToken cancellationToken) =>
        Set(token.ExpirationDate = date?.UtcDateTime);

    public ValueTask SetPayloadAsync(Token token, string? payload, CancellationToken cancellationToken) => Set(token.Payload = payload);

    public ValueTask SetPropertiesAsync(Token token, ImmutableDictionary<string, JsonElement> properties, CancellationToken cancellationToken) =>
        Set(token.Properties = StoredJson.WriteProperties(properties));

    public ValueTask SetRedemptionDateAsync(Token token, DateTimeOffset? date, CancellationToken cancellationToken) =>
        Set(token.RedemptionDate = date?.UtcDateTime);

    public ValueTask SetReferenceIdAsync(Token token, string? identifier, CancellationToken cancellationToken) =>
        Set(token.ReferenceId = identifier);

    public ValueTask SetStatusAsync(Token token, string? status, CancellationToken cancellationToken) => Set(token.Status = status);

    public ValueTask SetSubjectAsync(Token token, string? subject, CancellationToken cancellationToken) => Set(token.Subject = subject);

    public ValueTask SetTypeAsync(Token token, string? type, CancellationToken cancellationToken) => Set(token.Type = type);

    private static ValueTask Set<T>(T assigned) => ValueTask.CompletedTask;

    private static string? NullIfEmpty(string? identifier) => string.IsNullOrEmpty(identifier) ? null : identifier;

    private static DateTimeOffset? Utc(DateTime? moment) =>
        moment is { } value ? new DateTimeOffset(DateTime.SpecifyKind(value, DateTimeKind.Utc)) : null;
}
