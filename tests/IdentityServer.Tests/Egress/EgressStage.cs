using IdentityServer.Egress;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Egress;

/// <summary>A client's site that the internet knows as <see cref="ClientSite.Host"/>, and our client towards it, under a clock to turn.</summary>
internal sealed class EgressStage : IAsyncDisposable
{
    private EgressStage(ClientSite site, bool development, string[] allowed)
    {
        Site = site;
        Network.Name(ClientSite.Host, StagedNetwork.Public.ToString());
        Network.Lead(StagedNetwork.Public, 443, site.Port);
        Client = new EgressClient(
            new EgressPolicy(new EgressOptions { AllowedHosts = [.. allowed.Select(host => host.Replace("{port}", $"{site.Port}", StringComparison.Ordinal))] }, development),
            Network, new EgressTrust(site.Roots), Clock);
    }

    public ClientSite Site { get; }

    public StagedNetwork Network { get; } = new();

    public FakeTimeProvider Clock { get; } = new(new DateTimeOffset(2026, 3, 2, 9, 0, 0, TimeSpan.Zero));

    public EgressClient Client { get; }

    public static async Task<EgressStage> OpenAsync(RequestDelegate? answer = null, bool development = false, params string[] allowed) =>
        new(await ClientSite.StartAsync(answer ?? ClientSite.Answer("{}")), development, allowed);

    /// <summary>Fetches as a key set.</summary>
    /// <param name="address">Left out, the site's on the open internet. <c>{port}</c> is the port at which the site listens.</param>
    /// <param name="rules">Others, if not a key set's.</param>
    public Task<EgressAnswer> GetAsync(string address = $"https://{ClientSite.Host}/keys?secret=hush", EgressRules? rules = null) => Client.GetAsync(
        new Uri(address.Replace("{port}", $"{Site.Port}", StringComparison.Ordinal)), rules ?? EgressRules.KeySet, TestContext.Current.CancellationToken);

    public ValueTask DisposeAsync() => Site.DisposeAsync();
}
