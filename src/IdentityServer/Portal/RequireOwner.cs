using System.Reflection;
using IdentityServer.Languages;
using IdentityServer.Ownership;
using IdentityServer.Pages;
using IdentityServer.SignIn.Access;
using Microsoft.AspNetCore.Mvc;
using Microsoft.AspNetCore.Mvc.Filters;

namespace IdentityServer.Portal;

/// <summary>
/// Lets nobody onto a page of the portal who is not signed in as a person, onto a page about a client nobody but its owners, and onto an
/// administrator's page nobody but administrators. Whoever may not see a client is told what is told of one that does not exist.
/// </summary>
internal sealed class RequireOwner(RequireSignIn signIn, ClientAccess clients) : IAsyncPageFilter
{
    /// <summary>The name of the route's value that names a client.</summary>
    public const string ClientIdValue = "clientId";

    public Task OnPageHandlerSelectionAsync(PageHandlerSelectedContext context) => Task.CompletedTask;

    public async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(next);
        if (!await signIn.AdmitsAsync(context))
        {
            return;
        }

        if (await StatusForAsync(context) is { } refused)
        {
            context.Result = new StatusCodeResult(refused);
            return;
        }

        await next();
    }

    private async Task<int?> StatusForAsync(PageHandlerExecutingContext context)
    {
        var http = context.HttpContext;
        var user = SignedIn.Of(http).User;
        if (user.TestOfClientId is not null)
        {
            var words = PageWords.Of(http);
            http.Features.Set(new ErrorExplanation(words["error.403"], words["portal.test-user"]));
            return StatusCodes.Status403Forbidden;
        }

        if (context.HandlerInstance.GetType().GetCustomAttribute<AdministratorsOnlyAttribute>() is not null && !user.Administrator)
        {
            return StatusCodes.Status404NotFound;
        }

        if (!context.RouteData.Values.TryGetValue(ClientIdValue, out var clientId))
        {
            return null;
        }

        if (await clients.FindAsync(new Actor.Person(user), clientId as string, http.RequestAborted) is not { } client)
        {
            return StatusCodes.Status404NotFound;
        }

        http.Features.Set(client);
        return null;
    }
}

/// <summary>The page is for administrators; for everybody else it does not exist.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class AdministratorsOnlyAttribute : Attribute;
