using IdentityServer.Storage.Entities;

namespace IdentityServer.Storage.Stores;

/// <summary>A token's values as the database has them, to see what an update must write and against what it is guarded.</summary>
internal sealed record TokenValues(
    string? ApplicationId, string? AuthorizationId, DateTime? CreationDate, DateTime? ExpirationDate, string? Payload, string? Properties,
    DateTime? RedemptionDate, string? ReferenceId, string? Status, string? Subject, string? Type)
{
    public static TokenValues Of(Token token) => new(
        token.ApplicationId, token.AuthorizationId, token.CreationDate, token.ExpirationDate, token.Payload, token.Properties,
        token.RedemptionDate, token.ReferenceId, token.Status, token.Subject, token.Type);
}

/// <inheritdoc cref="TokenValues"/>
internal sealed record AuthorizationValues(
    string? ApplicationId, DateTime? CreationDate, string? Properties, string? Scopes, Guid? SessionId, string? Status, string? Subject,
    string? Type)
{
    public static AuthorizationValues Of(Authorization authorization) => new(
        authorization.ApplicationId, authorization.CreationDate, authorization.Properties, authorization.Scopes, authorization.SessionId,
        authorization.Status, authorization.Subject, authorization.Type);
}
