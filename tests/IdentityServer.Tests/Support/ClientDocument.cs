using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Tests.Support;

/// <summary>A client's site on this machine, which answers everything with one document.</summary>
internal sealed class ClientDocument : IAsyncDisposable
{
    private readonly WebApplication _app;
    private int _asked;

    private ClientDocument(WebApplication app) => _app = app;

    /// <summary>Ends in a slash.</summary>
    public Uri Address => new(_app.Urls.First() + "/");

    /// <summary>What the operator lists so that the server may ask it: it has no public address.</summary>
    public string AllowedHost => $"127.0.0.1:{Address.Port}";

    public string MediaType { get; set; } = "application/json";

    public byte[] Body { get; set; } = [];

    public string Text
    {
        get => Encoding.UTF8.GetString(Body);
        set => Body = Encoding.UTF8.GetBytes(value);
    }

    /// <summary>How often it was asked.</summary>
    public int Asked => Volatile.Read(ref _asked);

    public static async Task<ClientDocument> StartAsync(string mediaType = "application/json")
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Logging.ClearProviders();
        var site = new ClientDocument(builder.Build()) { MediaType = mediaType };
        site._app.Run(async context =>
        {
            Interlocked.Increment(ref site._asked);
            context.Response.ContentType = site.MediaType;
            await context.Response.Body.WriteAsync(site.Body);
        });
        await site._app.StartAsync(TestContext.Current.CancellationToken);
        return site;
    }

    /// <summary>Lets the server ask it.</summary>
    public void Allow(TestServerSetup setup) => setup.Settings["Egress:AllowedHosts:0"] = AllowedHost;

    public ValueTask DisposeAsync() => _app.DisposeAsync();
}
