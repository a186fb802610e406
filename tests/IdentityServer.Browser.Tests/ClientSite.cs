using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using System.Threading.Channels;
using IdentityServer.Clients;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Browser.Tests;

/// <summary>
/// A registered client's site, as small as can be: it keeps what is posted to its redirect URI. Its host differs from the provider's, so
/// every hop between them is cross-site.
/// </summary>
internal sealed class ClientSite : IAsyncDisposable
{
    private const string Received = "<!doctype html><title>Client</title><link rel=\"icon\" href=\"data:,\"><h1>Received</h1>";

    private readonly Channel<Dictionary<string, string>> _posted = Channel.CreateUnbounded<Dictionary<string, string>>();
    private readonly WebApplication _app;
    private readonly string _verifier = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));
    private string _page = Received;
    private bool _framesWait;

    private ClientSite(WebApplication app) => _app = app;

    public string ClientId { get; } = $"site-{Guid.NewGuid():N}";

    /// <summary>The redirect URI.</summary>
    public Uri Callback => new(Address, "/callback");

    /// <summary>A page of the site's that shows what the test wrote.</summary>
    public Uri Page => new(Address, "/page");

    private Uri Address => new($"http://localhost:{new Uri(_app.Urls.First()).Port}");

    /// <summary>Starts the site and registers it.</summary>
    /// <param name="stage">Where.</param>
    /// <param name="tellsOnSignOut">Whether it wants to be told of sign-outs in a frame.</param>
    public static async Task<ClientSite> StartAsync(Stage stage, bool tellsOnSignOut = false)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var site = new ClientSite(builder.Build());
        site._app.MapPost("/callback", site.ReceiveAsync);
        site._app.MapGet("/left", site.LeaveAsync);
        site._app.MapGet("/page", () => Results.Content(site._page, "text/html"));
        await site._app.StartAsync(TestContext.Current.CancellationToken);
        await site.RegisterAsync(stage, tellsOnSignOut);
        return site;
    }

    /// <summary>The address that starts a sign-in.</summary>
    public Uri Start(Stage stage, params ReadOnlySpan<(string Name, string Value)> more)
    {
        var query = new QueryString("?response_type=code&scope=openid&code_challenge_method=S256")
            .Add("code_challenge", Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(_verifier)))).Add("client_id", ClientId).Add("redirect_uri", Callback.AbsoluteUri);
        foreach (var (name, value) in more)
        {
            query = query.Add(name, value);
        }

        return new(stage.Server.Address, "/connect/authorize" + query);
    }

    /// <summary>Writes the page.</summary>
    public void Write(string html) => _page = html;

    /// <summary>From now on frames of the site load for ever.</summary>
    public void KeepFramesWaiting() => _framesWait = true;

    /// <summary>What was posted next to the redirect URI, or told in a frame.</summary>
    public async Task<Dictionary<string, string>> TakeAsync() =>
        await _posted.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(TimeSpan.FromSeconds(30));

    /// <summary>Trades a code for the id_token.</summary>
    public async Task<string> ExchangeAsync(Stage stage, string code)
    {
        using var http = new HttpClient { BaseAddress = stage.Server.Address };
        using var form = new FormUrlEncodedContent(new Dictionary<string, string>
        {
            ["grant_type"] = "authorization_code",
            ["client_id"] = ClientId,
            ["code"] = code,
            ["code_verifier"] = _verifier,
            ["redirect_uri"] = Callback.AbsoluteUri,
        });
        var answer = await http.PostAsync(new Uri("/connect/token", UriKind.Relative), form, TestContext.Current.CancellationToken);
        var body = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        answer.IsSuccessStatusCode.ShouldBeTrue(body);
        return JsonDocument.Parse(body).RootElement.GetProperty("id_token").GetString()!;
    }

    /// <summary>Whether more was posted than the test took.</summary>
    public bool HasMore => _posted.Reader.TryPeek(out _);

    public async ValueTask DisposeAsync() => await _app.DisposeAsync();

    private async Task ReceiveAsync(HttpContext context)
    {
        var form = await context.Request.ReadFormAsync();
        await _posted.Writer.WriteAsync(form.ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal));
        context.Response.ContentType = "text/html";
        await context.Response.WriteAsync(Received);
    }

    private async Task LeaveAsync(HttpContext context)
    {
        await _posted.Writer.WriteAsync(context.Request.Query.ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal));
        if (_framesWait)
        {
            using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, _app.Lifetime.ApplicationStopping);
            await Task.Delay(Timeout.Infinite, end.Token);
        }

        context.Response.ContentType = "text/html";
        await context.Response.WriteAsync("<!doctype html><title>Left</title>");
    }

    private async Task RegisterAsync(Stage stage, bool tellsOnSignOut)
    {
        var members = new Dictionary<string, object>
        {
            ["client_id"] = ClientId,
            ["client_name"] = "Site",
            ["redirect_uris"] = new[] { Callback.AbsoluteUri },
            ["token_endpoint_auth_method"] = "none",
            ["first_party"] = true,
            ["post_logout_redirect_uris"] = new[] { Page.AbsoluteUri },
        };
        if (tellsOnSignOut)
        {
            members["frontchannel_logout_uri"] = new Uri(Address, "/left?tenant=7").AbsoluteUri;
        }

        var line = JsonSerializer.SerializeToElement(members);
        var verdict = await stage.Server.InScopeAsync(services =>
            services.GetRequiredService<ClientImport>().ImportAsync(line, TestContext.Current.CancellationToken));
        verdict.ShouldBeOfType<ImportVerdict.Created>();
    }
}
