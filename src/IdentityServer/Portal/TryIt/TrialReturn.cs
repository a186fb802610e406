using IdentityServer.Ownership;
using IdentityServer.Sessions;
using IdentityServer.Trials;
using IdentityServer.Users;

namespace IdentityServer.Portal.TryIt;

/// <summary>Takes what a browser brings back, if it is the answer that a run of this browser waits for.</summary>
internal sealed class TrialReturn(TrialRuns runs, TrialFlow flow, ClientAccess clients, UserDirectory users)
{
    /// <summary>Finishes the run.</summary>
    /// <returns>Null when the answer is none of a live run of this browser, or the run's owner is none any more: nothing happened then.</returns>
    public async Task<Trial?> TakeAsync(HandleCookie browser, TrialAnswer answer, CancellationToken cancellationToken)
    {
        if (await runs.FindAsync(browser.Id, cancellationToken) is not { } trial
            || !browser.Matches(trial.State.BrowserHash)
            || !trial.State.IsAnsweredBy(answer.State))
        {
            return null;
        }

        // As it is now: whoever lost the client on the way, or the account, gets nothing more of it.
        if (await users.FindAsync(trial.UserId, cancellationToken) is not { } owner
            || await clients.FindAsync(new Actor.Person(owner), trial.State.ClientId, cancellationToken) is not { } client
            || client.RowId != trial.ClientRowId)
        {
            return null;
        }

        return await flow.FinishAsync(trial, client.Settings, answer, cancellationToken) is TrialMove.Missed ? null : trial;
    }
}
