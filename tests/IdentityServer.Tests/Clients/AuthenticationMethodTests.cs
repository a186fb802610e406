using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityServer.Audit;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.Tokens;
using OpenIddict.Server;

namespace IdentityServer.Tests.Clients;

/// <summary>A bare OpenIddict server with this house's clients and nothing else: what is refused here is refused by the Clients room.</summary>
public sealed class BareServer : IAsyncLifetime
{
    private readonly DirectoryInfo _directory = Directory.CreateTempSubdirectory("identityserver-methods-");
    private WebApplication? _app;
    private HttpClient? _http;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public HttpClient Http => _http ?? throw new InvalidOperationException("The server has not started.");

    public async ValueTask InitializeAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        builder.Services.AddIdentityServerStorage(new StorageSettings(StorageProvider.Sqlite, $"Data Source={Path.Combine(_directory.FullName, "clients.db")}"));
        builder.Services.AddHttpContextAccessor();
        builder.Services.AddScoped<AuditTrail>();
        builder.Services.AddClients();
        builder.Services.AddOpenIddict().AddServer(server =>
        {
            server.SetTokenEndpointUris("connect/token")
                .SetIntrospectionEndpointUris("connect/introspect")
                .SetRevocationEndpointUris("connect/revoke")
                .SetPushedAuthorizationEndpointUris("connect/par")
                .SetAuthorizationEndpointUris("connect/authorize")
                .AllowClientCredentialsFlow()
                .AllowAuthorizationCodeFlow()
                .AddEncryptionKey(new SymmetricSecurityKey(new byte[32]))
                .AddSigningKey(new ECDsaSecurityKey(ECDsa.Create(ECCurve.NamedCurves.nistP256)));
            server.UseAspNetCore().DisableTransportSecurityRequirement();
            server.AddEventHandler(EnforceClientAuthenticationMethod.Descriptor);
            server.AddEventHandler<OpenIddictServerEvents.HandleTokenRequestContext>(handler => handler.UseInlineHandler(context =>
            {
                context.Reject("reached", "The client is authenticated.");
                return ValueTask.CompletedTask;
            }));
        });
        _app = builder.Build();
        _app.UseAuthentication();
        await _app.Services.GetRequiredService<StorageMigrator>().MigrateAsync(Cancel);
        await using (var scope = _app.Services.CreateAsyncScope())
        {
            var registry = scope.ServiceProvider.GetRequiredService<ClientRegistry>();
            foreach (var method in new[] { ClientAuthenticationMethods.Basic, ClientAuthenticationMethods.Post })
            {
                await registry.RegisterAsync(Machine(method), Cancel);
            }

            await registry.RegisterAsync(
                new ClientMetadata { ClientId = "none", TokenEndpointAuthMethod = "none", RedirectUris = ["https://spa.example/"] }, Cancel);
        }

        await _app.StartAsync(Cancel);
        _http = new HttpClient { BaseAddress = new Uri(_app.Urls.First()) };
    }

    public async ValueTask DisposeAsync()
    {
        _http?.Dispose();
        if (_app is not null)
        {
            await _app.DisposeAsync();
        }

        _directory.Delete(recursive: true);
    }

    private static ClientMetadata Machine(string method) => new()
    {
        ClientId = method,
        ClientSecret = SomeClient.Secret(SomeClient.StrongSecret),
        TokenEndpointAuthMethod = method,
        GrantTypes = ["authorization_code", "client_credentials"],
        RedirectUris = ["https://shop.example/cb"],
        RequirePkce = false,
    };
}

public sealed class AuthenticationMethodTests(BareServer server) : IClassFixture<BareServer>
{
    private const string Secret = SomeClient.StrongSecret;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("client_secret_basic", "client_secret_basic", true)]
    [InlineData("client_secret_post", "client_secret_post", true)]
    [InlineData("none", "none", true)]
    [InlineData("client_secret_basic", "client_secret_post", false)]
    [InlineData("client_secret_post", "client_secret_basic", false)]
    [InlineData("client_secret_basic", "none", false)]
    [InlineData("client_secret_post", "none", false)]
    [InlineData("none", "client_secret_basic", false)]
    [InlineData("none", "client_secret_post", false)]
    public async Task A_client_authenticates_by_the_method_that_it_registered_and_by_no_other(string client, string used, bool passes)
    {
        var (status, body) = await PostAsync("connect/revoke", client, used, Secret, ("token", "x"));

        status.ShouldBe(passes ? HttpStatusCode.OK : HttpStatusCode.Unauthorized);
        body.TryGetProperty("error", out var error).ShouldBe(!passes);
        (passes ? "invalid_client" : error.GetString()).ShouldBe("invalid_client");
    }

    [Theory]
    [InlineData("connect/token")]
    [InlineData("connect/introspect")]
    [InlineData("connect/par")]
    public async Task The_other_endpoints_hold_a_client_to_its_method_too(string endpoint)
    {
        (string, string)[] request =
        [
            ("token", "x"), ("grant_type", "client_credentials"),
            ("response_type", "code"), ("redirect_uri", "https://shop.example/cb"),
        ];

        (await PostAsync(endpoint, "client_secret_basic", "client_secret_post", Secret, request)).Status.ShouldBe(HttpStatusCode.Unauthorized);
        (await PostAsync(endpoint, "client_secret_basic", "client_secret_basic", Secret, request)).Status.ShouldBeOneOf(
            HttpStatusCode.OK, HttpStatusCode.Created, HttpStatusCode.BadRequest);
    }

    [Fact]
    public async Task The_answer_names_the_registered_method_so_that_the_client_can_be_mended()
    {
        var (status, body) = await PostAsync("connect/token", "client_secret_basic", "client_secret_post", Secret, ("grant_type", "client_credentials"));

        status.ShouldBe(HttpStatusCode.Unauthorized);
        body.GetProperty("error_description").GetString().ShouldBe("This client authenticates by client_secret_basic; the request used client_secret_post.");
    }

    [Fact]
    public async Task A_wrong_secret_by_the_right_method_is_refused()
    {
        var (_, body) = await PostAsync("connect/token", "client_secret_basic", "client_secret_basic", Secret + "x", ("grant_type", "client_credentials"));

        body.GetProperty("error").GetString().ShouldBe("invalid_client");
    }

    [Fact]
    public async Task An_unknown_client_is_refused_like_any_other()
    {
        var (_, body) = await PostAsync("connect/token", "nobody", "client_secret_basic", Secret, ("grant_type", "client_credentials"));

        body.GetProperty("error").GetString().ShouldBe("invalid_client");
    }

    private async Task<(HttpStatusCode Status, JsonElement Body)> PostAsync(
        string endpoint, string client, string method, string secret, params (string Name, string Value)[] parameters)
    {
        var form = parameters.ToDictionary(parameter => parameter.Name, parameter => parameter.Value);
        using var request = new HttpRequestMessage(HttpMethod.Post, endpoint);
        if (method == ClientAuthenticationMethods.Basic)
        {
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{client}:{secret}")));
        }
        else
        {
            form["client_id"] = client;
        }

        if (method == ClientAuthenticationMethods.Post)
        {
            form["client_secret"] = secret;
        }

        request.Content = new FormUrlEncodedContent(form);
        using var answer = await server.Http.SendAsync(request, Cancel);
        return (answer.StatusCode, await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel));
    }
}
