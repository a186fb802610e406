using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using IdentityServer.Egress;

namespace IdentityServer.Tests.Egress;

/// <summary>A pinned address is still the host that was named, or nobody.</summary>
public sealed class EgressTrustTests
{
    [Fact]
    public async Task A_certificate_of_another_name_is_not_believed()
    {
        await using var stage = await EgressStage.OpenAsync();
        stage.Network.Name("other.example.com", StagedNetwork.Public.ToString());

        (await stage.GetAsync("https://other.example.com/")).ShouldBeOfType<EgressAnswer.Failed>().Reason.ShouldStartWith("TLS failed");
        stage.Site.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task A_certificate_that_nobody_vouches_for_is_not_believed()
    {
        await using var stage = await EgressStage.OpenAsync();
        var client = new EgressClient(new EgressPolicy(new EgressOptions(), development: true), stage.Network, new EgressTrust(), stage.Clock);

        (await client.GetAsync(new Uri($"https://{ClientSite.Host}/"), EgressRules.KeySet, TestContext.Current.CancellationToken))
            .ShouldBeOfType<EgressAnswer.Failed>().Reason.ShouldStartWith("TLS failed");
        stage.Site.Requests.ShouldBe(0);
    }

    [Fact]
    public async Task A_host_that_does_not_speak_TLS_is_not_asked_in_the_clear()
    {
        await using var site = await ClientSite.StartPlainAsync(ClientSite.Answer("{}"));
        var network = new StagedNetwork();
        network.Name(ClientSite.Host, StagedNetwork.Public.ToString());
        network.Lead(StagedNetwork.Public, 443, site.Port);
        var client = new EgressClient(new EgressPolicy(new EgressOptions(), development: false), network, new EgressTrust(), TimeProvider.System);

        (await client.GetAsync(new Uri($"https://{ClientSite.Host}/"), EgressRules.KeySet, TestContext.Current.CancellationToken)).ShouldBeOfType<EgressAnswer.Failed>();
        site.Requests.ShouldBe(0);
    }

    [Theory]
    [InlineData("issuer")]
    [InlineData("ocsp")]
    public async Task Addresses_that_stand_in_a_certificate_are_not_asked(string kind)
    {
        await using var named = await ClientSite.StartPlainAsync(ClientSite.Answer("", status: 404));
        var there = $"http://127.0.0.1:{named.Port}/";
        using var rootKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var root = Authority("CN=Root", rootKey).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        using var intermediateKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var intermediate = Issue(Authority("CN=Intermediate", intermediateKey), root, 1).CopyWithPrivateKey(intermediateKey);
        using var leafKey = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = ClientSite.Request(ClientSite.Host, leafKey);
        request.CertificateExtensions.Add(new X509AuthorityInformationAccessExtension(kind == "ocsp" ? [there] : [], kind == "issuer" ? [there] : []));

        // Without its issuer the chain has a gap that the address promises to fill; with it only the revocation is left to ask for.
        using var leaf = Issue(request, kind == "issuer" ? intermediate : root, 2);
        using var own = leaf.CopyWithPrivateKey(leafKey);
        await using var site = await ClientSite.StartAsync(ClientSite.Answer("{}"), X509CertificateLoader.LoadPkcs12(own.Export(X509ContentType.Pkcs12), null));
        var before = named.Requests; // the test's own server looks for its issuer, over a connection that this process may use again
        var network = new StagedNetwork();
        network.Name(ClientSite.Host, StagedNetwork.Public.ToString());
        network.Lead(StagedNetwork.Public, 443, site.Port);
        var client = new EgressClient(new EgressPolicy(new EgressOptions(), development: false), network, new EgressTrust([root]), TimeProvider.System);

        var answer = await client.GetAsync(new Uri($"https://{ClientSite.Host}/"), EgressRules.KeySet, TestContext.Current.CancellationToken);

        (answer is EgressAnswer.Answered).ShouldBe(kind == "ocsp", answer.ToString());
        named.Requests.ShouldBe(before);
    }

    private static CertificateRequest Authority(string name, ECDsa key)
    {
        var request = new CertificateRequest(name, key, HashAlgorithmName.SHA256);
        request.CertificateExtensions.Add(new X509BasicConstraintsExtension(true, false, 0, true));
        request.CertificateExtensions.Add(new X509KeyUsageExtension(X509KeyUsageFlags.KeyCertSign | X509KeyUsageFlags.CrlSign, true));
        return request;
    }

    private static X509Certificate2 Issue(CertificateRequest request, X509Certificate2 issuer, byte serial) =>
        request.Create(issuer, DateTimeOffset.UtcNow.AddHours(-1), DateTimeOffset.UtcNow.AddHours(1), [serial]);
}
