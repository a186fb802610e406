using IdentityServer.Sessions;
using IdentityServer.Storage.Entities;
using IdentityServer.Users;

namespace IdentityServer.SignIn;

/// <summary>Who is signed in at the browser that asks, with the account.</summary>
internal sealed class SignedInAs(SessionReader sessions, UserDirectory users)
{
    /// <summary>The account; null when nobody is signed in.</summary>
    public async Task<User?> UserAsync(CancellationToken cancellationToken) =>
        await sessions.CurrentAsync() is { } session ? await users.FindAsync(session.UserId, cancellationToken) : null;
}
