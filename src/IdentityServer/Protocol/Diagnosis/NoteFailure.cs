using IdentityServer.Clients;
using IdentityServer.Clients.Diagnosis;
using IdentityServer.Clients.Keys;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Pages;
using IdentityServer.Protocol.Dispatching;
using Microsoft.AspNetCore;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Diagnosis;

/// <summary>
/// Leaves an entry for the client's owners when a request of the client was refused. It comes when the refusal is settled and changes
/// nothing of it: whoever asked is told what they would be told without it.
/// </summary>
internal sealed class NoteFailure<TContext>(FailureReader reader) : IOpenIddictServerHandler<TContext>
    where TContext : BaseRequestContext
{
    /// <summary>After the commit, and before anything shapes the answer.</summary>
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>()
            .UseSingletonHandler<NoteFailure<TContext>>()
            .SetOrder(CommitBeforeResponse<TContext>.Descriptor.Order + 10_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(TContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (context.Transaction.Response is { Error.Length: > 0 } response && context.Transaction.GetHttpRequest()?.HttpContext is { } http)
        {
            await reader.NoteAsync(context.Transaction, response, http, context.CancellationToken);
        }
    }
}

/// <summary>Finds out whose request was refused, and which mistake it was.</summary>
internal sealed class FailureReader(ClientCache clients, NearClients near, CredentialFailures credentials, TimeProvider clock)
{
    private static readonly string[] NobodysMistake = [Errors.ServerError, Errors.AccessDenied, Errors.LoginRequired, Errors.ConsentRequired];

    /// <summary>Leaves the entry, where the request concerns a client.</summary>
    public async Task NoteAsync(OpenIddictServerTransaction transaction, OpenIddictResponse response, HttpContext http, CancellationToken cancellationToken)
    {
        if (RefusedBy.Of(transaction) is not { } by || transaction.Request is not { } request)
        {
            return;
        }

        var token = TokenInQuestion.Of(transaction);
        var clientId = ClientIdOf(request, http, token);
        var client = clientId is null ? null : await clients.FindAsync(clientId, cancellationToken);
        if (client is null)
        {
            await NoteUnknownAsync(clientId, request, http, cancellationToken);
            return;
        }

        var refusal = new Refusal(
            by, response.Error!, response.ErrorUri?.Split('/')[^1], response.ErrorDescription, request, transaction.EndpointType, client, token, clock.GetUtcNow());
        if (NotedFailure.Of(transaction) is { } noted)
        {
            Tell(http, client.Settings, noted);
        }
        else if (await credentials.OfAsync(refusal, transaction, cancellationToken) is { } credential)
        {
            Tell(http, client.Settings, credential);
        }
        else if (Read(refusal) is { } failure)
        {
            Tell(http, client.Settings, failure);
        }
    }

    /// <summary>Leaves the entry of a request that is answered by a page of ours, because its network has begun too many.</summary>
    public async Task NoteWaitAsync(HttpContext http, string clientId, TimeSpan wait, CancellationToken cancellationToken)
    {
        if (await clients.FindSettingsAsync(clientId, cancellationToken) is { } client)
        {
            Tell(http, client, new(FailureCodes.TooManyRequests, ("seconds", WaitAnswer.Seconds(wait))));
        }
    }

    /// <summary>
    /// Leaves the entry of a wish to sign out whose hint could not be read. It is not refused, but answered as if there were none: the person
    /// is asked and stays with us, and the client's developer wonders why.
    /// </summary>
    public async Task NoteHintAsync(OpenIddictServerTransaction transaction, CancellationToken cancellationToken)
    {
        if (transaction.Request is { IdTokenHint.Length: > 0, ClientId: { Length: > 0 } clientId }
            && await clients.FindSettingsAsync(clientId, cancellationToken) is { } client)
        {
            Tell(transaction.GetHttpRequest()!.HttpContext, client, new(FailureCodes.IdTokenHintUnreadable));
        }
    }

    private static void Tell(HttpContext http, ClientSettings client, ClientMistake failure)
    {
        var trail = ClientTrail.Of(http);
        trail.Concerns(client.Id);
        trail.Fail(failure.Code, [.. failure.Details]);
    }

    private static ClientMistake? Read(Refusal refusal)
    {
        var known = refusal.Endpoint switch
        {
            OpenIddictServerEndpointType.Authorization or OpenIddictServerEndpointType.PushedAuthorization => AuthorizationFailures.Of(refusal),
            OpenIddictServerEndpointType.EndSession => EndSessionFailures.Of(refusal),
            _ => TokenFailures.Of(refusal),
        };
        return known
            ?? (NobodysMistake.Contains(refusal.Error) || TokenFailures.IsOfToken(refusal.By) || refusal.Error == Errors.TemporarilyUnavailable
                ? null
                : new(FailureCodes.RequestRefused, ("error", refusal.Error)));
    }

    // As far as it can be told: none of it is proven, and an entry says no more than that somebody asked in the client's name.
    private static string? ClientIdOf(OpenIddictRequest request, HttpContext http, System.Security.Claims.ClaimsPrincipal? token) =>
        request.ClientId is { Length: > 0 } named ? named
        : BasicCredentials.Read(http.Request.Headers.Authorization.ToString()) is { } basic ? Uri.UnescapeDataString(basic.ClientId)
        : ClientJwts.TryRead(request.ClientAssertion, out var assertion) ? assertion.Subject
        : TokenInQuestion.ClientOf(token);

    private async Task NoteUnknownAsync(string? clientId, OpenIddictRequest request, HttpContext http, CancellationToken cancellationToken)
    {
        if (clientId is null)
        {
            return;
        }

        if (request.ClientSecret is { Length: > 0 } secret && await clients.FindAsync(secret, cancellationToken) is { } swapped
            && SecretMistakes.IsSecretOf(swapped, clientId))
        {
            Tell(http, swapped.Settings, new(FailureCodes.ClientIdAndSecretSwapped));
        }
        else if (await near.FindAsync(clientId, http.Connection.RemoteIpAddress, cancellationToken) is var (client, difference))
        {
            Tell(http, client.Settings, new(FailureCodes.ClientUnknown, ("received", clientId), ("difference", difference)));
        }
    }
}
