using System.Reflection;
using IdentityServer.Domain.Sessions;
using IdentityServer.Languages;
using IdentityServer.Sessions;
using IdentityServer.Users;
using Microsoft.AspNetCore.Mvc.Filters;

namespace IdentityServer.SignIn.Access;

/// <summary>
/// Lets nobody onto a page who is not signed in, and onto a sensitive one nobody whose sign-in is not fresh; shows the way to both steps
/// instead, and back.
/// </summary>
internal sealed class RequireSignIn(SessionReader sessions, UserDirectory users, TimeProvider clock) : IAsyncPageFilter
{
    public Task OnPageHandlerSelectionAsync(PageHandlerSelectedContext context) => Task.CompletedTask;

    public async Task OnPageHandlerExecutionAsync(PageHandlerExecutingContext context, PageHandlerExecutionDelegate next)
    {
        ArgumentNullException.ThrowIfNull(next);
        if (await AdmitsAsync(context))
        {
            await next();
        }
    }

    /// <summary>Whether somebody is signed in, and freshly enough. If not, the page's result is the way there.</summary>
    public async Task<bool> AdmitsAsync(PageHandlerExecutingContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var http = context.HttpContext;
        if (await sessions.CurrentAsync() is not { } session || await users.FindAsync(session.UserId, http.RequestAborted) is not { } user)
        {
            context.Result = new SeeOther(ReturnRequest.ToPage(http).SignInPage());
            return false;
        }

        var sensitive = context.HandlerInstance.GetType().GetCustomAttribute<SensitiveAttribute>() is not null;
        if (sensitive && !SessionPolicy.IsFresh(session.AuthenticatedAt, clock.GetUtcNow()))
        {
            context.Result = new SeeOther(ReturnRequest.ToPage(http).SignInPage(SignInReason.Stale));
            return false;
        }

        http.Features.Set(new SignedIn(user, session));
        PageWords.Of(http).Prefer(AccountLocale.Of(user));
        return true;
    }
}
