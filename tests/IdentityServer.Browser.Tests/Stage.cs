using System.Globalization;
using System.Text.Json;
using IdentityServer.Domain.Users;
using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using IdentityServer.Users;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(IdentityServer.Browser.Tests.Stage))]

namespace IdentityServer.Browser.Tests;

/// <summary>Somebody with an account. Each test has its own, so that no test spends another's budgets.</summary>
internal sealed record Person(Guid Id, string Email, string Password);

/// <summary>
/// The provider, a relay that keeps its mail, samples/WebClient, samples/SpaClient and samples/Api as programs of their own: what a reader of
/// README has running, on free ports. The samples' host differs from the provider's, so every hop between them is cross-site.
/// </summary>
public sealed class Stage : IAsyncLifetime
{
    private const string Password = "correct horse battery staple";

    private readonly SemaphoreSlim _gate = new(1);
    private readonly SmtpListener _relay = new();
    private TestServer? _server;
    private SampleProcess? _sample;
    private SampleProcess? _page;
    private SampleProcess? _api;
    private int _people;

    internal TestServer Server => _server ?? throw new InvalidOperationException($"Call {nameof(StartAsync)} first.");

    internal SampleProcess Sample => _sample ?? throw new InvalidOperationException($"Call {nameof(StartAsync)} first.");

    /// <summary>The application that runs in the browser.</summary>
    internal SampleProcess SinglePage => _page ?? throw new InvalidOperationException($"Call {nameof(StartAsync)} first.");

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    /// <summary>Starts everything when first called; only then, so that a machine without Chromium skips quickly.</summary>
    internal async Task StartAsync()
    {
        await _gate.WaitAsync(TestContext.Current.CancellationToken);
        try
        {
            if (_page is null)
            {
                var ct = TestContext.Current.CancellationToken;
                var (port, pagePort) = (FreePort.Find(), FreePort.Find());
                _server = await TestServer.StartAsync(setup => Configure(setup, new($"http://localhost:{port}"), new($"http://localhost:{pagePort}")));
                _api = await SampleProcess.StartAsync(_server.Address, FreePort.Find(), ct, "Api");
                _sample = await SampleProcess.StartAsync(
                    _server.Address, port, ct, settings: new Dictionary<string, string> { ["Api__Address"] = _api.Address.AbsoluteUri });
                _page = await SampleProcess.StartAsync(_server.Address, pagePort, ct, "SpaClient");
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>Makes an account.</summary>
    internal Task<Person> AddPersonAsync() => Server.InScopeAsync(async services =>
    {
        var ct = TestContext.Current.CancellationToken;
        var email = string.Create(CultureInfo.InvariantCulture, $"person-{Interlocked.Increment(ref _people)}@example.com");
        EmailAddress.TryParse(email, out var address).ShouldBeTrue();
        var hash = await services.GetRequiredService<IPasswordHasher>().HashAsync(Password, ct);
        StandardClaims.TryParse([new("name", JsonSerializer.SerializeToElement("Ada Lovelace"))], out var claims, out _).ShouldBeTrue();
        var created = await services.GetRequiredService<UserDirectory>().CreateAsync(new NewUser(address!, hash, EmailVerified: true, claims!), ct);
        return new Person(created.ShouldBeOfType<UserCreation.Created>().User.Id, email, Password);
    });

    /// <summary>The code of the next sign-in mail to a person, past what else they are told.</summary>
    internal async Task<string> NextCodeAsync(Person person)
    {
        while (true)
        {
            var mail = await _relay.TakeAsync(person.Email, TestContext.Current.CancellationToken);
            if (mail.Message.Subject!.Contains("sign-in code, requested", StringComparison.Ordinal))
            {
                return mail.Code;
            }
        }
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var sample in new[] { _sample, _page, _api }.OfType<SampleProcess>())
        {
            await sample.DisposeAsync();
        }

        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        await _relay.DisposeAsync();
        _gate.Dispose();
    }

    private void Configure(TestServerSetup setup, Uri sample, Uri page)
    {
        setup.ShowLog = false;
        setup.Settings["Demo:Clients:0:redirect_uris:0"] = new Uri(sample, "/signin-oidc").AbsoluteUri;
        setup.Settings["Demo:Clients:0:post_logout_redirect_uris:0"] = new Uri(sample, "/signout-callback-oidc").AbsoluteUri;
        setup.Settings["Demo:Clients:2:redirect_uris:0"] = page.AbsoluteUri;
        setup.Settings["Demo:Clients:2:post_logout_redirect_uris:0"] = page.AbsoluteUri;
        setup.Settings["Mail:From"] = "sign-in@example.com";
        setup.Settings["Mail:Relays:0:Host"] = "127.0.0.1";
        setup.Settings["Mail:Relays:0:Port"] = _relay.Port.ToString(CultureInfo.InvariantCulture);
        setup.Settings["Mail:Relays:0:Security"] = "None";
    }
}
