using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Authorization;

/// <summary>
/// Tells the client why its request was refused, once it is certain who it is and that the address is its own (RFC 6749 §4.1.2.1).
/// OpenIddict tells only the person of what it refuses while it validates. Anything less certain stays on our own page: who could have
/// people sent to an address of their choosing could use this server's name for fraud (RFC 9700 §4.11).
/// </summary>
internal sealed class SendRefusalToClient(IOpenIddictApplicationManager clients) : IOpenIddictServerHandler<ApplyAuthorizationResponseContext>
{
    private const string StoredRequest = "urn:ietf:params:oauth:request_uri:";

    /// <summary>After the response mode was chosen for requests that passed, before state and issuer are attached for both.</summary>
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ApplyAuthorizationResponseContext>()
            .UseScopedHandler<SendRefusalToClient>()
            .SetOrder(Authentication.InferResponseMode.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ApplyAuthorizationResponseContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!string.IsNullOrEmpty(context.RedirectUri) || string.IsNullOrEmpty(context.Error) || context.Request is not { } request
            || context.Transaction.GetProperty<ValidateAuthorizationRequestContext>(typeof(ValidateAuthorizationRequestContext).FullName!)
                is not { IsRejected: true } refused
            || !await IsRegisteredAsync(refused, context.CancellationToken))
        {
            return;
        }

        context.RedirectUri = refused.RedirectUri;
        context.ResponseMode = context.Options.ResponseModes.Contains(request.ResponseMode ?? "")
            ? request.ResponseMode
            : DefaultMode(request);
    }

    // The refusal may have come before the address was compared, so it is compared here, by what compares it everywhere.
    private async Task<bool> IsRegisteredAsync(ValidateAuthorizationRequestContext refused, CancellationToken cancellationToken)
    {
        if (string.IsNullOrEmpty(refused.ClientId) || string.IsNullOrEmpty(refused.RedirectUri))
        {
            return false;
        }

        // A reference to a stored request stands for all that it holds. If that could not be read, what stands beside it means nothing.
        if (refused.Request.RequestUri?.StartsWith(StoredRequest, StringComparison.OrdinalIgnoreCase) == true && refused.RequestTokenPrincipal is null)
        {
            return false;
        }

        return await clients.FindByClientIdAsync(refused.ClientId, cancellationToken) is { } client
            && await clients.ValidateRedirectUriAsync(client, refused.RedirectUri, cancellationToken);
    }

    // OAuth 2.0 Multiple Response Type Encoding Practices §2.1, §5: what would have carried a token goes by fragment, errors too.
    private static string DefaultMode(OpenIddictRequest request) =>
        request.HasResponseType(ResponseTypes.Token) || request.HasResponseType(ResponseTypes.IdToken) ? ResponseModes.Fragment : ResponseModes.Query;
}
