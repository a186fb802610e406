using System.Net.Sockets;
using IdentityServer.Cli.Server;

namespace IdentityServer.Cli.Doctor;

/// <summary>Whether what is registered of a client is in order, by the server's own look at it, and fits the world as it is seen from here.</summary>
internal sealed class ClientChecks(ManagementApi api, Report report)
{
    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(3);

    public async Task RunAsync(ServerDocument server, Patient client, CancellationToken cancellationToken)
    {
        await CheckupAsync(client, cancellationToken);
        foreach (var uri in client.RedirectUris)
        {
            await report.AddAsync(await RedirectAsync(client, uri, cancellationToken));
        }

        foreach (var origin in client.Origins)
        {
            await report.AddAsync(await OriginAsync(server, origin, cancellationToken));
        }
    }

    // The server knows more than can be seen from here: what it fetched, what people ran into.
    private async Task CheckupAsync(Patient client, CancellationToken cancellationToken)
    {
        switch (await api.GetAsync(ManagementApi.Client(client.ClientId, "/checkup"), cancellationToken))
        {
            case ApiAnswer.Done done:
                foreach (var item in done.Document.Items("checks"))
                {
                    var (check, text) = ($"registered: {item.Text("name")}", item.Text("sentence") ?? "");
                    await report.AddAsync(item.Text("outcome") switch
                    {
                        "problem" => Finding.Problem(check, text, item.Text("mend") ?? "See the client's page in the portal."),
                        "warning" => Finding.Note(check, text, item.Text("mend")),
                        _ => Finding.Fine(check, text),
                    });
                }

                break;
            case ApiAnswer.Refused refused:
                await report.AddAsync(Finding.Skipped("registered", refused.Problem.ToString()));
                break;
            case ApiAnswer.Failed failed:
                await report.AddAsync(Finding.Skipped("registered", failed.Why));
                break;
            case ApiAnswer.NotSignedIn nobody:
                await report.AddAsync(Finding.Skipped("registered", nobody.Why));
                break;
        }
    }

    private static async Task<Finding> RedirectAsync(Patient client, string text, CancellationToken cancellationToken)
    {
        const string Check = "redirect-uri";
        if (!Uri.TryCreate(text, UriKind.Absolute, out var uri) || uri.Scheme is not ("http" or "https"))
        {
            return Finding.Fine(Check, $"{text} is an application's own scheme.");
        }

        if (client.IsNative && uri.IsLoopback)
        {
            return Finding.Fine(Check, $"{text} takes any port of this machine.");
        }

        if (uri.Scheme == Uri.UriSchemeHttp && !uri.IsLoopback)
        {
            return Finding.Problem(Check, $"{text} is not https: authorization codes would travel in the clear.", "Serve your application over https, and register that address.");
        }

        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        limit.CancelAfter(_patience);
        try
        {
            using var socket = new TcpClient();
            await socket.ConnectAsync(uri.Host, uri.Port, limit.Token);
            return Finding.Fine(Check, $"{text} is reached from this machine.");
        }
        catch (Exception unreachable) when (unreachable is SocketException or OperationCanceledException && !cancellationToken.IsCancellationRequested)
        {
            return Finding.Note(
                Check, $"Nothing takes connections at {uri.Authority}, seen from this machine.",
                uri.IsLoopback ? "Start your application, if it is to run here." : "Look for a typing mistake in the address; if people reach it from where they are, all is well.");
        }
    }

    private async Task<Finding> OriginAsync(ServerDocument server, string origin, CancellationToken cancellationToken)
    {
        const string Check = "origin";
        using var preflight = new HttpRequestMessage(HttpMethod.Options, server.Token);
        preflight.Headers.Add("Origin", origin);
        preflight.Headers.Add("Access-Control-Request-Method", "POST");
        preflight.Headers.Add("Access-Control-Request-Headers", "content-type");
        try
        {
            using var response = await api.Http.SendAsync(preflight, cancellationToken);
            var allowed = response.Headers.TryGetValues("Access-Control-Allow-Origin", out var values) ? string.Join(',', values) : null;
            return allowed == origin || allowed == "*"
                ? Finding.Fine(Check, $"Pages at {origin} may ask for tokens: the preflight is answered.")
                : Finding.Problem(
                    Check, $"The preflight of {origin} is not answered: browsers keep pages there from the token endpoint.",
                    "Register a redirect URI of this very origin. If there is one, a proxy before the server may answer OPTIONS itself: tell the operator.");
        }
        catch (HttpRequestException failure)
        {
            return Finding.Problem(Check, $"The token endpoint cannot be reached: {failure.GetBaseException().Message}.", "Tell the operator.");
        }
    }
}
