using System.Net;
using System.Text;
using IdentityServer.TestSupport;

namespace IdentityServer.Tests.CommandLine;

/// <summary>A server that answers as a test wants it: for what a real one does only when it is in trouble.</summary>
internal sealed class PlayedServer : IAsyncDisposable
{
    private readonly HttpListener _listener = new();
    private readonly Func<HttpListenerRequest, (int Status, string Body)> _answer;
    private readonly Task _serving;

    /// <summary>Starts it. Its discovery document and its tokens, <c>token1</c> and so on for 15 minutes each, are its own.</summary>
    /// <param name="answer">What else it answers; a status of 0 breaks the connection.</param>
    public PlayedServer(Func<HttpListenerRequest, (int Status, string Body)> answer)
    {
        _answer = answer;
        Address = new($"http://127.0.0.1:{FreePort.Find()}/");
        _listener.Prefixes.Add(Address.AbsoluteUri);
        _listener.Start();
        _serving = ServeAsync();
    }

    public Uri Address { get; }

    /// <summary>How many tokens were asked for.</summary>
    public int Tokens { get; private set; }

    /// <summary>A machine on which the tool speaks to it as a machine client.</summary>
    public ToolRun Machine() => new()
    {
        Variables = { ["IDSRV_SERVER"] = Address.AbsoluteUri, ["IDSRV_CLIENT_ID"] = "ci", ["IDSRV_CLIENT_SECRET"] = "secret" },
    };

    public async ValueTask DisposeAsync()
    {
        _listener.Close();
        await _serving;
    }

    private async Task ServeAsync()
    {
        while (true)
        {
            HttpListenerContext context;
            try
            {
                context = await _listener.GetContextAsync();
            }
            catch (Exception closed) when (closed is HttpListenerException or ObjectDisposedException)
            {
                return;
            }

            var (status, body) = context.Request.Url!.AbsolutePath switch
            {
                "/.well-known/openid-configuration" =>
                    (200, $$"""{"issuer":"{{Address}}","authorization_endpoint":"{{Address}}authorize","token_endpoint":"{{Address}}token"}"""),
                "/token" => (200, $$"""{"access_token":"token{{++Tokens}}","expires_in":900,"token_type":"Bearer"}"""),
                _ => _answer(context.Request),
            };
            if (status == 0)
            {
                // In the midst of an answer: before it a client would try another connection by itself.
                context.Response.ContentLength64 = 2;
                await context.Response.OutputStream.WriteAsync("{"u8.ToArray());
                context.Response.Abort();
                continue;
            }

            context.Response.StatusCode = status;
            context.Response.Close(Encoding.UTF8.GetBytes(body), willBlock: true);
        }
    }
}

/// <summary>The time of day, in which no wait takes any: each is noted instead.</summary>
internal sealed class ImpatientClock : TimeProvider
{
    /// <summary>What was waited for.</summary>
    public System.Collections.Concurrent.ConcurrentQueue<TimeSpan> Waits { get; } = [];

    /// <summary>How far it is ahead.</summary>
    public TimeSpan Ahead { get; set; }

    public override DateTimeOffset GetUtcNow() => base.GetUtcNow() + Ahead;

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        Waits.Enqueue(dueTime);
        return base.CreateTimer(callback, state, TimeSpan.Zero, period);
    }
}
