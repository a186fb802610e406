using System.Security.Cryptography;
using System.Text;
using System.Text.Json.Serialization;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Trials;

/// <summary>What somebody wants to try.</summary>
internal sealed record TrialChoices
{
    /// <summary>One of <see cref="Domain.Clients.ClientGrantTypes"/>: a sign-in, or the client for itself.</summary>
    public required string Grant { get; init; }

    /// <summary>The scopes to ask for.</summary>
    public IReadOnlyList<string> Scopes { get; init; } = [];

    /// <summary>Whether the tokens manage clients: whoever reads them off the run's page could make secrets.</summary>
    [JsonIgnore]
    public bool AsksPower => Scopes.Any(ManagementScopes.All.Contains);

    /// <summary><c>prompt</c>; null to send none.</summary>
    public string? Prompt { get; init; }

    /// <summary><c>max_age</c>, in seconds; null to send none.</summary>
    public int? MaxAge { get; init; }

    /// <summary><c>login_hint</c>; null to send none.</summary>
    public string? LoginHint { get; init; }

    /// <summary><c>claims</c>, a JSON object; null to send none.</summary>
    public string? Claims { get; init; }

    /// <summary><c>response_mode</c>; null to send none, which is the query.</summary>
    public string? ResponseMode { get; init; }

    /// <summary>Pushes the request first (RFC 9126).</summary>
    public bool Pushed { get; init; }
}

/// <summary>How far a run has come.</summary>
internal enum TrialStep
{
    /// <summary>It waits for its client's assertions.</summary>
    Prepared,

    /// <summary>The browser is on its way through the sign-in.</summary>
    Away,

    /// <summary>A request is under way. A run that stays so was cut off.</summary>
    Working,

    /// <summary>There are tokens.</summary>
    Done,

    /// <summary>It ended with an error.</summary>
    Failed,
}

/// <summary>The tokens that a run came to.</summary>
internal sealed record TrialTokens(string AccessToken, string? RefreshToken, string? IdToken)
{
    public override string ToString() => "•••";
}

/// <summary>All that is kept of a run. It is wrapped wherever it is at rest: there are tokens in it.</summary>
internal sealed record TrialState
{
    /// <summary>The client's <c>client_id</c>.</summary>
    public required string ClientId { get; init; }

    public required TrialChoices Choices { get; init; }

    public TrialStep Step { get; init; }

    /// <summary>What the row holds of the secret in the browser's cookie.</summary>
    public byte[] BrowserHash { get; init; } = [];

    /// <summary>Ties the answer to the request (RFC 6749 §10.12). Null once there was one: each of the three is good for one answer.</summary>
    public string? State { get; init; }

    /// <summary>Ties the id_token to the request (OpenID Connect Core §3.1.2.1).</summary>
    public string? Nonce { get; init; }

    /// <summary>Proves at the token endpoint who asked (RFC 7636 §4.1).</summary>
    public string? Verifier { get; init; }

    /// <summary>Assertions that the owner has signed for requests to come, in the order in which they are used.</summary>
    public IReadOnlyList<string> Assertions { get; init; } = [];

    /// <summary>Where the browser goes next, at this server; null when it goes nowhere.</summary>
    public string? AuthorizeAddress { get; init; }

    public IReadOnlyList<TrialExchange> Exchanges { get; init; } = [];

    public IReadOnlyList<TokenCheck> Checks { get; init; } = [];

    /// <summary>The signature of the access token against the published keys; null when it is opaque.</summary>
    public TokenCheck? AccessTokenSignature { get; init; }

    public TrialTokens? Tokens { get; init; }

    /// <summary>Why the run could not go on by itself, as the end of the key of its text; null when it could.</summary>
    public string? Problem { get; init; }

    /// <summary>Whether an answer's <c>state</c> is the one that was sent; compared in constant time.</summary>
    public bool IsAnsweredBy(string? state) =>
        State is { } sent && CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(sent), Encoding.UTF8.GetBytes(state ?? ""));

    /// <summary>The same with more exchanges.</summary>
    public TrialState With(params IReadOnlyList<TrialExchange> more) => this with { Exchanges = [.. Exchanges, .. more] };

    public override string ToString() => $"{nameof(TrialState)} {{ {Step} }}";
}

/// <summary>A run, opened.</summary>
/// <param name="Id">The run.</param>
/// <param name="ClientRowId">The client's row.</param>
/// <param name="UserId">The owner who tries; nobody else sees it.</param>
/// <param name="ExpiresAt">When it is forgotten.</param>
/// <param name="State">What is kept of it.</param>
/// <param name="Wrapped">The same as the row holds it: whoever changes the run must have seen the last of it.</param>
internal sealed record Trial(Guid Id, string ClientRowId, Guid UserId, DateTimeOffset ExpiresAt, TrialState State, string Wrapped)
{
    public override string ToString() => $"{nameof(Trial)} {{ {Id}, {State.Step} }}";
}
