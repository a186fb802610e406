using IdentityServer.Domain.Sessions;
using IdentityServer.Storage.Entities;

namespace IdentityServer.SignIn.Access;

/// <summary>Who is signed in, on a page that asks for it.</summary>
internal sealed record SignedIn(User User, AuthenticationSession Session)
{
    /// <summary>Whether what is sensitive may be done still.</summary>
    public bool IsFresh(TimeProvider clock)
    {
        ArgumentNullException.ThrowIfNull(clock);
        return SessionPolicy.IsFresh(Session.AuthenticatedAt, clock.GetUtcNow());
    }

    /// <summary>To both steps once more, and back to the page under way: for a page of which only a part is sensitive.</summary>
    public static SeeOther Again(HttpContext context) => new(ReturnRequest.ToPage(context).SignInPage(SignInReason.Stale));

    /// <summary>Of the request under way.</summary>
    /// <exception cref="InvalidOperationException">The page is not behind <see cref="RequireSignIn"/>.</exception>
    public static SignedIn Of(HttpContext context) =>
        context.Features.Get<SignedIn>() ?? throw new InvalidOperationException("Nobody is known to be signed in here.");
}

/// <summary>
/// What a page does is sensitive: when the last code was consumed longer than ten minutes ago, both steps are asked for again first.
/// </summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class SensitiveAttribute : Attribute;
