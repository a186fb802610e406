using IdentityServer.Domain.Users;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Users;

/// <summary>An account to be made.</summary>
/// <param name="Address">Where codes go, and the name it signs in with.</param>
/// <param name="PasswordHash">A hash that <see cref="IPasswordHasher"/> verifies; null for an account that cannot sign in yet.</param>
/// <param name="EmailVerified">Whether somebody has checked that the address is the person's.</param>
/// <param name="Claims">What clients may be told.</param>
internal sealed record NewUser(EmailAddress Address, string? PasswordHash, bool EmailVerified, StandardClaims Claims);

/// <summary>A test user of a client, to be made.</summary>
/// <param name="Address">A fresh one: half of it is random, so nobody has it.</param>
/// <param name="ClientRowId">The client's row.</param>
/// <param name="ClientId">The same client's <c>client_id</c>, for the audit trail.</param>
/// <param name="PasswordHash">A hash that <see cref="IPasswordHasher"/> verifies.</param>
/// <param name="Claims">What the client may be told.</param>
internal sealed record NewTestUser(TestAddress Address, string ClientRowId, string ClientId, string PasswordHash, StandardClaims Claims);

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

    /// <summary>The address lies under the domain of test users (<see cref="TestAddress.Domain"/>), which no person's account gets.</summary>
    public sealed record AddressReserved : UserCreation;
}
