using IdentityServer.Ownership;
using IdentityServer.SignIn.Access;
using IdentityServer.Trials;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;

namespace IdentityServer.Portal.TryIt;

/// <summary>
/// Lets nobody onto a run's page but the owner who began it, and nobody through another client's. To everybody else it does not exist. Comes
/// after <see cref="RequireOwner"/>, which has seen to the client.
/// </summary>
internal sealed class RequireTrial(TrialRuns runs) : IAsyncPageFilter
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

        http.Features.Set(trial);
        await next();
    }
}
