using System.Buffers.Text;
using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Sessions;
using IdentityServer.Settings;

namespace IdentityServer.Trials;

/// <summary>What became of a step of a run.</summary>
internal abstract record TrialMove
{
    private TrialMove()
    {
    }

    /// <summary>The run went on; what happened stands in it, errors too.</summary>
    public sealed record Moved(Trial Trial) : TrialMove;

    /// <summary>Nothing was sent: the client cannot prove itself. The end of the key of the text that says why.</summary>
    public sealed record Refused(string Problem) : TrialMove;

    /// <summary>The run is not where this step begins: somebody was first, or it is over.</summary>
    public sealed record Missed : TrialMove;
}

/// <summary>
/// The client's side of a sign-in, by the client's own settings: over HTTP, believing nothing that it has not checked. That the server it calls
/// is the one it runs in gives it no other way in. A step is claimed before anything is sent, so that none is taken twice.
/// </summary>
internal sealed class TrialFlow(TrialHttp http, TrialRuns runs, TrialSecrets secrets, TrialTokensReader reader, TrialFlowParts parts)
{
    private const string AuthorizePath = "/connect/authorize";
    private const string ParPath = "/connect/par";
    private const string TokenPath = "/connect/token";
    private const int SecretBytes = 32;

    /// <summary>Makes a run that waits to be sent off.</summary>
    /// <param name="client">The client.</param>
    /// <param name="userId">The owner.</param>
    /// <param name="choices">What is to be tried; the client may have all of it.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<TrialBegun> PrepareAsync(ClientSettings client, Guid userId, TrialChoices choices, CancellationToken cancellationToken) => runs.AddAsync(
        client,
        userId,
        new() { ClientId = client.ClientId, Choices = choices, State = Secret(), Nonce = Secret(), Verifier = Secret() },
        cancellationToken);

    /// <summary>How many assertions a client with a key needs for the way to its tokens.</summary>
    public static int AssertionsNeeded(ClientSettings client, TrialChoices choices) =>
        client.TokenEndpointAuthMethod != ClientAuthenticationMethods.PrivateKeyJwt ? 0 : choices.Pushed ? 2 : 1;

    /// <summary>Sends a run off: a sign-in to the authorization endpoint, a client that acts for itself to the token endpoint.</summary>
    /// <param name="trial">The run.</param>
    /// <param name="client">The client as it is now.</param>
    /// <param name="assertions">What the owner signed, one for each request that needs one.</param>
    /// <param name="browser">Points the browser to the run.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<TrialMove> SendOffAsync(
        Trial trial, ClientSettings client, IReadOnlyList<string> assertions, HandleCookie browser, CancellationToken cancellationToken)
    {
        if (assertions.Count < AssertionsNeeded(client, trial.State.Choices))
        {
            return new TrialMove.Refused("no-assertion");
        }

        var signIn = trial.State.Choices.Grant == ClientGrantTypes.AuthorizationCode;
        if (!signIn || trial.State.Choices.Pushed)
        {
            await using var access = await secrets.OpenAsync(client, assertions.Count > 0 ? assertions[0] : null, cancellationToken);
            return access.Problem is { } problem ? new TrialMove.Refused(problem)
                : await ClaimAsync(trial, TrialStep.Prepared, cancellationToken) is not { } claimed ? new TrialMove.Missed()
                : signIn ? await PushAsync(claimed, access, [.. assertions.Skip(1)], browser, cancellationToken)
                : await AskForItselfAsync(claimed, client, access, cancellationToken);
        }

        return trial.State.Step == TrialStep.Prepared
            ? await PutAsync(trial, Away(trial.State with { Assertions = assertions, BrowserHash = browser.Hash }, AuthorizationRequest(trial.State)), cancellationToken)
            : new TrialMove.Missed();
    }

    /// <summary>Takes the authorization endpoint's answer, once, and goes on to the tokens.</summary>
    /// <param name="trial">A run whose <c>state</c> and browser the answer was found to have.</param>
    /// <param name="client">The client as it is now.</param>
    /// <param name="answer">What the browser brought.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<TrialMove> FinishAsync(Trial trial, ClientSettings client, TrialAnswer answer, CancellationToken cancellationToken)
    {
        var sent = trial.State;
        var used = sent with { State = null, Nonce = null, Verifier = null, AuthorizeAddress = null, Assertions = [], Step = TrialStep.Working };
        var brought = answer.Exchange(parts.Installation.TrialCallback, parts.Clock.GetUtcNow());
        if (sent.Step != TrialStep.Away || await runs.ReplaceAsync(trial, used.With(brought), cancellationToken) is not { } claimed)
        {
            return new TrialMove.Missed();
        }

        // An answer of another server must not be traded here, nor the other way round (RFC 9207 §2.4).
        var ours = answer.Issuer == parts.Installation.Issuer.AbsoluteUri;
        IReadOnlyList<TokenCheck> checks = [new("state", true), new("answer-issuer", ours, answer.Issuer ?? "")];
        var error = answer.Error ?? (!ours ? TrialErrors.OtherIssuer : string.IsNullOrEmpty(answer.Code) ? TrialErrors.Empty : null);
        if (error is not null)
        {
            return await PutAsync(claimed, used.With(brought with { Error = error }) with { Step = TrialStep.Failed, Checks = checks }, cancellationToken);
        }

        await using var access = await secrets.OpenAsync(client, sent.Assertions.Count > 0 ? sent.Assertions[0] : null, cancellationToken);
        if (access.Problem is { } problem)
        {
            await PutAsync(claimed, claimed.State with { Step = TrialStep.Failed, Checks = checks, Problem = problem }, cancellationToken);
            return new TrialMove.Refused(problem);
        }

        var response = await http.SendAsync(
            access.Request(
                "token",
                TokenPath,
                new("grant_type", ClientGrantTypes.AuthorizationCode), new("code", answer.Code!), new("redirect_uri", parts.Installation.TrialCallback),
                new("code_verifier", sent.Verifier!)),
            cancellationToken);
        var expected = new TokenExpectations(sent.Nonce, sent.Choices.MaxAge);
        return await PutAsync(claimed, await reader.ReadAsync(claimed.State with { Checks = checks }, client, response, expected, cancellationToken), cancellationToken);
    }

    private async Task<TrialMove> AskForItselfAsync(Trial trial, ClientSettings client, TrialAccess access, CancellationToken cancellationToken)
    {
        var scopes = trial.State.Choices.Scopes;
        IReadOnlyList<TrialField> wish = scopes.Count > 0 ? [new("scope", string.Join(' ', scopes))] : [];
        var response = await http.SendAsync(
            access.Request("client-token", TokenPath, [new("grant_type", ClientGrantTypes.ClientCredentials), .. wish]), cancellationToken);
        return await PutAsync(trial, await reader.ReadAsync(trial.State, client, response, new(), cancellationToken), cancellationToken);
    }

    private async Task<TrialMove> PushAsync(
        Trial trial, TrialAccess access, IReadOnlyList<string> assertions, HandleCookie browser, CancellationToken cancellationToken)
    {
        var request = AuthorizationRequest(trial.State);
        var pushed = await http.SendAsync(access.Request("par", ParPath, [.. request.Where(field => field.Name != "client_id")]), cancellationToken);
        var state = trial.State.With(pushed);
        return pushed.Succeeded && pushed.Text("request_uri") is { } uri
            ? await PutAsync(
                trial,
                Away(
                    state with { Assertions = assertions, BrowserHash = browser.Hash },
                    [new("client_id", state.ClientId), new("request_uri", uri)]),
                cancellationToken)
            : await PutAsync(trial, state with { Step = TrialStep.Failed }, cancellationToken);
    }

    private TrialState Away(TrialState state, IReadOnlyList<TrialField> parameters) => state.With(new TrialExchange
    {
        Name = "authorize",
        Method = HttpMethods.Get,
        Address = new Uri(parts.Installation.Issuer, AuthorizePath).AbsoluteUri,
        ByBrowser = true,
        Parameters = parameters,
        At = parts.Clock.GetUtcNow(),
    }) with
    {
        Step = TrialStep.Away,
        AuthorizeAddress = AuthorizePath + QueryString.Create(parameters.Select(field => KeyValuePair.Create(field.Name, (string?)field.Value))),
    };

    private List<TrialField> AuthorizationRequest(TrialState state)
    {
        var (choices, challenge) = (state.Choices, Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(state.Verifier!))));
        List<(string Name, string? Value)> all =
        [
            ("client_id", state.ClientId), ("response_type", "code"), ("redirect_uri", parts.Installation.TrialCallback),
            ("scope", choices.Scopes.Count > 0 ? string.Join(' ', choices.Scopes) : null), ("state", state.State), ("nonce", state.Nonce),
            ("code_challenge", challenge), ("code_challenge_method", "S256"), ("prompt", choices.Prompt),
            ("max_age", choices.MaxAge?.ToString(CultureInfo.InvariantCulture)), ("login_hint", choices.LoginHint), ("claims", choices.Claims),
            ("response_mode", choices.ResponseMode),
        ];
        return [.. all.Where(field => field.Value is not null).Select(field => new TrialField(field.Name, field.Value!))];
    }

    private async Task<Trial?> ClaimAsync(Trial trial, TrialStep from, CancellationToken cancellationToken) => trial.State.Step == from
        ? await runs.ReplaceAsync(trial, trial.State with { Step = TrialStep.Working }, cancellationToken)
        : null;

    private async Task<TrialMove> PutAsync(Trial trial, TrialState next, CancellationToken cancellationToken) =>
        await runs.ReplaceAsync(trial, next, cancellationToken) is { } put ? new TrialMove.Moved(put) : new TrialMove.Missed();

    private static string Secret() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(SecretBytes));
}

/// <summary>Where and when a run is.</summary>
internal sealed record TrialFlowParts(Installation Installation, TimeProvider Clock);
