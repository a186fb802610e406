using System.Collections.Concurrent;
using System.Text.Json;
using System.Threading.Channels;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Microsoft.IdentityModel.JsonWebTokens;
using Microsoft.IdentityModel.Tokens;

namespace IdentityServer.Tests.Protocol.Logout;

/// <summary>What a client was sent.</summary>
/// <param name="Client">Whose address it came to.</param>
/// <param name="Method">The request's method.</param>
/// <param name="ContentType">The media type of its body.</param>
/// <param name="Form">The form, name by name.</param>
internal sealed record ReceivedNotice(string Client, string Method, string? ContentType, IReadOnlyDictionary<string, string> Form)
{
    public string Token => Form["logout_token"];

    public JsonElement Header => TokenAnswer.Claims("." + Token.Split('.')[0] + ".");

    public JsonElement Claims => TokenAnswer.Claims(Token);

    public string Text(string claim) => Claims.GetProperty(claim).GetString()!;
}

/// <summary>The servers of clients, on a port of this machine's: they keep what is posted to them, and answer as the test wishes.</summary>
internal sealed class LogoutReceiver : IAsyncDisposable
{
    // Real time, and far more than anything here takes.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly Channel<ReceivedNotice> _received = Channel.CreateUnbounded<ReceivedNotice>();
    private readonly ConcurrentDictionary<string, int> _answers = new(StringComparer.Ordinal);
    private readonly ConcurrentDictionary<string, bool> _silent = new(StringComparer.Ordinal);
    private readonly WebApplication _app;

    private LogoutReceiver(WebApplication app) => _app = app;

    /// <summary>What the operator lists, so that this machine may be asked.</summary>
    public string Host => new Uri(_app.Urls.First()).Authority;

    public static async Task<LogoutReceiver> StartAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        var receiver = new LogoutReceiver(builder.Build());
        receiver._app.Map("/{client}/logout", receiver.ReceiveAsync);
        await receiver._app.StartAsync(TestContext.Current.CancellationToken);
        return receiver;
    }

    /// <summary>A world in which this machine may be asked.</summary>
    public Task<World> OpenWorldAsync(bool postgreSql = false, Action<TestServerSetup>? configure = null) => World.StartAsync(postgreSql, setup =>
    {
        setup.Settings["Egress:AllowedHosts:0"] = Host;
        configure?.Invoke(setup);
    });

    /// <summary>Registers a client that is told here.</summary>
    public Task<RelyingParty> AddClientAsync(World world, string name, string algorithm = "ES256", string extra = "") =>
        world.AddClientAsync(extra: $"\"backchannel_logout_uri\":\"http://{Host}/{name}/logout?tenant=7\"{extra}", algorithm: algorithm);

    /// <summary>Has a client answer with this status from now on; 200 before.</summary>
    public void Answer(string client, int status) => _answers[client] = status;

    /// <summary>Has a client take requests and never answer.</summary>
    public void KeepSilent(string client) => _silent[client] = true;

    /// <summary>The next notice that came.</summary>
    public async Task<ReceivedNotice> TakeAsync() => await _received.Reader.ReadAsync(TestContext.Current.CancellationToken).AsTask().WaitAsync(Patience);

    /// <summary>Whether more came than the test took.</summary>
    public bool HasMore => _received.Reader.TryPeek(out _);

    /// <summary>Checks a token as a client does, by the keys that the server publishes.</summary>
    public static async Task<TokenValidationResult> ValidateAsync(World world, RelyingParty client, string token)
    {
        var keys = new JsonWebKeySet((await world.OpenBrowser().GetAsync("/.well-known/jwks")).Body);
        return await new JsonWebTokenHandler().ValidateTokenAsync(token, new TokenValidationParameters
        {
            ValidIssuer = world.Server.Address.AbsoluteUri,
            ValidAudience = client.Id,
            ValidTypes = ["logout+jwt"],
            IssuerSigningKeys = keys.GetSigningKeys(),
            LifetimeValidator = (_, expires, _, _) => expires > world.Clock.GetUtcNow().UtcDateTime,
        });
    }

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource();
        await now.CancelAsync(); // who waits for an answer that never comes need not be waited for
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
    }

    private async Task ReceiveAsync(HttpContext context, string client)
    {
        var form = context.Request.HasFormContentType ? await context.Request.ReadFormAsync() : FormCollection.Empty;
        await _received.Writer.WriteAsync(new(
            client, context.Request.Method, context.Request.ContentType, form.ToDictionary(field => field.Key, field => field.Value.ToString(), StringComparer.Ordinal)));
        if (_silent.ContainsKey(client))
        {
            await Task.Delay(Timeout.Infinite, context.RequestAborted);
        }

        context.Response.StatusCode = _answers.GetValueOrDefault(client, StatusCodes.Status200OK);
    }
}
