using IdentityServer.Clients;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Trials;

/// <summary>What can be done with the tokens of a run, as often as somebody wishes to see it.</summary>
internal enum TrialAction
{
    /// <summary>Trades the refresh token (RFC 6749 §6).</summary>
    Refresh,

    /// <summary>Asks what the access token is good for (RFC 7662).</summary>
    Introspect,

    /// <summary>Ends the refresh token, or else the access token (RFC 7009).</summary>
    Revoke,
}

/// <summary>What a client does with its tokens.</summary>
internal sealed class TrialActions(TrialHttp http, TrialRuns runs, TrialSecrets secrets, TrialTokensReader reader)
{
    /// <summary>The most exchanges that a run keeps: what comes after must be a run of its own.</summary>
    public const int MostExchanges = 30;

    /// <summary>What the client of a run can do now.</summary>
    public static IReadOnlyList<TrialAction> Possible(TrialState state, ClientSettings client)
    {
        if (state is not { Step: TrialStep.Done, Tokens: { } tokens } || state.Exchanges.Count >= MostExchanges)
        {
            return [];
        }

        var actions = new List<TrialAction>();
        if (tokens.RefreshToken is not null)
        {
            actions.Add(TrialAction.Refresh);
        }

        // RFC 7662 §2.1: whoever asks must prove who they are.
        if (!client.IsPublic)
        {
            actions.Add(TrialAction.Introspect);
        }

        actions.Add(TrialAction.Revoke);
        return actions;
    }

    /// <summary>Does one.</summary>
    /// <param name="trial">The run.</param>
    /// <param name="client">The client as it is now.</param>
    /// <param name="action">Which.</param>
    /// <param name="assertion">What the owner signed for it; null when nothing was.</param>
    /// <param name="cancellationToken">Stops.</param>
    public async Task<TrialMove> DoAsync(Trial trial, ClientSettings client, TrialAction action, string? assertion, CancellationToken cancellationToken)
    {
        if (!Possible(trial.State, client).Contains(action))
        {
            return new TrialMove.Missed();
        }

        await using var access = await secrets.OpenAsync(client, assertion, cancellationToken);
        if (access.Problem is { } problem)
        {
            return new TrialMove.Refused(problem);
        }

        if (await runs.ReplaceAsync(trial, trial.State with { Step = TrialStep.Working }, cancellationToken) is not { } claimed)
        {
            return new TrialMove.Missed();
        }

        var response = await http.SendAsync(RequestOf(action, access, claimed.State.Tokens!), cancellationToken);
        var next = action == TrialAction.Refresh
            ? await RefreshedAsync(claimed.State, client, response, cancellationToken)
            : claimed.State.With(response) with { Step = TrialStep.Done };
        return await runs.ReplaceAsync(claimed, next, cancellationToken) is { } put ? new TrialMove.Moved(put) : new TrialMove.Missed();
    }

    // A new id_token must be about the same person (OpenID Connect Core §12.2).
    private Task<TrialState> RefreshedAsync(TrialState state, ClientSettings client, TrialExchange response, CancellationToken cancellationToken) => reader.ReadAsync(
        state with { Checks = response.Succeeded ? [] : state.Checks },
        client,
        response,
        new(Subject: TokenSheet.TryOpen(state.Tokens!.IdToken, out var before) ? before.Subject : null),
        cancellationToken);

    private static TrialRequest RequestOf(TrialAction action, TrialAccess access, TrialTokens tokens) => action switch
    {
        TrialAction.Refresh => access.Request(
            "refresh", "/connect/token", new("grant_type", ClientGrantTypes.RefreshToken), new("refresh_token", tokens.RefreshToken!)),
        TrialAction.Introspect => access.Request(
            "introspect", "/connect/introspect", new("token", tokens.AccessToken), new("token_type_hint", "access_token")),
        TrialAction.Revoke when tokens.RefreshToken is { } refresh => access.Request(
            "revoke", "/connect/revoke", new("token", refresh), new("token_type_hint", "refresh_token")),
        TrialAction.Revoke => access.Request("revoke", "/connect/revoke", new("token", tokens.AccessToken), new("token_type_hint", "access_token")),
        _ => throw new ArgumentOutOfRangeException(nameof(action), action, "There is no such action."),
    };
}
