using System.Diagnostics;
using IdentityServer.Clients;
using IdentityServer.Ownership;
using IdentityServer.Sessions;
using IdentityServer.SignIn;
using IdentityServer.SignIn.Access;
using IdentityServer.Trials;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal.TryIt;

/// <summary>Sends a run off and the browser with it.</summary>
internal sealed class TrialSendOff(TrialFlow flow, TimeProvider clock)
{
    /// <summary>
    /// Begins a run, and sends it off at once unless its owner must sign something first. One that manages clients is begun with a fresh
    /// sign-in only.
    /// </summary>
    /// <returns>Null when the owner has begun too many.</returns>
    public async Task<IActionResult?> BeginAsync(HttpContext context, OwnedClient client, Guid userId, TrialChoices choices, CancellationToken cancellationToken) =>
        choices.AsksPower && !SignedIn.Of(context).IsFresh(clock) ? SignedIn.Again(context)
        : await flow.PrepareAsync(client.Settings, userId, choices, cancellationToken) is not TrialBegun.Added { Trial: var trial } ? null
        : TrialFlow.AssertionsNeeded(client.Settings, choices) > 0 ? new SeeOther(TrialUrls.Run(trial))
        : await GoAsync(context, trial, client.Settings, [], cancellationToken);

    /// <summary>What the browser is told to do next.</summary>
    public async Task<IActionResult> GoAsync(
        HttpContext context, Trial trial, ClientSettings client, IReadOnlyList<string> assertions, CancellationToken cancellationToken)
    {
        var browser = HandleCookie.Create(trial.Id);
        switch (await flow.SendOffAsync(trial, client, assertions, browser, cancellationToken))
        {
            case TrialMove.Moved { Trial.State.AuthorizeAddress: { } away }:
                TrialCookie.Remember(context, browser);
                return new SeeOther(away);
            case TrialMove.Moved:
                return new SeeOther(TrialUrls.Run(trial));
            case TrialMove.Refused refused:
                return new SeeOther(TrialUrls.Run(trial, refused.Problem));
            case TrialMove.Missed:
                return new SeeOther(TrialUrls.Run(trial, "missed"));
            case var other:
                throw new UnreachableException($"Unmapped move {other}.");
        }
    }
}
