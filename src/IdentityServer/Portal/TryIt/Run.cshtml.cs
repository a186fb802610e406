using System.Diagnostics;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Clients;
using IdentityServer.Settings;
using IdentityServer.SignIn;
using IdentityServer.Trials;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal.TryIt;

/// <summary>A run, step by step: for the owner who began it.</summary>
[ServiceFilter(typeof(RequireTrial))]
internal sealed class RunModel(TrialRuns runs, TrialActions actions, TrialSendOff sendOff, ClientHistory history, RunModelParts parts) : ClientPageModel
{
    // How long after a request its failure may be written down.
    private static readonly TimeSpan Around = TimeSpan.FromSeconds(2);

    private const int LongestAssertion = 8_000;
    private const int RecentFailures = 50;

    /// <summary>What the owner signed, one for each request that needs one.</summary>
    [BindProperty]
    public List<string?> Assertions { get; set; } = [];

    /// <summary>The run, which <see cref="RequireTrial"/> found to be the person's.</summary>
    public Trial Trial => HttpContext.Features.Get<Trial>() ?? throw new InvalidOperationException("This page is about no run.");

    public TrialState State => Trial.State;

    /// <summary>What went over the wire, each with the reference of its failure, if it failed.</summary>
    public IReadOnlyList<ShownExchange> Exchanges { get; private set; } = [];

    public IReadOnlyList<TrialAction> Actions => TrialActions.Possible(State, Client.Settings);

    /// <summary>Whether each request needs something that only the owner can sign.</summary>
    public bool OwnerSigns => Client.Metadata.TokenEndpointAuthMethod == ClientAuthenticationMethods.PrivateKeyJwt;

    private DateTimeOffset Now => parts.Clock.GetUtcNow();

    public TokenSheet? IdToken => Sheet(State.Tokens?.IdToken);

    public TokenSheet? AccessToken => Sheet(State.Tokens?.AccessToken);

    /// <summary>What a step could not go on for is told as a problem, not as something done.</summary>
    public string? Stopped => (Done ?? State.Problem) is { } why && Stops.TryGetValue(why, out var key) ? key : null;

    private static Dictionary<string, string> Stops { get; } = new(StringComparer.Ordinal)
    {
        ["no-assertion"] = "trial.no-assertion",
        ["too-many-secrets"] = "trial.too-many-secrets",
        ["client-changed"] = "trial.client-changed",
        ["missed"] = "trial.missed",
    };

    /// <summary>The key of how far a run has come.</summary>
    public static string StepKey(TrialStep step) => step switch
    {
        TrialStep.Prepared => "trial.state.prepared",
        TrialStep.Away => "trial.state.away",
        TrialStep.Working => "trial.state.working",
        TrialStep.Done => "trial.state.done",
        TrialStep.Failed => "trial.state.failed",
        _ => throw new ArgumentOutOfRangeException(nameof(step), step, "There is no such step."),
    };

    /// <summary>The key of an action's button.</summary>
    public static string ActionKey(TrialAction action) => action switch
    {
        TrialAction.Refresh => "trial.action.refresh",
        TrialAction.Introspect => "trial.action.introspect",
        TrialAction.Revoke => "trial.action.revoke",
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "There is no such action."),
    };

    /// <summary>What the run waits for its owner to sign.</summary>
    public IEnumerable<AssertionField> ToSign => TrialFlow.AssertionsNeeded(Client.Settings, State.Choices) switch
    {
        2 => [Field("assertion-par", "trial.assertion-par"), Field("assertion-token", "trial.assertion-token")],
        _ => [ToSignNext],
    };

    /// <summary>What one more step needs.</summary>
    public AssertionField ToSignNext => Field("assertion", "trial.assertion");

    /// <summary>How the signature of the last id_token came out.</summary>
    public TokenCheck? IdTokenSignature => State.Checks.LastOrDefault(check => check.Name == "signature");

    /// <summary>A token, laid open.</summary>
    public ShownToken Shown(TokenSheet sheet, TokenCheck? signature) => new(sheet, signature, Now);

    public async Task OnGetAsync(CancellationToken cancellationToken)
    {
        var shown = new List<ShownExchange>();
        foreach (var exchange in State.Exchanges)
        {
            shown.Add(new(shown.Count + 1, exchange, Client.ClientId, await ReferenceOfAsync(exchange, cancellationToken)));
        }

        Exchanges = shown;
        if (Stopped is { } key)
        {
            Problems = [Words[key]];
        }
    }

    public Task<IActionResult> OnPostBeginAsync(CancellationToken cancellationToken) =>
        sendOff.GoAsync(HttpContext, Trial, Client.Settings, [.. Signed()], cancellationToken);

    public Task<IActionResult> OnPostRefreshAsync(CancellationToken cancellationToken) => DoAsync(TrialAction.Refresh, cancellationToken);

    public Task<IActionResult> OnPostIntrospectAsync(CancellationToken cancellationToken) => DoAsync(TrialAction.Introspect, cancellationToken);

    public Task<IActionResult> OnPostRevokeAsync(CancellationToken cancellationToken) => DoAsync(TrialAction.Revoke, cancellationToken);

    public async Task<IActionResult> OnPostForgetAsync(CancellationToken cancellationToken)
    {
        await runs.ForgetAsync(Trial, cancellationToken);
        return new SeeOther(AddressOf(TrialUrls.Page, "forgotten"));
    }

    private async Task<IActionResult> DoAsync(TrialAction action, CancellationToken cancellationToken) =>
        await actions.DoAsync(Trial, Client.Settings, action, Signed().FirstOrDefault(), cancellationToken) switch
        {
            TrialMove.Moved moved => new SeeOther($"{TrialUrls.Run(moved.Trial)}#step-{moved.Trial.State.Exchanges.Count}"),
            TrialMove.Refused refused => new SeeOther(TrialUrls.Run(Trial, refused.Problem)),
            TrialMove.Missed => new SeeOther(TrialUrls.Run(Trial, "missed")),
            var other => throw new UnreachableException($"Unmapped move {other}."),
        };

    private AssertionField Field(string id, string labelKey) => new(id, labelKey, TrialAssertion.For(Client.Settings, parts.Installation, Now));

    private IEnumerable<string> Signed() => Assertions.OfType<string>().Select(assertion => assertion.Trim()).Where(assertion => assertion.Length is > 0 and <= LongestAssertion);

    // A protocol answer carries no reference of ours: the failure is found by the endpoint and the moment, and by nothing when that leaves a doubt.
    private async Task<string?> ReferenceOfAsync(TrialExchange exchange, CancellationToken cancellationToken)
    {
        if (exchange.Error is null || exchange.ByBrowser)
        {
            return null;
        }

        var end = exchange.At + TimeSpan.FromMilliseconds(exchange.Milliseconds ?? 0) + Around;
        var near = (await history.FailuresAsync(Client.RowId, new FailureQuery(), RecentFailures, cancellationToken)).Failures
            .Where(failure => failure.At >= exchange.At - Around && failure.At <= end && exchange.Address.EndsWith(failure.Endpoint, StringComparison.Ordinal))
            .Select(failure => failure.Id).ToList();
        return near.Count == 1 ? near[0] : null;
    }

    private static TokenSheet? Sheet(string? token) => TokenSheet.TryOpen(token, out var sheet) ? sheet : null;
}

/// <summary>Where and when the page is.</summary>
internal sealed record RunModelParts(Installation Installation, TimeProvider Clock);
