using IdentityServer.Clients;

namespace IdentityServer.Portal.Approval;

/// <summary>What people would be shown of a client that is approved, and where they would be sent.</summary>
/// <param name="Client">The client.</param>
/// <param name="Logo">Where its logo is; null when it has none.</param>
internal sealed record ShownClient(ClientSettings Client, string? Logo)
{
    /// <summary>Its links: the key of what each is, and the address.</summary>
    public IReadOnlyList<(string Key, string Address)> Links => [.. new (string Key, string? Address)[]
        {
            ("portal.field.client_uri", Client.ClientUri),
            ("portal.field.policy_uri", Client.PolicyUri),
            ("portal.field.tos_uri", Client.TosUri),
            ("portal.field.initiate_login_uri", Client.InitiateLoginUri),
            ("portal.field.frontchannel_logout_uri", Client.Metadata.FrontchannelLogoutUri),
        }.Where(link => link.Address is not null).Select(link => (link.Key, link.Address!))];
}
