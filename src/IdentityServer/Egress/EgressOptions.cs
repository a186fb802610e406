using IdentityServer.Settings;

namespace IdentityServer.Egress;

/// <summary>The section <c>Egress</c>: the operator's exceptions from the rule that only hosts of the open internet are asked.</summary>
internal sealed class EgressOptions : ISettings
{
    public static string Section => "Egress";

    /// <summary>Hosts, as <c>host</c> or <c>host:port</c>, whose private addresses may be reached. Exact names; there are no wildcards.</summary>
    public List<string> AllowedHosts { get; set; } = [];

    public void Check(SettingsCheck check)
    {
        for (var i = 0; i < AllowedHosts.Count; i++)
        {
            check.Require(
                AllowedHost.TryParse(AllowedHosts[i], out _),
                $"{nameof(AllowedHosts)}:{i}",
                "is not a host, or a host and a port.",
                "Give the exact host as clients write it, such as app.internal.example or app.internal.example:8443; there are no wildcards.");
        }
    }
}
