using System.Net;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Tests.Egress;

/// <summary>A client's web server on this machine, which counts who comes.</summary>
internal sealed class ClientSite : IAsyncDisposable
{
    public const string Host = "client.example.com";

    private readonly WebApplication _app;
    private readonly X509Certificate2? _certificate;
    private int _connections;
    private int _requests;

    private ClientSite(RequestDelegate answer, X509Certificate2? certificate)
    {
        _certificate = certificate;
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0, listen =>
        {
            listen.Protocols = HttpProtocols.Http1;
            listen.Use(next => connection =>
            {
                Interlocked.Increment(ref _connections);
                return next(connection);
            });
            if (certificate is not null)
            {
                listen.UseHttps(new HttpsConnectionAdapterOptions { ServerCertificate = certificate });
            }
        }));
        _app = builder.Build();
        _app.Run(context =>
        {
            Interlocked.Increment(ref _requests);
            return answer(context);
        });
    }

    /// <summary>Connections that were taken, whatever became of them.</summary>
    public int Connections => Volatile.Read(ref _connections);

    /// <summary>Requests that came through.</summary>
    public int Requests => Volatile.Read(ref _requests);

    public int Port => new Uri(_app.Urls.First()).Port;

    /// <summary>What a client trusts that trusts this site and nobody else.</summary>
    public X509Certificate2Collection Roots => [_certificate!];

    public static async Task<ClientSite> StartAsync(RequestDelegate answer, X509Certificate2? certificate)
    {
        var site = new ClientSite(answer, certificate);
        await site._app.StartAsync(TestContext.Current.CancellationToken);
        return site;
    }

    /// <summary>With a certificate of its own making for <see cref="Host"/>.</summary>
    public static Task<ClientSite> StartAsync(RequestDelegate answer) => StartAsync(answer, SelfSigned(Host));

    /// <summary>In the clear.</summary>
    public static Task<ClientSite> StartPlainAsync(RequestDelegate answer) => StartAsync(answer, certificate: null);

    public static X509Certificate2 SelfSigned(string name)
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var certificate = Request(name, key).CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(certificate.Export(X509ContentType.Pkcs12), null);
    }

    public static CertificateRequest Request(string name, ECDsa key)
    {
        var request = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(name);
        request.CertificateExtensions.Add(names.Build());
        return request;
    }

    /// <summary>Answers with a body of a type.</summary>
    public static RequestDelegate Answer(string body, string type = "application/json", int status = 200) => context =>
    {
        context.Response.StatusCode = status;
        context.Response.ContentType = type;
        return context.Response.WriteAsync(body);
    };

    public async ValueTask DisposeAsync()
    {
        using var now = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(now.Token);
        await _app.DisposeAsync();
        _certificate?.Dispose();
    }
}
