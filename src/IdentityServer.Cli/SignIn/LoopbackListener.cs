using System.Collections.Specialized;
using System.Net;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Cli.SignIn;

/// <summary>
/// Takes the server's answer on a port of this machine that the system chose: the server registers http://127.0.0.1/ and takes any port of
/// it (RFC 8252 §7.3). Not localhost: that name may mean an address on which another program listens (§8.3).
/// </summary>
internal sealed class LoopbackListener : IDisposable
{
    private const int Attempts = 10;

    private readonly HttpListener _listener;

    public LoopbackListener() => (_listener, Address) = Open();

    /// <summary>The redirect URI.</summary>
    public string Address { get; }

    /// <summary>
    /// Waits for the answer to one request. Whatever else comes, the browser's question for an icon or a page elsewhere that guessed the
    /// port, is turned away and not listened to.
    /// </summary>
    /// <param name="state">What the answer must bring back.</param>
    /// <param name="judge">What the person is told, from the answer's parameters.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <returns>The answer's parameters.</returns>
    public async Task<NameValueCollection> WaitAsync(string state, Func<NameValueCollection, string> judge, CancellationToken cancellationToken)
    {
        while (true)
        {
            var context = await _listener.GetContextAsync().WaitAsync(cancellationToken);
            var parameters = context.Request.QueryString;
            if (context.Request.Url is { AbsolutePath: "/" } && CryptographicOperations.FixedTimeEquals(
                    Encoding.UTF8.GetBytes(parameters["state"] ?? ""), Encoding.UTF8.GetBytes(state)))
            {
                await ReplyAsync(context.Response, HttpStatusCode.OK, judge(parameters), cancellationToken);
                return parameters;
            }

            await ReplyAsync(context.Response, HttpStatusCode.NotFound, "Nothing here.", cancellationToken);
        }
    }

    public void Dispose() => _listener.Close();

    private static async Task ReplyAsync(HttpListenerResponse response, HttpStatusCode status, string line, CancellationToken cancellationToken)
    {
        var nonce = Convert.ToHexString(RandomNumberGenerator.GetBytes(16));
        var page = $$"""
            <!DOCTYPE html>
            <html lang="en">
            <meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">
            <title>idsrv</title><link rel="icon" href="data:,">
            <style nonce="{{nonce}}">main { max-width: 34rem; margin: 15vh auto 0; padding: 0 1rem; font-family: system-ui, sans-serif } h1 { font-size: 1.4rem; line-height: 1.4 }</style>
            <main><h1>{{WebUtility.HtmlEncode(line)}}</h1></main>
            </html>
            """;
        response.StatusCode = (int)status;
        response.ContentType = "text/html; charset=utf-8";
        response.Headers["Content-Security-Policy"] = $"default-src 'none'; img-src data:; style-src 'nonce-{nonce}'; frame-ancestors 'none'";
        response.Headers["Referrer-Policy"] = "no-referrer";
        response.KeepAlive = false;
        await response.OutputStream.WriteAsync(Encoding.UTF8.GetBytes(page), cancellationToken);
        response.Close();
    }

    // HttpListener wants a port named, so a free one is looked for; another program may take it in between.
    private static (HttpListener Listener, string Address) Open()
    {
        for (var attempt = 1; ; attempt++)
        {
            var address = $"http://127.0.0.1:{FreePort()}/";
            var listener = new HttpListener { Prefixes = { address } };
            try
            {
                listener.Start();
                return (listener, address);
            }
            catch (HttpListenerException) when (attempt < Attempts)
            {
                listener.Close();
            }
        }
    }

    private static int FreePort()
    {
        using var probe = new TcpListener(IPAddress.Loopback, 0);
        probe.Start();
        return ((IPEndPoint)probe.LocalEndpoint).Port;
    }
}
