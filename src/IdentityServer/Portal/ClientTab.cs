namespace IdentityServer.Portal;

/// <summary>One page of a client in the row of its pages.</summary>
/// <param name="Page">The end of its address; empty for the first.</param>
/// <param name="Title">The key of its name.</param>
internal sealed record ClientTab(string Page, string Title)
{
    /// <summary>Those that there are, in their order.</summary>
    public static IReadOnlyList<ClientTab> All { get; } =
    [
        new("", "portal.overview"),
        new("activity", "client-activity.title"),
        new(TestUsersModel.PageName, "test-users.title"),
    ];
}
