using IdentityServer.Clients;
using IdentityServer.Domain.Networks;
using IdentityServer.Ownership;
using IdentityServer.Protocol.Resources;
using IdentityServer.Settings;
using IdentityServer.Users;
using Microsoft.Net.Http.Headers;

namespace IdentityServer.Api;

/// <summary>
/// Finds out who calls, from the access token in the header and from nothing else: no cookie opens anything here, so no page of another
/// site can act for whoever is signed in.
/// </summary>
internal sealed class CallerReader(AccessTokenReader tokens, UserDirectory users, Installation installation, ApiAllowances allowances)
{
    private const string Scheme = "Bearer ";

    /// <summary>Who calls.</summary>
    /// <param name="context">The request.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The caller, or the refusal.</returns>
    public async Task<(ApiCaller? Caller, ApiAnswer? Refusal)> ReadAsync(HttpContext context, CancellationToken cancellationToken)
    {
        if (Presented(context.Request) is not { } token)
        {
            // RFC 6750 §3.1: whoever brought nothing is told what to bring, and no error.
            return (null, Unauthenticated("Send an access token for the management API in the header Authorization: Bearer.", "Bearer"));
        }

        return await tokens.ReadAsync(token, BuiltIns.ApiOf(installation.Issuer), cancellationToken) switch
        {
            TokenBearer.OfPerson person => await OfPersonAsync(context, person, cancellationToken),
            TokenBearer.OfClient machine => (new(new Actor.Machine(machine.Client.Id), machine.Client.ClientId, machine.Scopes), null),
            TokenBearer.Refused refused => (null, Invalid(context, refused.Reason)),
            var other => throw new System.Diagnostics.UnreachableException($"Unmapped token {other}."),
        };
    }

    private async Task<(ApiCaller?, ApiAnswer?)> OfPersonAsync(HttpContext context, TokenBearer.OfPerson person, CancellationToken cancellationToken)
    {
        if (await users.FindAsync(person.UserId, cancellationToken) is not { } user)
        {
            return (null, Invalid(context, "The account that this access token speaks for is gone."));
        }

        return user.TestOfClientId is null
            ? (new(new Actor.Person(user), person.Client.ClientId, person.Scopes), null)
            : (null, ApiProblem.Of(ApiProblemType.NotForTestUsers, "This account was made to test a client with. Sign in as yourself."));
    }

    // A token that is good always passes: a neighbour's mistakes shut nobody out.
    private ApiAnswer Invalid(HttpContext context, string reason) => allowances.SpendOfNetwork(context) is { } wait
        ? ApiProblem.Later(
            ApiProblemType.TooManyRequests, "Too many requests without a valid access token came from this network. Wait as long as Retry-After tells.", wait)
        : Unauthenticated(reason, "Bearer error=\"invalid_token\"");

    private static ApiAnswer Unauthenticated(string detail, string challenge) =>
        ApiProblem.Of(ApiProblemType.Unauthenticated, detail) with { Challenge = challenge };

    // One header only: which of two a proxy in front of us had judged, nobody knows.
    private static string? Presented(HttpRequest request) =>
        request.Headers[HeaderNames.Authorization] is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
        && header[Scheme.Length..].Trim() is { Length: > 0 } token
            ? token
            : null;
}

/// <summary>How much may be asked of the API: by each caller, and by each network whose tokens open nothing. In this node's memory.</summary>
internal sealed class ApiAllowances(TimeProvider clock)
{
    /// <summary>What a caller may ask at once, and in each <see cref="Window"/>.</summary>
    internal const int PerCaller = 600;

    /// <summary>How many tokens that open nothing a network may present at once, and in each <see cref="NetworkWindow"/>.</summary>
    internal const int PerNetwork = 300;

    internal static readonly TimeSpan Window = TimeSpan.FromMinutes(1);

    internal static readonly TimeSpan NetworkWindow = TimeSpan.FromMinutes(10);

    private const int Remembered = 20_000;

    private readonly Allowance _callers = new(PerCaller, Window, Remembered);
    private readonly Allowance _networks = new(PerNetwork, NetworkWindow, Remembered);

    /// <summary>Spends one of a caller.</summary>
    /// <returns>Null when there was one; else how long to wait.</returns>
    public TimeSpan? Spend(ApiCaller caller) => _callers.Spend(caller.Key, clock.GetElapsedTime(0));

    /// <summary>Spends one of the network that a token which opens nothing came from.</summary>
    /// <returns>Null when it had one; else how long to wait.</returns>
    public TimeSpan? SpendOfNetwork(HttpContext context) =>
        _networks.Spend(NetworkAddress.Of(context.Connection.RemoteIpAddress), clock.GetElapsedTime(0));
}
