using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Clients.Keys;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Protocol.Diagnosis;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Authorization.RequestObjects;

/// <summary>
/// Puts what a request object says in place of what stands in the URL, before anything else looks at the request: whatever is judged
/// afterwards, redirect URI and state among it, is what the client has signed.
/// </summary>
internal sealed class TakeRequestObject<TContext>(ClientCache clients, RequestObjectReader reader) : IOpenIddictServerHandler<TContext>
    where TContext : BaseValidatingContext
{
    private const string StoredRequest = "urn:ietf:params:oauth:request_uri:";

    // What a client that signs all its requests still says beside the object: who it is.
    private static readonly string[] BesideTheObject =
        [Parameters.ClientId, Parameters.ClientSecret, Parameters.ClientAssertion, Parameters.ClientAssertionType];

    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>()
            .UseSingletonHandler<TakeRequestObject<TContext>>()
            .SetOrder(int.MinValue + 20_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(TContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var request = context.Transaction.Request!;
        var stored = request.RequestUri?.StartsWith(StoredRequest, StringComparison.OrdinalIgnoreCase) == true;
        if (await ClientOfAsync(request, context.CancellationToken) is not { } client)
        {
            return; // OpenIddict refuses it
        }

        if (string.IsNullOrEmpty(request.Request) && (stored || string.IsNullOrEmpty(request.RequestUri)))
        {
            if (client.Metadata.RequireSignedRequestObject && !stored)
            {
                NotedFailure.Put(context.Transaction, new(FailureCodes.RequestObjectRequired));
                context.Reject(Errors.InvalidRequest, "This client's requests must come in a signed request object (RFC 9101 §10.5).");
            }

            return;
        }

        if (!string.IsNullOrEmpty(request.RequestUri) && (!string.IsNullOrEmpty(request.Request) || context is not ValidateAuthorizationRequestContext))
        {
            NotedFailure.Put(
                context.Transaction, new(FailureCodes.RequestObjectRefused, ("reason", "request and request_uri exclude each other, and a pushed request names no request_uri.")));
            context.Reject(Errors.InvalidRequest, "request and request_uri exclude each other, and a pushed request names no request_uri (RFC 9101 §5, RFC 9126 §2.1).");
            return;
        }

        var answer = string.IsNullOrEmpty(request.Request)
            ? await reader.FetchAsync(client, request.RequestUri!, request.ResponseType, context.CancellationToken)
            : await reader.ReadAsync(client, request.Request, request.ResponseType, context.CancellationToken);
        switch (answer)
        {
            // OpenIddict has taken note of the address beside the object already, and it would be gone to.
            case RequestObjectAnswer.Read read when client.Metadata.RequireSignedRequestObject && !read.Parameters.ContainsKey(Parameters.RedirectUri):
                NotedFailure.Put(context.Transaction, new(FailureCodes.RequestObjectRefused, ("reason", "It must hold redirect_uri.")));
                context.Reject(Errors.InvalidRequestObject, "The request object is refused. It must hold redirect_uri: what stands beside it does not count.");
                break;
            case RequestObjectAnswer.Read read:
                Put(context, client, read.Parameters);
                if (RefuseLargeRequests<ExtractAuthorizationRequestContext>.Fault(request) is { } fault)
                {
                    NotedFailure.Put(context.Transaction, new(FailureCodes.RequestTooLarge, ("most", "8192")));
                    context.Reject(Errors.InvalidRequestObject, $"The request object is refused. {fault}"); // it is stored as any other
                }

                break;
            case RequestObjectAnswer.Refused refused:
                NotedFailure.Put(context.Transaction, refused.Failure);
                context.Reject(refused.Error, $"The request object is refused. {refused.Reason}");
                break;
            case var other:
                throw new System.Diagnostics.UnreachableException($"Unmapped answer {other}.");
        }
    }

    private static void Put(TContext context, ClientSettings client, IReadOnlyDictionary<string, JsonElement> said)
    {
        var request = context.Transaction.Request!;
        request.RemoveParameter(Parameters.Request);
        request.RemoveParameter(Parameters.RequestUri);
        if (client.Metadata.RequireSignedRequestObject)
        {
            foreach (var name in request.GetParameters().Select(parameter => parameter.Key).Except(BesideTheObject).ToList())
            {
                request.RemoveParameter(name);
            }
        }

        foreach (var (name, value) in said)
        {
            request.SetParameter(name, value.ValueKind switch
            {
                JsonValueKind.String => new OpenIddictParameter(value.GetString()),
                JsonValueKind.Array => new OpenIddictParameter([.. value.EnumerateArray().Select(item => item.GetString())]),
                _ => new OpenIddictParameter(value.GetRawText()), // as it would stand in a URL
            });
        }

        if (request.RedirectUri is { Length: > 0 } redirect)
        {
            (context as ValidateAuthorizationRequestContext)?.SetRedirectUri(redirect);
            (context as ValidatePushedAuthorizationRequestContext)?.SetRedirectUri(redirect);
        }
    }

    // A pushed request may name its client in its assertion only: whoever that says is checked there, and must be the same.
    private async ValueTask<ClientSettings?> ClientOfAsync(OpenIddictRequest request, CancellationToken cancellationToken)
    {
        var clientId = request.ClientId is { Length: > 0 } named ? named
            : ClientJwts.TryRead(request.ClientAssertion, out var assertion) ? assertion.Subject
            : null;
        return clientId is null ? null : await clients.FindSettingsAsync(clientId, cancellationToken);
    }
}
