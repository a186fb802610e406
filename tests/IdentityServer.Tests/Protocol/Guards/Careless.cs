using System.Security.Claims;
using System.Text.Json;
using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Protocol;
using IdentityServer.Protocol.Guards;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Server;
using static OpenIddict.Server.OpenIddictServerEvents;

namespace IdentityServer.Tests.Protocol.Guards;

/// <summary>What a careless change could do to the server: handlers that sign in whom they like, guards that are gone.</summary>
internal static class Careless
{
    /// <summary>Adds a handler to the protocol, as a later feature might.</summary>
    public static void Handle<TContext>(this TestServerSetup setup, int order, Action<TContext> handle)
        where TContext : BaseContext =>
        setup.HandleAsync<TContext>(order, context =>
        {
            handle(context);
            return ValueTask.CompletedTask;
        });

    /// <inheritdoc cref="Handle" />
    public static void HandleAsync<TContext>(this TestServerSetup setup, int order, Func<TContext, ValueTask> handle)
        where TContext : BaseContext =>
        setup.Configure += builder => builder.Services.AddOpenIddict().AddServer(server =>
            server.AddEventHandler<TContext>(handler => handler.UseInlineHandler(handle).SetOrder(order)));

    /// <summary>Changes the protocol's options after everybody else has.</summary>
    public static void Break(this TestServerSetup setup, Action<OpenIddictServerOptions> options) =>
        setup.Alter(services => services.PostConfigure(options));

    /// <summary>Takes the check out, at the start and at each renewal of the options.</summary>
    public static void DropGuardCheck(this TestServerSetup setup) => setup.Alter(services =>
    {
        var checks = services.Where(service => service.ImplementationType == typeof(GuardCheck)).ToList();
        checks.Count.ShouldBe(2);
        checks.ForEach(check => services.Remove(check));
    });

    /// <summary>The principal that our own code would build for a person, with a session that may be made up.</summary>
    public static ClaimsPrincipal PrincipalOf(Guid userId, Guid? sessionId = null) => SubjectPrincipal.Of(
        new() { Id = sessionId ?? Guid.NewGuid(), UserId = userId, HandleHash = [], AuthenticatedAt = DateTimeOffset.UnixEpoch },
        ["openid", "offline_access"],
        ["https://api.example.com"]);

    /// <summary>The account with an address.</summary>
    public static Task<Guid> IdOfAsync(this World world, string email) =>
        world.ReadAsync(db => db.Users.Where(user => user.Email == email).Select(user => user.Id).SingleAsync(TestContext.Current.CancellationToken));

    /// <summary>How often the first guard refused and said so.</summary>
    public static Task<List<AuditEvent>> RefusalsAsync(this World world) => world.ReadAsync(db =>
        db.AuditEvents.AsNoTracking().Where(entry => entry.Name == AuditEvents.SignInRefused).ToListAsync(TestContext.Current.CancellationToken));

    /// <summary>Every token and authorization code that speaks for a person.</summary>
    public static Task<List<Token>> TokensOfPeopleAsync(this World world) => world.ReadAsync(async db =>
    {
        var clients = await db.Clients.Select(client => client.ClientId).ToListAsync(TestContext.Current.CancellationToken);
        return await db.Tokens.AsNoTracking()
            .Where(token => token.Subject != null && !clients.Contains(token.Subject))
            .ToListAsync(TestContext.Current.CancellationToken);
    });

    /// <summary>Registers a client that may also act for itself.</summary>
    public static async Task<RelyingParty> AddServiceAsync(this World world, string method = "client_secret_basic")
    {
        var (id, secret) = ($"service-{Guid.NewGuid():N}", "S" + Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N"));
        await world.Server.InScopeAsync(async services =>
        {
            var verdict = await services.GetRequiredService<ClientImport>().ImportAsync(
                JsonDocument.Parse($$"""
                    {"client_id":"{{id}}","client_secret":"{{secret}}","client_name":"Service","redirect_uris":["{{RelyingParty.RedirectUri}}"],
                     "token_endpoint_auth_method":"{{method}}","grant_types":["authorization_code","refresh_token","client_credentials"],
                     "scope":"openid profile email offline_access","first_party":true}
                    """).RootElement,
                TestContext.Current.CancellationToken);
            return verdict.ShouldBeOfType<ImportVerdict.Created>();
        });
        return new(world.Server.CreateClient(cookies: false), () => world.OpenBrowser(), id, secret, method);
    }

    // The rooms add their services after the test's own; this sees all of them, right before the server is built.
    private static void Alter(this TestServerSetup setup, Action<IServiceCollection> alter)
    {
        setup.Configure += builder =>
        {
            if (!builder.Host.Properties.TryGetValue(typeof(Alterations), out var known))
            {
                builder.Host.Properties[typeof(Alterations)] = known = new Alterations();
                builder.Host.UseServiceProviderFactory((Alterations)known);
            }

            ((Alterations)known).Add(alter);
        };
    }

    private sealed class Alterations : IServiceProviderFactory<IServiceCollection>
    {
        private readonly List<Action<IServiceCollection>> _all = [];

        public void Add(Action<IServiceCollection> alter) => _all.Add(alter);

        public IServiceCollection CreateBuilder(IServiceCollection services)
        {
            _all.ForEach(alter => alter(services));
            return services;
        }

        public IServiceProvider CreateServiceProvider(IServiceCollection containerBuilder) => containerBuilder.BuildServiceProvider(validateScopes: true);
    }
}
