using IdentityServer.Clients;
using IdentityServer.Domain.Users;
using IdentityServer.Storage;
using IdentityServer.Tests.Support;
using IdentityServer.TestUsers;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.TestUsers;

/// <summary>Makes test users of a client and reads their mail, as an owner does.</summary>
internal static class TestUserStage
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public static Task<ClientSettings> SettingsAsync(this World world, RelyingParty client) => world.Server.InScopeAsync(async services =>
        (await services.GetRequiredService<ClientCache>().FindSettingsAsync(client.Id, Cancel))!);

    public static async Task<TestUserMade> TryAddTestUserAsync(this World world, RelyingParty client, TestUserWish wish) =>
        await world.TryAddTestUserAsync(await world.SettingsAsync(client), wish);

    /// <summary>A test user with the one password of these tests.</summary>
    public static async Task<TestUser> AddTestUserAsync(this World world, RelyingParty client) =>
        await world.AddTestUserAsync(await world.SettingsAsync(client));

    /// <inheritdoc cref="AddTestUserAsync(World, RelyingParty)"/>
    public static async Task<TestUser> AddTestUserAsync(this World world, ClientSettings client) =>
        (await world.TryAddTestUserAsync(client, new("buyer", World.Password, StandardClaims.OfLanguage("en")))).ShouldBeOfType<TestUserMade.Done>().User;

    private static Task<TestUserMade> TryAddTestUserAsync(this World world, ClientSettings client, TestUserWish wish) =>
        world.Server.InScopeAsync(services => services.GetRequiredService<TestUserDirectory>().CreateAsync(client, wish, Cancel));

    public static async Task<IReadOnlyList<TestUser>> ListAsync(this World world, RelyingParty client)
    {
        var settings = await world.SettingsAsync(client);
        return await world.Server.InScopeAsync(services => services.GetRequiredService<TestUserDirectory>().ListAsync(settings.Id, Cancel));
    }

    public static async Task<bool> DeleteTestUserAsync(this World world, RelyingParty client, Guid userId)
    {
        var settings = await world.SettingsAsync(client);
        return await world.Server.InScopeAsync(services => services.GetRequiredService<TestUserDirectory>().DeleteAsync(settings, userId, Cancel));
    }

    public static async Task<IReadOnlyList<ReadableMail>> ReadTestMailAsync(
        this World world, RelyingParty client, Guid userId, DateTimeOffset? since = null)
    {
        await world.QuietAsync();
        var settings = await world.SettingsAsync(client);
        return await world.Server.InScopeAsync(services => services.GetRequiredService<TestMailbox>().ReadAsync(settings.Id, userId, since, Cancel));
    }

    /// <summary>All accounts but those that every start in Development brings along.</summary>
    public static Task<List<string>> AccountsAsync(this World world) => world.Server.AccountsAsync();

    /// <inheritdoc cref="AccountsAsync(World)"/>
    public static Task<List<string>> AccountsAsync(this TestServer server) => server.InScopeAsync(services =>
    {
        var demo = services.GetRequiredService<DemoUsers>().Accounts.Select(account => account.Address.Normalized).ToList();
        return services.GetRequiredService<IdentityServerDbContext>().Users.Where(user => !demo.Contains(user.NormalizedEmail))
            .Select(user => user.Email).ToListAsync(Cancel);
    });

    /// <summary>Both steps of a test user, its code read as its client's owner reads it; returns what follows the code.</summary>
    public static async Task<Answer> SignInAsync(this World world, Browser browser, string start, RelyingParty owner, TestUser user)
    {
        var page = await browser.ReachCodePageAsync(start, user.Email);
        var code = (await world.ReadTestMailAsync(owner, user.Id)).First(mail => mail.Code is not null).Code;
        return await browser.FollowAsync(await browser.EnterCodeAsync(page, code!));
    }
}
