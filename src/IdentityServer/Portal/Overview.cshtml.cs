using IdentityServer.Settings;

namespace IdentityServer.Portal;

/// <summary>What an application needs to know, and how it stands.</summary>
internal sealed class OverviewModel(Installation installation) : ClientPageModel
{
    /// <summary>Our issuer.</summary>
    public string Issuer => installation.Issuer.AbsoluteUri;
}
