using IdentityServer.Clients.Diagnosis;
using IdentityServer.Domain.Diagnosis;
using OpenIddict.Abstractions;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Diagnosis;

/// <summary>What was wrong with a client's wish to have somebody signed out.</summary>
internal static class EndSessionFailures
{
    /// <summary>Says which mistake it was; null when this room knows none.</summary>
    public static ClientMistake? Of(Refusal refusal) =>
        refusal.By == typeof(Session.ValidatePostLogoutRedirectUriParameter) || refusal.By == typeof(Session.ValidateClientPostLogoutRedirectUri) ? Address(refusal)
        : refusal.By == typeof(Session.ValidateAuthorizedParty)
            ? string.IsNullOrEmpty(refusal.Request.ClientId) ? Address(refusal) : new(FailureCodes.IdTokenHintOfAnotherClient)
        : null;

    private static ClientMistake Address(Refusal refusal) => Refusal.Address(
        FailureCodes.PostLogoutRedirectUriMismatch,
        refusal.Request.PostLogoutRedirectUri,
        refusal.Client is { } client ? client.PostLogoutRedirectUris : []);
}
