using System.Collections.Immutable;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Authorization;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Protocol.Authorization;

/// <summary>
/// The single claims that a request asks for and its client may be given: those whose scope the client may ask for as well. People are asked
/// for the whole scope, so nothing is given that they have not read of.
/// </summary>
internal sealed class RequestedClaims
{
    private const string Property = "userinfo_claims";

    private readonly ImmutableArray<string> _scopes;

    private RequestedClaims(ClaimsRequest request, ClientSettings client, ImmutableArray<string> scopes)
    {
        Names = [.. request.UserInfo.Where(name => client.AllowedScopes.Contains(ClaimsRequest.ScopeOf(name)))];
        _scopes = scopes;
    }

    /// <summary>The claims.</summary>
    public ImmutableArray<string> Names { get; }

    /// <summary>What people are asked for: the request's scopes, and those of its claims.</summary>
    public IEnumerable<string> ScopesToConsent => _scopes.Union(Names.Select(ClaimsRequest.ScopeOf), StringComparer.Ordinal);

    /// <summary>Reads a request whose parameter was validated.</summary>
    public static RequestedClaims Of(OpenIddictRequest request, ClientSettings client) =>
        new(
            ClaimsRequest.TryRead((string?)request.GetParameter(Parameters.Claims), out var asked, out _) ? asked : ClaimsRequest.None,
            client,
            request.GetScopes());

    /// <summary>As an authorization keeps them, or null for none.</summary>
    public string? ToProperties() =>
        Names.IsEmpty ? null : JsonSerializer.Serialize(new Dictionary<string, ImmutableArray<string>> { [Property] = Names });

    /// <summary>What an authorization has kept.</summary>
    public static IEnumerable<string> Kept(ImmutableDictionary<string, JsonElement> properties) =>
        properties.TryGetValue(Property, out var names) && names.ValueKind == JsonValueKind.Array
            ? names.EnumerateArray().Select(name => name.GetString()!).Where(ClaimsRequest.IsKnown)
            : [];
}

/// <summary>Refuses a parameter <c>claims</c> that cannot be read or met. As with max_age, the client is told once its address is known to be good.</summary>
internal sealed class ValidateClaims<TContext> : IOpenIddictServerHandler<TContext>
    where TContext : BaseValidatingContext
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<TContext>()
            .UseSingletonHandler<ValidateClaims<TContext>>()
            .SetOrder(int.MinValue + 51_000)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public ValueTask HandleAsync(TContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (!ClaimsRequest.TryRead((string?)context.Transaction.Request?.GetParameter(Parameters.Claims), out var asked, out var fault))
        {
            context.Reject(Errors.InvalidRequest, fault);
        }
        else if (!asked.CanBeMet)
        {
            context.Reject("unmet_authentication_requirements", "No sign-in here has the acr that the request calls essential.");
        }

        return ValueTask.CompletedTask;
    }
}
