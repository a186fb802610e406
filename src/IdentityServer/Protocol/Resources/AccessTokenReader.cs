using IdentityServer.Clients;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Resources;

/// <summary>Whom an access token speaks for that was presented to an API of ours.</summary>
internal abstract record TokenBearer
{
    private TokenBearer()
    {
    }

    /// <summary>It opens nothing: no access token of ours, over, revoked, or for somebody else.</summary>
    /// <param name="Reason">A sentence for whoever wrote the program that sent it.</param>
    public sealed record Refused(string Reason) : TokenBearer;

    /// <summary>A person, through one of the operator's own clients.</summary>
    public sealed record OfPerson(Guid UserId, ClientSettings Client, IReadOnlyList<string> Scopes) : TokenBearer;

    /// <summary>A client that acts for itself.</summary>
    public sealed record OfClient(ClientSettings Client, IReadOnlyList<string> Scopes) : TokenBearer;
}

/// <summary>
/// Judges access tokens for APIs that this server serves itself, by the pipeline and the rows by which every other endpoint judges them:
/// what was revoked, whose session ended and whose client is gone counts at once.
/// </summary>
internal sealed class AccessTokenReader(IOpenIddictServerFactory factory, IOpenIddictServerDispatcher dispatcher, ClientCache clients)
{
    /// <summary>Judges a token.</summary>
    /// <param name="token">As it was presented; anything.</param>
    /// <param name="resource">The resource that it must be for.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<TokenBearer> ReadAsync(string token, string resource, CancellationToken cancellationToken)
    {
        var transaction = await factory.CreateTransactionAsync();
        transaction.CancellationToken = cancellationToken;
        var context = new ValidateTokenContext(transaction) { Token = token, ValidTokenTypes = { TokenTypeIdentifiers.AccessToken } };
        await dispatcher.DispatchAsync(context);
        if (context.IsRejected || context.Principal is not { } principal)
        {
            return new TokenBearer.Refused("The access token is not valid, is over or was revoked. Get a new one.");
        }

        if (!principal.HasAudience(resource))
        {
            return new TokenBearer.Refused($"The access token is not for {resource}. Ask for a scope of it, and name it as the resource (RFC 8707).");
        }

        return principal.GetPresenters() is [var clientId] && await clients.FindSettingsAsync(clientId, cancellationToken) is { } client
            ? Of(principal, client)
            : new TokenBearer.Refused("The client that this access token was given to is gone.");
    }

    private static TokenBearer Of(System.Security.Claims.ClaimsPrincipal principal, ClientSettings client)
    {
        // A person's tokens hang on the authorization of a sign-in; a client's own hang on none.
        if (principal.GetAuthorizationId() is null or "")
        {
            return string.Equals(principal.GetClaim(Claims.Subject), client.ClientId, StringComparison.Ordinal)
                ? new TokenBearer.OfClient(client, principal.GetScopes())
                : new TokenBearer.Refused("The access token speaks for nobody.");
        }

        // Asked for again: the operator may have taken the word back since the token was given.
        return client.FirstParty && Guid.TryParseExact(principal.GetClaim(Claims.Subject), "D", out var userId)
            ? new TokenBearer.OfPerson(userId, client, principal.GetScopes())
            : new TokenBearer.Refused("People manage their clients through the operator's own clients only.");
    }
}
