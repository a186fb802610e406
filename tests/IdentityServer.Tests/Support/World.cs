using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Users;
using IdentityServer.TestSupport;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Support;

/// <summary>A running server, a real SMTP listener behind it, a clock to turn, accounts and clients: the stage of a ceremony test.</summary>
internal sealed class World : IAsyncDisposable
{
    public const string Password = "a-river-runs-through-it";

    private static readonly TimeSpan _longest = TimeSpan.FromHours(1);

    private int _networks;

    private World(TestServer server, SmtpListener smtp, FakeTimeProvider clock) => (Server, Smtp, Clock) = (server, smtp, clock);

    public TestServer Server { get; }

    public SmtpListener Smtp { get; }

    public FakeTimeProvider Clock { get; }

    /// <summary>Starts one. The proxy in front is this machine, so that each browser can come from a network of its own.</summary>
    public static async Task<World> StartAsync(bool postgreSql = false, Action<TestServerSetup>? configure = null)
    {
        var smtp = new SmtpListener();
        var clock = new FakeTimeProvider(ServerTemplate.Beginning);
        var server = await TestServer.StartAsync(setup =>
        {
            setup.PostgreSql = postgreSql;
            setup.Time = clock;
            setup.Settings["Mail:From"] = "sign-in@example.com";
            setup.Settings["Mail:Relays:0:Host"] = "127.0.0.1";
            setup.Settings["Mail:Relays:0:Port"] = smtp.Port.ToString(System.Globalization.CultureInfo.InvariantCulture);
            setup.Settings["Mail:Relays:0:Security"] = "None";
            setup.Settings["Proxy:KnownAddresses:0"] = "127.0.0.1";
            configure?.Invoke(setup);
        });
        return new(server, smtp, clock);
    }

    /// <summary>An account with the one password of these tests; its address is new each time.</summary>
    public async Task<string> AddUserAsync(string? address = null)
    {
        address ??= $"user-{Guid.NewGuid():N}@example.com";
        await Server.InScopeAsync(async services =>
        {
            var hash = await services.GetRequiredService<IPasswordHasher>().HashAsync(Password, TestContext.Current.CancellationToken);
            EmailAddress.TryParse(address, out var parsed).ShouldBeTrue();
            StandardClaims.TryParse(
                JsonDocument.Parse("""{"name":"Ada Lovelace","given_name":"Ada"}""").RootElement.EnumerateObject()
                    .Select(claim => KeyValuePair.Create(claim.Name, claim.Value)),
                out var claims, out _).ShouldBeTrue();
            return await services.GetRequiredService<UserDirectory>().CreateAsync(
                new(parsed!, hash, EmailVerified: true, claims!), TestContext.Current.CancellationToken);
        });
        return address;
    }

    /// <summary>A client that is not ours and that nobody verified.</summary>
    public Task<RelyingParty> AddThirdPartyClientAsync() => AddClientAsync("client_secret_basic", "", firstParty: false);

    /// <summary>A client that acts for itself, and may ask for all that it should not get.</summary>
    public async Task<RelyingParty> AddMachineAsync()
    {
        var (id, secret) = ($"machine-{Guid.NewGuid():N}", "S" + Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N"));
        await RegisterAsync($$"""
            {"client_id":"{{id}}","client_secret":"{{secret}}","client_name":"Machine","grant_types":["client_credentials"],
             "scope":"orders openid profile email"}
            """);
        return new(Server.CreateClient(cookies: false), () => OpenBrowser(), id, secret, "client_secret_basic");
    }

    /// <summary>Registers a client as the import does.</summary>
    public async Task<RelyingParty> AddClientAsync(
        string method = "client_secret_basic", string extra = "", bool firstParty = true, string algorithm = "ES256", params string[] redirectUris)
    {
        var id = $"client-{Guid.NewGuid():N}";
        var secret = method == "none" ? null : "S" + Guid.NewGuid().ToString("N") + Guid.NewGuid().ToString("N");
        var registered = JsonSerializer.Serialize(redirectUris is [] ? [RelyingParty.RedirectUri] : redirectUris);
        var line = $$"""
            {"client_id":"{{id}}","client_name":"Test app","redirect_uris":{{registered}},
             "post_logout_redirect_uris":["https://app.example.com/bye"],"token_endpoint_auth_method":"{{method}}",
             "grant_types":["authorization_code","refresh_token"],"id_token_signed_response_alg":"{{algorithm}}",
             "scope":"openid profile email address phone offline_access","first_party":{{(firstParty ? "true" : "false")}}
             {{(secret is null ? "" : $",\"client_secret\":\"{secret}\"")}}{{(extra.Length == 0 ? "" : "," + extra)}}}
            """;
        await RegisterAsync(line);
        return new(Server.CreateClient(cookies: false), () => OpenBrowser(), id, secret, method);
    }

    /// <summary>A browser with a cookie jar and a network of its own.</summary>
    public Browser OpenBrowser(TestServer? node = null, string? network = null)
    {
        var jar = new CookieContainer();
        return new(
            (node ?? Server).CreateClient(cookies: true, jar: jar),
            jar,
            Smtp,
            network ?? $"198.51.{Interlocked.Increment(ref _networks) / 250}.{(_networks % 250) + 1}");
    }

    /// <summary>
    /// Turns the clock, once no message is under way any more: what is being sent when time jumps counts as unanswered, as it should,
    /// and would be sent again a fake half minute later.
    /// </summary>
    public async Task AdvanceAsync(TimeSpan by)
    {
        await QuietAsync();
        // Days are jumped over, but for their last hour: timers of a few seconds would fire millions of times meanwhile.
        if (by > _longest)
        {
            Clock.AdjustTime(Clock.GetUtcNow() + by - _longest);
            by = _longest;
        }

        Clock.Advance(by);
    }

    /// <summary>Waits until no message is due or under way: what was to be sent has been sent, and come to an end.</summary>
    public async Task QuietAsync()
    {
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        limit.CancelAfter(TimeSpan.FromMinutes(1)); // Real time: what never ends must fail its test, not keep the whole run waiting.
        var now = Clock.GetUtcNow();
        while (await ReadAsync(db => db.OutboxMessages.AnyAsync(message => message.LeasedBy != null || message.DueAt <= now, limit.Token)))
        {
            await Task.Delay(2, limit.Token);
        }
    }

    /// <summary>Reads something from the database.</summary>
    public Task<T> ReadAsync<T>(Func<Storage.IdentityServerDbContext, Task<T>> read) =>
        Server.InScopeAsync(services => read(services.GetRequiredService<Storage.IdentityServerDbContext>()));

    /// <summary>Registers the client of an import's line.</summary>
    public Task<bool> RegisterAsync(string line) => Server.InScopeAsync(async services =>
    {
        var verdict = await services.GetRequiredService<ClientImport>().ImportAsync(
            JsonDocument.Parse(line).RootElement, TestContext.Current.CancellationToken);
        verdict.ShouldBeOfType<ImportVerdict.Created>();
        return true;
    });

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await Smtp.DisposeAsync();
    }
}
