using IdentityServer.Ownership;
using IdentityServer.SignIn.Access;
using IdentityServer.Trials;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;

namespace IdentityServer.Portal.TryIt;

/// <summary>
/// Lets nobody onto a run's page but the owner who began it, and nobody through another client's. To everybody else it does not exist. A run whose
/// tokens manage clients asks for a fresh sign-in. Comes after <see cref="RequireOwner"/>, which has seen to the client.
/// </summary>
internal sealed class RequireTrial(TrialRuns runs, TimeProvider clock) : IAsyncPageFilter
{
    private const string RunValue = "run";

    public Task OnPageHandlerSelectionAsync(PageHandlerSelectedContext context) => Task.CompletedTask;

    public async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        var http = context.HttpContext;
        if (!Guid.TryParse(context.RouteData.Values[RunValue] as string, out var id)
            || http.Features.Get<OwnedClient>() is not { } client
            || await runs.FindAsync(id, http.RequestAborted) is not { } trial
            || trial.UserId != SignedIn.Of(http).User.Id
            || trial.ClientRowId != client.RowId)
        {
            context.Result = new StatusCodeResult(StatusCodes.Status404NotFound);
            return;
        }

        // As on the page of secrets: the run shows its tokens, and trades them for more.
        if (trial.State.Choices.AsksPower && !SignedIn.Of(http).IsFresh(clock))
        {
            context.Result = SignedIn.Again(http);
            return;
        }

        http.Features.Set(trial);
        await next();
    }
}
