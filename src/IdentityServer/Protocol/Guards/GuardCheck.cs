using IdentityServer.Protocol.Dispatching;
using Microsoft.Extensions.Options;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Guards;

/// <summary>
/// Guard 3: checks that both handlers stand where they must and that nothing is enabled that they were not thought through for, at the
/// start and each time that the options are made anew, as when signing keys change; and, at the start, that our dispatcher runs them. A
/// server that could make tokens without a mailed code does not start, and does not go on.
/// </summary>
internal sealed class GuardCheck(IServiceProvider services) : IHostedService, IValidateOptions<OpenIddictServerOptions>
{
    private static readonly string[] _grants = [GrantTypes.AuthorizationCode, GrantTypes.RefreshToken, GrantTypes.ClientCredentials];

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        await using var scope = services.CreateAsyncScope();
        Require(scope.ServiceProvider.GetRequiredService<IOpenIddictServerDispatcher>() is HandlerDispatcher, "every event goes through our dispatcher");
        Check(services.GetRequiredService<IOptionsMonitor<OpenIddictServerOptions>>().CurrentValue);
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Looks at options that were just made, before anybody uses them.</summary>
    /// <exception cref="InvalidOperationException">A guard is missing, out of order or walked around.</exception>
    public ValidateOptionsResult Validate(string? name, OpenIddictServerOptions options)
    {
        Check(options);
        return ValidateOptionsResult.Success;
    }

    /// <summary>Throws when a guard is missing, out of order or walked around.</summary>
    internal static void Check(OpenIddictServerOptions options)
    {
        var handlers = options.Handlers;
        var first = Single(handlers, RequireConsumedChallenge.Descriptor);
        var own = Single(handlers, ValidateSignInDemand.Descriptor);
        Require(
            first.Order > own.Order
            && !handlers.Any(handler => handler.ContextType == first.ContextType && handler != own && handler.Order >= own.Order && handler.Order < first.Order),
            "the sign-in guard follows OpenIddict's own check at once");
        Require(
            handlers.Where(handler => handler.ContextType == first.ContextType && handler != first)
                .All(handler => handler.Type == OpenIddictServerHandlerType.BuiltIn ? handler.Order != first.Order : handler.Order > first.Order)
            && first.Order < Order(handlers, Tokens.RedeemPresentedToken.Descriptor)
            && first.Order < Order(handlers, GenerateAccessToken.Descriptor),
            "the sign-in guard comes before anything is redeemed or made");
        var second = Single(handlers, RequireStamp.Descriptor);
        Require(
            handlers.Where(handler => handler.ContextType == second.ContextType && handler != second).All(handler => handler.Order > second.Order),
            "the token guard is first in line");
        Require(!handlers.Contains(RedeemTokenEntry.Descriptor), "tokens are redeemed by the conditional update only");
        Require(
            options is { DeviceAuthorizationEndpointUris.Count: 0, EndUserVerificationEndpointUris.Count: 0 },
            "the endpoints are those that the guard knows");
        Require(options.GrantTypes.All(grant => _grants.Contains(grant, StringComparer.Ordinal)), "the grants are those that the guard knows");
        Require(options.ResponseTypes.SetEquals([ResponseTypes.Code]), "the only response type is code");
        Require(options.CodeChallengeMethods.SetEquals([CodeChallengeMethods.Sha256]), "the only code challenge method is S256");
        Require(
            options is
            {
                EnableDegradedMode: false, DisableTokenStorage: false, DisableAuthorizationStorage: false, EnableAuthorizationRequestCaching: true,
                DisableRollingRefreshTokens: false, RefreshTokenReuseLeeway.Ticks: 0,
            },
            "storage, request caching and strict rotation are on");
    }

    private static OpenIddictServerHandlerDescriptor Single(List<OpenIddictServerHandlerDescriptor> handlers, OpenIddictServerHandlerDescriptor wanted)
    {
        Require(handlers.Count(handler => handler == wanted) == 1, $"{wanted.ServiceDescriptor.ServiceType.Name} is registered once");
        return wanted;
    }

    private static int Order(List<OpenIddictServerHandlerDescriptor> handlers, OpenIddictServerHandlerDescriptor wanted) => Single(handlers, wanted).Order;

    private static void Require(bool holds, string rule)
    {
        if (!holds)
        {
            throw new InvalidOperationException($"The server does not start, because this must hold and does not: {rule}.");
        }
    }
}
