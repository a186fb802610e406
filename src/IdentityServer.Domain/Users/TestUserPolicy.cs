namespace IdentityServer.Domain.Users;

/// <summary>The constants of test users.</summary>
public static class TestUserPolicy
{
    /// <summary>Test users of one client at most: enough for tests that run side by side, too few to fill anything.</summary>
    public const int MostPerClient = 50;

    /// <summary>How long a mail to a test user can be read: a run of tests reads it at once, and a person within the day.</summary>
    public static readonly TimeSpan MailKept = TimeSpan.FromDays(1);
}
