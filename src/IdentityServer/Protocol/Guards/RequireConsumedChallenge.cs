using System.Security.Claims;
using IdentityServer.Audit;
using IdentityServer.Domain.Clients;
using IdentityServer.Sessions;
using IdentityServer.Storage;
using IdentityServer.Storage.Operations;
using OpenIddict.Abstractions;
using OpenIddict.Server;
using static OpenIddict.Abstractions.OpenIddictConstants;
using static OpenIddict.Server.OpenIddictServerEvents;
using static OpenIddict.Server.OpenIddictServerHandlers;

namespace IdentityServer.Protocol.Guards;

/// <summary>
/// Guard 1: nothing is signed in unless an open session of that very user stands behind it, which descends from a consumed one-time code
/// (I1), and unless a test user's sign-in is for the very client that it tests. Default deny. It reads the session from what was authenticated (the code, the refresh token, the session cookie), never from the
/// principal that our own code built, so that a mistake there cannot become a token.
/// </summary>
internal sealed class RequireConsumedChallenge(
    SignInProofOperations proofs, SessionReader sessions, AuditTrail audit, IdentityServerDbContext db, TimeProvider clock)
    : IOpenIddictServerHandler<ProcessSignInContext>
{
    public static OpenIddictServerHandlerDescriptor Descriptor { get; } =
        OpenIddictServerHandlerDescriptor.CreateBuilder<ProcessSignInContext>()
            .UseScopedHandler<RequireConsumedChallenge>()
            .SetOrder(ValidateSignInDemand.Descriptor.Order + 500)
            .SetType(OpenIddictServerHandlerType.Custom)
            .Build();

    public async ValueTask HandleAsync(ProcessSignInContext context)
    {
        ArgumentNullException.ThrowIfNull(context);
        var principal = context.Principal ?? throw new InvalidOperationException("There is nothing to sign in.");
        if (SpeaksForNobody(context, principal))
        {
            new SignInStamp(null, null).PutOn(context.Transaction);
            return;
        }

        if (SpeaksForTheClientItself(context, principal))
        {
            new SignInStamp(context.ClientId, null).PutOn(context.Transaction);
            return;
        }

        var (userId, sessionId) = await AuthenticatedSourceAsync(context);
        if (userId is { } user && sessionId is { } session
            && string.Equals(principal.GetClaim(Claims.Subject), user.ToString("D"), StringComparison.Ordinal)
            && await proofs.HoldsAsync(session, user, context.ClientId, clock.GetUtcNow(), context.CancellationToken))
        {
            new SignInStamp(user.ToString("D"), session).PutOn(context.Transaction);
            return;
        }

        audit.Add(AuditEvents.SignInRefused, new(userId, context.ClientId, sessionId));
        await db.SaveChangesAsync(context.CancellationToken);
        context.Reject(
            context.EndpointType is OpenIddictServerEndpointType.Token ? Errors.InvalidGrant : Errors.LoginRequired,
            "The sign-in that this request builds on has ended. Sign in again.");
    }

    // OpenIddict itself forbids a subject here (ValidateSignInDemand): a request is being stored, nobody is being signed in.
    private static bool SpeaksForNobody(ProcessSignInContext context, ClaimsPrincipal principal) =>
        (context.EndpointType is OpenIddictServerEndpointType.PushedAuthorization
            || (context.EndpointType is OpenIddictServerEndpointType.Authorization && string.IsNullOrEmpty(context.Request.RequestUri)))
        && principal.Identity is { IsAuthenticated: false }
        && !principal.HasClaim(Claims.Subject);

    private static bool SpeaksForTheClientItself(ProcessSignInContext context, ClaimsPrincipal principal) =>
        context.EndpointType is OpenIddictServerEndpointType.Token
        && context.Request.IsClientCredentialsGrantType()
        && ClientIdentifier.IsWellFormed(context.ClientId)
        && string.Equals(principal.GetClaim(Claims.Subject), context.ClientId, StringComparison.Ordinal);

    private async Task<(Guid? UserId, Guid? SessionId)> AuthenticatedSourceAsync(ProcessSignInContext context)
    {
        if (context.EndpointType is OpenIddictServerEndpointType.Authorization)
        {
            var session = await sessions.CurrentAsync();
            return (session?.UserId, session?.Id);
        }

        if (context.EndpointType is not OpenIddictServerEndpointType.Token)
        {
            return (null, null);
        }

        var authentication = context.Transaction.GetProperty<ProcessAuthenticationContext>(typeof(ProcessAuthenticationContext).FullName!);
        var source = context.Request.IsAuthorizationCodeGrantType() ? authentication?.AuthorizationCodePrincipal
            : context.Request.IsRefreshTokenGrantType() ? authentication?.RefreshTokenPrincipal
            : null;
        return (
            Guid.TryParseExact(source?.GetClaim(Claims.Subject), "D", out var userId) ? userId : null,
            Guid.TryParseExact(source?.GetClaim(SubjectPrincipal.SessionId), "N", out var sessionId) ? sessionId : null);
    }
}
