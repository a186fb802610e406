using IdentityServer.SignIn.Access;

namespace IdentityServer.Account;

/// <summary>Where the pages of an account begin.</summary>
internal sealed class IndexModel : AccountPageModel
{
    public string Email => SignedIn.User.Email;

    /// <summary>The other pages.</summary>
    public IReadOnlyList<Way> Ways { get; } =
    [
        new("/account/profile", "profile.title", "profile.about"),
        new("/account/password", "new-password.title", "new-password.about"),
        new("/account/address", "address.title", "address.about"),
        new("/account/sessions", "sessions.title", "sessions.about"),
        new("/account/apps", "apps.title", "apps.about"),
        new("/portal", "home.portal", "home.portal-about"),
        new("/account/activity", "activity.title", "activity.about"),
        new("/account/data", "data.title", "data.about"),
        new("/account/delete", "deletion.title", "deletion.about"),
    ];
}

/// <summary>The way to a page.</summary>
/// <param name="Address">Its address.</param>
/// <param name="Title">The key of its name.</param>
/// <param name="About">The key of what it is for.</param>
internal sealed record Way(string Address, string Title, string About);
