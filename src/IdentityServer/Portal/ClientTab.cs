using IdentityServer.Domain.Clients;

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
        new("try", "trial.title"),
        new("snippets", "snippets.title"),
        new("activity", "client-activity.title"),
        new(FailureLinks.List, "client-failures.title"),
        new(TestUsersModel.PageName, "test-users.title"),
        new("settings", "portal.settings"),
        new("secrets", "portal.secrets") { Has = client => client.HasSecret },
        new("keys", "portal.keys") { Has = client => client.HasKeys || client.TokenEndpointAuthMethod == ClientAuthenticationMethods.PrivateKeyJwt },
        new("owners", "portal.owners"),
        new("approval", "portal.approval") { Has = client => client.RedirectUris.Count > 0 },
    ];

    /// <summary>Which clients the page is shown for; the others reach it by its address alone.</summary>
    public Func<ClientMetadata, bool> Has { get; init; } = static _ => true;
}
