namespace IdentityServer.Tests.Api;

/// <summary>Whose an operation is, or a page, or what is posted to it.</summary>
internal enum Whose
{
    /// <summary>Everybody's who has a token.</summary>
    Everybody,

    /// <summary>Every person's.</summary>
    People,

    /// <summary>Of those who may manage the client.</summary>
    Managers,

    /// <summary>Of the people among them.</summary>
    Owners,

    /// <summary>Of the one owner who began it.</summary>
    Beginner,

    /// <summary>Of the one who was invited: in these tests the co-owner, who is none yet.</summary>
    Invited,

    /// <summary>Administrators'.</summary>
    Administrators,
}
