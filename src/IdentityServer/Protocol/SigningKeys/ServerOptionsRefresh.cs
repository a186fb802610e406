using Microsoft.Extensions.Options;
using Microsoft.Extensions.Primitives;
using OpenIddict.Server;

namespace IdentityServer.Protocol.SigningKeys;

/// <summary>Has OpenIddict's options made anew when what they are made from has changed: the keys, or an issuer that was not known yet.</summary>
internal sealed class ServerOptionsRefresh : IOptionsChangeTokenSource<OpenIddictServerOptions>
{
    private ConfigurationReloadToken _change = new();

    public string Name => Options.DefaultName;

    public IChangeToken GetChangeToken() => Volatile.Read(ref _change);

    /// <summary>The options that requests see from now on are new ones.</summary>
    public void Trigger() => Interlocked.Exchange(ref _change, new ConfigurationReloadToken()).OnReload();
}
