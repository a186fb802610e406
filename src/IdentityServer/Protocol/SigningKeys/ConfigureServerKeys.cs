using IdentityServer.Settings;
using Microsoft.Extensions.Options;
using OpenIddict.Server;

namespace IdentityServer.Protocol.SigningKeys;

/// <summary>Gives OpenIddict the ring's keys and the installation's issuer. Those that sign come first: OpenIddict takes the first that fits.</summary>
internal sealed class ConfigureServerKeys(SigningKeyRing ring, Installation installation) : IConfigureOptions<OpenIddictServerOptions>
{
    public void Configure(OpenIddictServerOptions options)
    {
        var keys = ring.Current;
        options.SigningCredentials.AddRange(keys.Signers);
        options.SigningCredentials.AddRange(keys.Others);
        options.EncryptionCredentials.Add(keys.Encryption);

        // Not known before the server listens on a port of the system's choosing; then the options are made anew.
        options.Issuer ??= installation.KnownIssuer;
    }
}
