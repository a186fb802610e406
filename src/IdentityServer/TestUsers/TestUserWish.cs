using IdentityServer.Domain.Users;

namespace IdentityServer.TestUsers;

/// <summary>A test user that an owner wants.</summary>
/// <param name="Name">What it is called; the first part of its address. See <see cref="TestAddress.TryCreate"/>.</param>
/// <param name="Password">The password that it is to have, by the same rules as anybody's; null for one that is made up.</param>
/// <param name="Claims">What the client is told of it.</param>
internal sealed record TestUserWish(string? Name, string? Password, StandardClaims Claims)
{
    /// <summary>The name only: the rest is not for a log.</summary>
    public override string ToString() => $"{nameof(TestUserWish)} {Name}";
}

/// <summary>A test user, as its client's owners see it.</summary>
/// <param name="Id">Its subject.</param>
/// <param name="Email">Its address: what it signs in with.</param>
/// <param name="Claims">What the client is told of it.</param>
/// <param name="CreatedAt">When it was made.</param>
internal sealed record TestUser(Guid Id, string Email, StandardClaims Claims, DateTimeOffset CreatedAt);

/// <summary>A test user's password, at the one moment at which anybody can read it.</summary>
internal sealed class TestPassword(string value)
{
    /// <summary>The only way out; search this name to audit disclosure.</summary>
    public string Reveal() => value;

    public override string ToString() => "•••";
}

/// <summary>What became of a wish for a test user.</summary>
internal abstract record TestUserMade
{
    private TestUserMade()
    {
    }

    /// <summary>It is there, and can sign in. This is the only time that anybody can read the password.</summary>
    public sealed record Done(TestUser User, TestPassword Password) : TestUserMade;

    /// <summary>The name is empty, longer than <see cref="TestAddress.LongestName"/>, or holds more than ASCII letters, digits and dashes.</summary>
    public sealed record NameRefused : TestUserMade;

    /// <summary>The password that was given may not be chosen.</summary>
    public sealed record PasswordRefused(PasswordCheck Why) : TestUserMade;

    /// <summary>The client has <see cref="TestUserPolicy.MostPerClient"/> already: delete one first.</summary>
    public sealed record TooMany : TestUserMade;

    /// <summary>Too many passwords are being hashed: nothing was done, and in a few seconds it will likely be.</summary>
    public sealed record Busy : TestUserMade;

    /// <summary>The client is gone.</summary>
    public sealed record ClientGone : TestUserMade;
}
