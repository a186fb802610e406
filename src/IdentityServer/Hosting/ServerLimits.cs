using Microsoft.AspNetCore.Server.Kestrel.Core;

namespace IdentityServer.Hosting;

/// <summary>What a connection may cost before it is anybody's. Everything we accept is a small form.</summary>
internal static class ServerLimits
{
    private const int LargestBody = 64 * 1024;
    private const int LargestHeaders = 16 * 1024;
    private const int MostHeaders = 50;
    private const double SlowestBytesPerSecond = 240;

    private static readonly TimeSpan HeaderTimeout = TimeSpan.FromSeconds(10);
    private static readonly TimeSpan RateGrace = TimeSpan.FromSeconds(5);

    public static void Apply(KestrelServerOptions server)
    {
        server.AddServerHeader = false;
        server.Limits.MaxRequestBodySize = LargestBody;
        server.Limits.MaxRequestHeadersTotalSize = LargestHeaders;
        server.Limits.MaxRequestHeaderCount = MostHeaders;
        server.Limits.RequestHeadersTimeout = HeaderTimeout;
        server.Limits.MinRequestBodyDataRate = new MinDataRate(SlowestBytesPerSecond, RateGrace);
        server.Limits.MinResponseDataRate = new MinDataRate(SlowestBytesPerSecond, RateGrace);
    }
}
