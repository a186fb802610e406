using System.Text.Json;
using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using static OpenIddict.Abstractions.OpenIddictConstants;

namespace IdentityServer.Tests.Clients;

public sealed class ClientRegistryTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_was_registered_is_read_back_whole()
    {
        await using var node = await ClientsNode.StartAsync();
        var client = SomeClient.Shop with
        {
            RequirePushedAuthorizationRequests = true,
            DefaultMaxAge = 60,
            IdTokenSignedResponseAlg = "ES256",
            FirstParty = true,
            Verified = true,
            Contacts = ["ops@shop.example"],
            LogoUri = "https://shop.example/logo.png",
            SoftwareId = "shop-web",
        };

        (await node.RegisterAsync(client)).ShouldBeOfType<RegisterOutcome.Registered>();

        var read = await node.InScopeAsync(services => services.GetRequiredService<ClientRegistry>().ReadAsync("shop", Cancel));
        read!.ToJson().GetRawText().ShouldBe(((ClientMetadataVerdict.Accepted)client.Judge()).Metadata.ToJson().GetRawText());
        var settings = await node.Cache.FindSettingsAsync("shop", Cancel);
        settings.ShouldNotBeNull();
        settings.Name.ShouldBe("Shop");
        settings.FirstParty.ShouldBeTrue();
        settings.Verified.ShouldBeTrue();
        settings.RequirePar.ShouldBeTrue();
        settings.RequirePkce.ShouldBeTrue();
        settings.IdTokenSigningAlgorithm.ShouldBe("ES256");
        settings.DefaultMaxAge.ShouldBe(TimeSpan.FromMinutes(1));
        settings.AllowedScopes.ShouldBe(["openid", "email", "offline_access"], ignoreOrder: true);
    }

    [Fact]
    public async Task A_client_without_a_name_is_shown_by_its_identifier()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop with { ClientName = null });

        (await node.Cache.FindSettingsAsync("shop", Cancel))!.Name.ShouldBe("shop");
    }

    [Fact]
    public async Task A_client_gets_exactly_the_permissions_that_its_metadata_implies()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);
        await node.RegisterAsync(new ClientMetadata { ClientId = "spa", TokenEndpointAuthMethod = "none", RedirectUris = ["https://spa.example/"], Scope = "openid" });
        await node.RegisterAsync(new ClientMetadata { ClientId = "job", GrantTypes = ["client_credentials"], Scope = "orders" });

        var shop = await node.Cache.FindAsync("shop", Cancel);
        shop!.Permissions.ShouldBe(
            [
                Permissions.Endpoints.Authorization, Permissions.Endpoints.PushedAuthorization, Permissions.Endpoints.Token,
                Permissions.Endpoints.EndSession, Permissions.Endpoints.Revocation, Permissions.Endpoints.Introspection,
                Permissions.GrantTypes.AuthorizationCode, Permissions.GrantTypes.RefreshToken, Permissions.ResponseTypes.Code,
                "scp:openid", "scp:email", "scp:offline_access",
            ],
            ignoreOrder: true);
        shop.Requirements.ShouldBe([Requirements.Features.ProofKeyForCodeExchange]);
        (await node.Cache.FindAsync("spa", Cancel))!.Permissions.ShouldNotContain(Permissions.Endpoints.Introspection);
        (await node.Cache.FindAsync("job", Cancel))!.Permissions.ShouldBe(
            [Permissions.Endpoints.Token, Permissions.Endpoints.Revocation, Permissions.Endpoints.Introspection, Permissions.GrantTypes.ClientCredentials, "scp:orders"],
            ignoreOrder: true);
    }

    [Fact]
    public async Task A_secret_that_was_made_here_is_told_once_and_works()
    {
        await using var node = await ClientsNode.StartAsync();

        var registered = (await node.RegisterAsync(SomeClient.Shop with { ClientId = null, ClientSecret = null }))
            .ShouldBeOfType<RegisterOutcome.Registered>();

        registered.GeneratedSecret!.Reveal().Length.ShouldBe(43);
        ClientIdentifier.IsWellFormed(registered.Client.ClientId).ShouldBeTrue();
        (await AuthenticatesAsync(node, registered.Client.ClientId!, registered.GeneratedSecret.Reveal())).ShouldBeTrue();
        (await AuthenticatesAsync(node, registered.Client.ClientId!, registered.GeneratedSecret.Reveal() + "x")).ShouldBeFalse();
        (await HashesAsync(node, registered.Client.ClientId!)).ShouldHaveSingleItem().ShouldStartWith("1$sha256$");
    }

    [Theory]
    [InlineData(SomeClient.StrongSecret, "1$sha256$")]
    [InlineData("secret", "1$pbkdf2-sha256$")]
    public async Task A_secret_that_was_brought_along_works_and_a_weak_one_is_hashed_slowly(string secret, string prefix)
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop with { ClientSecret = SomeClient.Secret(secret) });

        (await AuthenticatesAsync(node, "shop", secret + "x")).ShouldBeFalse();
        (await AuthenticatesAsync(node, "shop", secret)).ShouldBeTrue();
        (await AuthenticatesAsync(node, "shop", secret)).ShouldBeTrue();
        (await AuthenticatesAsync(node, "shop", secret + "x")).ShouldBeFalse(); // now without the slow hash
        (await HashesAsync(node, "shop")).ShouldHaveSingleItem().ShouldStartWith(prefix);
    }

    [Fact]
    public async Task A_public_client_has_no_secret_that_could_work()
    {
        await using var node = await ClientsNode.StartAsync();
        var registered = await node.RegisterAsync(SomeClient.Shop with { ClientSecret = null, TokenEndpointAuthMethod = "none" });

        registered.ShouldBeOfType<RegisterOutcome.Registered>().GeneratedSecret.ShouldBeNull();
        (await AuthenticatesAsync(node, "shop", SomeClient.StrongSecret)).ShouldBeFalse();
    }

    [Fact]
    public async Task Metadata_that_breaks_a_rule_is_not_stored()
    {
        await using var node = await ClientsNode.StartAsync();

        (await node.RegisterAsync(SomeClient.Shop with { RedirectUris = ["http://shop.example/cb"] })).ShouldBeOfType<RegisterOutcome.Refused>();
        (await node.Cache.FindSettingsAsync("shop", Cancel)).ShouldBeNull();

        await node.RegisterAsync(SomeClient.Shop);
        (await node.UpdateAsync(SomeClient.Shop with { GrantTypes = ["implicit"] })).ShouldBeOfType<UpdateOutcome.Refused>();
        (await node.Cache.FindSettingsAsync("shop", Cancel))!.GrantTypes.ShouldNotContain("implicit");
    }

    [Fact]
    public async Task An_identifier_belongs_to_whoever_registers_it_first()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);

        (await node.RegisterAsync(SomeClient.Shop with { ClientName = "Impostor" })).ShouldBeOfType<RegisterOutcome.Taken>();

        (await node.Cache.FindSettingsAsync("shop", Cancel))!.Name.ShouldBe("Shop");
    }

    [Fact]
    public async Task Of_many_registrations_of_one_identifier_at_once_one_succeeds()
    {
        await using var node = await ClientsNode.StartAsync();

        var outcomes = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => Task.Run(() => node.RegisterAsync(SomeClient.Shop), Cancel)));

        outcomes.OfType<RegisterOutcome.Registered>().ShouldHaveSingleItem();
        outcomes.OfType<RegisterOutcome.Taken>().Count().ShouldBe(7);
        (await EventsAsync(node)).Count(name => name == AuditEvents.ClientRegistered).ShouldBe(1);
    }

    [Fact]
    public async Task An_update_keeps_the_secret_unless_it_brings_another()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);

        (await node.UpdateAsync(SomeClient.Shop with { ClientSecret = null, ClientName = "Shop II" })).ShouldBeOfType<UpdateOutcome.Updated>();
        (await AuthenticatesAsync(node, "shop", SomeClient.StrongSecret)).ShouldBeTrue();

        const string Another = "zyxwvutsrqponmlkjihgfedcba9876543210";
        await node.UpdateAsync(SomeClient.Shop with { ClientSecret = SomeClient.Secret(Another) });
        (await AuthenticatesAsync(node, "shop", SomeClient.StrongSecret)).ShouldBeFalse();
        (await AuthenticatesAsync(node, "shop", Another)).ShouldBeTrue();
    }

    [Fact]
    public async Task A_client_that_becomes_public_loses_its_secret_and_one_that_becomes_confidential_gets_one()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);

        var asPublic = SomeClient.Shop with { ClientSecret = null, TokenEndpointAuthMethod = "none" };
        (await node.UpdateAsync(asPublic)).ShouldBeOfType<UpdateOutcome.Updated>().GeneratedSecret.ShouldBeNull();
        (await HashesAsync(node, "shop")).ShouldBeEmpty();

        var updated = (await node.UpdateAsync(SomeClient.Shop with { ClientSecret = null })).ShouldBeOfType<UpdateOutcome.Updated>();
        (await AuthenticatesAsync(node, "shop", updated.GeneratedSecret!.Reveal())).ShouldBeTrue();
    }

    [Fact]
    public async Task An_update_that_changes_nothing_writes_nothing()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);
        var before = (await StoredAsync(node, "shop")).ConcurrencyToken;

        (await node.UpdateAsync(SomeClient.Shop)).ShouldBeOfType<UpdateOutcome.Unchanged>();
        (await node.UpdateAsync(SomeClient.Shop with { ClientId = "nobody" })).ShouldBeOfType<UpdateOutcome.Unknown>();

        (await StoredAsync(node, "shop")).ConcurrencyToken.ShouldBe(before);
    }

    [Fact]
    public async Task What_is_registered_and_changed_is_audited_with_it()
    {
        await using var node = await ClientsNode.StartAsync();
        await node.RegisterAsync(SomeClient.Shop);
        await node.RegisterAsync(SomeClient.Shop);
        node.Time.Advance(TimeSpan.FromSeconds(1)); // events of one instant have no order
        await node.UpdateAsync(SomeClient.Shop with { ClientName = "Shop II" });

        (await EventsAsync(node)).ShouldBe([AuditEvents.ClientRegistered, AuditEvents.ClientChanged]);
    }

    private static Task<bool> AuthenticatesAsync(ClientsNode node, string clientId, string secret) => node.WithManagerAsync(async manager =>
        await manager.ValidateClientSecretAsync((await manager.FindByClientIdAsync(clientId, Cancel))!, secret, Cancel));

    private static Task<Client> StoredAsync(ClientsNode node, string clientId) => node.InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().Clients.AsNoTracking().SingleAsync(client => client.ClientId == clientId, Cancel));

    private static Task<List<string>> HashesAsync(ClientsNode node, string clientId) => node.InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().Clients.Where(client => client.ClientId == clientId)
            .SelectMany(client => client.Secrets).Where(secret => secret.RetiredAt == null).Select(secret => secret.Hash).ToListAsync(Cancel));

    private static Task<List<string>> EventsAsync(ClientsNode node) => node.InScopeAsync(services =>
        services.GetRequiredService<IdentityServerDbContext>().AuditEvents.OrderBy(told => told.Id).Select(told => told.Name).ToListAsync(Cancel));
}
