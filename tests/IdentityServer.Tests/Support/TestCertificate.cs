using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;

namespace IdentityServer.Tests.Support;

/// <summary>
/// An origin with a certificate of its own making. The server gets it as an operator gives it, in files; clients find the name at
/// whatever port the server listens on, and trust this certificate alone.
/// </summary>
internal sealed class TestCertificate : IDisposable
{
    private const string Host = "id.example.com";

    private readonly string _directory = Directory.CreateTempSubdirectory("identityserver-certificate-").FullName;
    private readonly byte[] _certificate;

    public TestCertificate()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest($"CN={Host}", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName(Host);
        request.CertificateExtensions.Add(names.Build());
        using var certificate = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        _certificate = certificate.RawData;
        File.WriteAllText(CertificatePath, certificate.ExportCertificatePem());
        File.WriteAllText(KeyPath, key.ExportPkcs8PrivateKeyPem());
    }

    /// <summary>What people and clients know the server by.</summary>
    public Uri Origin { get; } = new($"https://{Host}");

    private string CertificatePath => Path.Combine(_directory, "certificate.pem");

    private string KeyPath => Path.Combine(_directory, "key.pem");

    /// <summary>What an operator configures.</summary>
    public void Configure(Dictionary<string, string?> settings)
    {
        settings["Issuer"] = Origin.AbsoluteUri;
        settings["Kestrel:Certificates:Default:Path"] = CertificatePath;
        settings["Kestrel:Certificates:Default:KeyPath"] = KeyPath;
    }

    /// <summary>Has a client find the origin at a port of this machine.</summary>
    public void Lead(SocketsHttpHandler handler, int port)
    {
        handler.SslOptions.RemoteCertificateValidationCallback = (_, shown, _, _) => shown?.GetRawCertData().AsSpan().SequenceEqual(_certificate) == true;
        handler.ConnectCallback = async (_, cancellationToken) =>
        {
            var socket = new Socket(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
            try
            {
                await socket.ConnectAsync(IPAddress.Loopback, port, cancellationToken);
                return new NetworkStream(socket, ownsSocket: true);
            }
            catch
            {
                socket.Dispose();
                throw;
            }
        };
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);
}
