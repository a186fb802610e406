using System.Globalization;
using System.Net;
using System.Text;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Resources;
using IdentityServer.Domain.Users;
using IdentityServer.Tests.Support;
using IdentityServer.TestSupport;
using IdentityServer.Users;
using Microsoft.Extensions.DependencyInjection;

[assembly: AssemblyFixture(typeof(IdentityServer.Snippets.Tests.Provider))]

namespace IdentityServer.Snippets.Tests;

/// <summary>Somebody with an account.</summary>
internal sealed record Person(string Subject, string Email);

/// <summary>A client as it is registered, and what only its owner knows.</summary>
internal sealed record Registered(ClientMetadata Metadata, string? Secret);

/// <summary>The server, on its own clock and with a relay that keeps its mail, for programs that know nothing of tests.</summary>
public sealed class Provider : IAsyncLifetime
{
    private readonly SmtpListener _relay = new();
    private TestServer? _server;
    private int _count;

    /// <summary>The issuer.</summary>
    internal Uri Issuer => Server.Address;

    private TestServer Server => _server ?? throw new InvalidOperationException("The server was not started.");

    public async ValueTask InitializeAsync()
    {
        _server = await TestServer.StartAsync(setup =>
        {
            setup.ShowLog = false;
            setup.Settings["Mail:From"] = "sign-in@example.com";
            setup.Settings["Mail:Relays:0:Host"] = "127.0.0.1";
            setup.Settings["Mail:Relays:0:Port"] = _relay.Port.ToString(CultureInfo.InvariantCulture);
            setup.Settings["Mail:Relays:0:Security"] = "None";
            setup.Settings["Proxy:KnownAddresses:0"] = "127.0.0.1";
        });

        // An API, with a scope that clients ask for beside the standard ones.
        var orders = JsonDocument.Parse("""{"resource":"https://orders.example.com","name":"Orders","scopes":[{"name":"orders","description":"Your orders"}]}""");
        var metadata = ResourceMetadata.Parse(orders.RootElement).ShouldBeOfType<ResourceMetadataVerdict.Accepted>().Metadata;
        await _server.InScopeAsync(services => services.GetRequiredService<ResourceRegistry>().SaveAsync(metadata, TestContext.Current.CancellationToken));
    }

    public async ValueTask DisposeAsync()
    {
        await Server.DisposeAsync();
        await _relay.DisposeAsync();
    }

    /// <summary>Registers a client as the import does.</summary>
    /// <param name="members">Its metadata, without identifier, name and secret.</param>
    internal Task<Registered> AddClientAsync(object members) => Server.InScopeAsync(async services =>
    {
        var json = JsonSerializer.SerializeToNode(members)!.AsObject();
        var asked = json["token_endpoint_auth_method"]?.GetValue<string>() ?? ClientAuthenticationMethods.Basic;
        var secret = asked is ClientAuthenticationMethods.Basic or ClientAuthenticationMethods.Post ? $"S{Guid.NewGuid():N}{Guid.NewGuid():N}" : null;
        json["client_id"] = $"client-{Guid.NewGuid():N}";
        json["client_name"] = "Snippet";
        json["first_party"] = true; // nobody is asked for consent
        var metadata = ClientMetadata.Parse(JsonSerializer.SerializeToElement(json)).ShouldBeOfType<ClientMetadataVerdict.Accepted>().Metadata;
        if (secret is not null)
        {
            json["client_secret"] = secret;
        }

        (await services.GetRequiredService<ClientImport>().ImportAsync(JsonSerializer.SerializeToElement(json), TestContext.Current.CancellationToken))
            .ShouldBeOfType<ImportVerdict.Created>();
        return new Registered(metadata, secret);
    });

    /// <summary>Makes an account.</summary>
    internal Task<Person> AddPersonAsync() => Server.InScopeAsync(async services =>
    {
        var ct = TestContext.Current.CancellationToken;
        var email = string.Create(CultureInfo.InvariantCulture, $"person-{Interlocked.Increment(ref _count)}@example.com");
        EmailAddress.TryParse(email, out var address).ShouldBeTrue();
        StandardClaims.TryParse([new("name", JsonSerializer.SerializeToElement("Ada Lovelace"))], out var claims, out _).ShouldBeTrue();
        var hash = await services.GetRequiredService<IPasswordHasher>().HashAsync(World.Password, ct);
        var created = await services.GetRequiredService<UserDirectory>().CreateAsync(new NewUser(address!, hash, EmailVerified: true, claims!), ct);
        return new Person(created.ShouldBeOfType<UserCreation.Created>().User.Id.ToString("D"), email);
    });

    /// <summary>A browser without scripts that knows nothing yet, from a network of its own.</summary>
    internal PlainBrowser OpenBrowser()
    {
        var jar = new CookieContainer();
        return new(Server.CreateClient(jar: jar), jar, _relay, string.Create(CultureInfo.InvariantCulture, $"198.51.100.{Interlocked.Increment(ref _count)}"));
    }

    /// <summary>The code of the next sign-in mail to a person.</summary>
    internal Task<string> NextCodeAsync(Person person) => OpenBrowser().ReadCodeAsync(person.Email);

    /// <summary>Whom an access token speaks for, as the server tells the client that it was issued to (RFC 7662).</summary>
    internal async Task<string?> SubjectOfAsync(string token, Registered client)
    {
        var basic = client.Metadata.TokenEndpointAuthMethod == ClientAuthenticationMethods.Basic;
        using var request = new HttpRequestMessage(HttpMethod.Post, "connect/introspect")
        {
            Content = new FormUrlEncodedContent(
            [
                new("token", token), .. basic ? [] : new KeyValuePair<string, string>[] { new("client_id", client.Metadata.ClientId!), new("client_secret", client.Secret!) },
            ]),
        };
        if (basic)
        {
            request.Headers.Authorization = new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{client.Metadata.ClientId}:{client.Secret}")));
        }

        using var http = Server.CreateClient(cookies: false);
        using var answer = await http.SendAsync(request, TestContext.Current.CancellationToken);
        var json = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).RootElement;
        return json.TryGetProperty("sub", out var subject) ? subject.GetString() : null;
    }
}
