using IdentityServer.Domain.Users;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Users;

/// <summary>An account to be made.</summary>
/// <param name="Address">Where codes go, and the name it signs in with.</param>
/// <param name="PasswordHash">A hash that <see cref="IPasswordHasher"/> verifies; null for an account that cannot sign in yet.</param>
/// <param name="EmailVerified">Whether somebody has checked that the address is the person's.</param>
/// <param name="Claims">What clients may be told.</param>
internal sealed record NewUser(EmailAddress Address, string? PasswordHash, bool EmailVerified, StandardClaims Claims);

/// <summary>What became of an account to be made.</summary>
internal abstract record UserCreation
{
    private UserCreation()
    {
    }

    /// <summary>It is there.</summary>
    public sealed record Created(User User) : UserCreation;

    /// <summary>Another account has the address; nothing was changed.</summary>
    public sealed record AddressTaken : UserCreation;
}
