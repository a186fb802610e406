using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IdentityServer.Egress;

/// <summary>
/// Whose certificates are believed: the machine's authorities. Code can put others in their place, and only tests do; no setting can.
/// </summary>
/// <param name="roots">What to believe instead; null for the machine's authorities.</param>
internal sealed class EgressTrust(X509Certificate2Collection? roots = null)
{
    private static readonly Oid ServerAuthentication = new("1.3.6.1.5.5.7.3.1");

    /// <summary>
    /// How the other side's chain is checked. A certificate can name addresses of issuers and of revocation lists, and the other side
    /// writes what it likes there: fetching them would be a way round every rule of this room, so that neither is done.
    /// </summary>
    public X509ChainPolicy Policy()
    {
        var policy = new X509ChainPolicy { RevocationMode = X509RevocationMode.NoCheck, DisableCertificateDownloads = true };
        policy.ApplicationPolicy.Add(ServerAuthentication);
        if (roots is not null)
        {
            policy.TrustMode = X509ChainTrustMode.CustomRootTrust;
            policy.CustomTrustStore.AddRange(roots);
        }

        return policy;
    }
}
