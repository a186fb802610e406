using System.Collections.Specialized;
using System.CommandLine;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.SignIn;

/// <summary><c>login</c>: signs a person in with their own browser (RFC 8252), with PKCE, state and the check of the issuer (RFC 9207).</summary>
internal static class LoginCommand
{
    private const string Scopes = "openid offline_access clients.read clients.write clients.secrets clients.test-users";

    private const string More =
        """
        Your browser opens; you sign in there with password and code, as everywhere, and come back. The tool never sees either.
        No browser here? It prints the address too: open it on this machine. Machines without a person use IDSRV_SERVER,
        IDSRV_CLIENT_ID and IDSRV_CLIENT_SECRET instead, and need no login.

        What it gets is kept in idsrv/sessions.json under XDG_CONFIG_HOME, or ~/.config, for your user only. BROWSER names
        another browser. The server of the last login is the one that the other commands ask.

        """ + "\n" + ExitCode.Help;

    public static Command Describe(ToolContext context)
    {
        var command = new ToolCommand("login", "Signs you in, in your browser.", More);
        command.SetAction((parsed, cancellationToken) => RunAsync(new(context, parsed), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Invocation run, CancellationToken cancellationToken)
    {
        var file = new SessionFile(run.Context);
        var named = run.NamedServer ?? (await file.ReadAsync(cancellationToken)).Current;
        if (!ServerAddress.TryParse(named, out var address))
        {
            return await run.MisusedAsync(named is null ? "Which server? Add --server https://id.example.com." : ServerAddress.Mend);
        }

        using var http = ManagementApi.NewClient(run.Context);
        var answer = await ServerDocument.ReadAsync(http, address, cancellationToken);
        if (answer is not ServerAnswer.Known { Document: var server })
        {
            return await run.ComplainAsync(new ApiAnswer.Failed(((ServerAnswer.Unknown)answer).Sentence));
        }

        var tokens = await AskAsync(run, http, server, cancellationToken);
        if (tokens is not TokenAnswer.Issued { RefreshToken: { } refreshToken } issued)
        {
            return await run.ComplainAsync(tokens switch
            {
                TokenAnswer.Refused refused => new ApiAnswer.Refused(400, new("You are not signed in.", $"The server says {refused.Sentence}", [])),
                TokenAnswer.Failed failed => new ApiAnswer.Failed(failed.Why),
                _ => new ApiAnswer.Failed("The server gave no refresh token."),
            });
        }

        await KeepAsync(http, file, server, new(issued.AccessToken, run.Context.Clock.GetUtcNow() + issued.Lifetime, refreshToken));
        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(new JsonObject { ["server"] = server.Issuer.AbsoluteUri, ["signed_in"] = true });
        }
        else
        {
            await run.Output.LineAsync($"You are signed in to {server.Issuer}. idsrv whoami says as whom.");
        }

        return ExitCode.Done;
    }

    private static async Task<TokenAnswer> AskAsync(Invocation run, HttpClient http, ServerDocument server, CancellationToken cancellationToken)
    {
        using var listener = new LoopbackListener();
        var (pkce, state) = (new Pkce(), Pkce.RandomText());
        var request = Address(server, listener.Address, pkce, state);
        var opened = SystemBrowser.TryOpen(run.Context, request);
        await run.Output.SayAsync($"{(opened ? "Your browser opens. If it does not, open this" : "No browser could be opened. Open this")} address on this machine:\n{request.AbsoluteUri}");

        var answer = await listener.WaitAsync(state, parameters => Told(server, parameters), cancellationToken);
        if (answer["iss"] != server.Issuer.AbsoluteUri)
        {
            // RFC 9207 §2.4: whoever else answers wants the code, or has another one for us.
            return new TokenAnswer.Failed("The answer came from another server than the one that was asked. Nothing was kept.");
        }

        if (answer["code"] is not { Length: > 0 } code)
        {
            return new TokenAnswer.Refused(
                Printable.Of(answer["error"] ?? "no code"), answer["error_description"] is { } said ? Printable.Of(said) : null);
        }

        return await new TokenEndpoint(http).AskAsync(
            server.Token,
            new()
            {
                ["grant_type"] = "authorization_code",
                ["code"] = code,
                ["redirect_uri"] = listener.Address,
                ["code_verifier"] = pkce.Verifier,
            },
            ClientLogin.OfTool,
            cancellationToken);
    }

    private static Uri Address(ServerDocument server, string redirectUri, Pkce pkce, string state) => AuthorizationRequest.At(
        server.Authorization,
        new()
        {
            ["client_id"] = ClientLogin.OfTool.ClientId,
            ["response_type"] = "code",
            ["redirect_uri"] = redirectUri,
            ["scope"] = Scopes,
            ["resource"] = server.Api.AbsoluteUri,
            ["state"] = state,
            ["code_challenge"] = pkce.Challenge,
            ["code_challenge_method"] = "S256",
        });

    private static string Told(ServerDocument server, NameValueCollection answer) =>
        answer["iss"] == server.Issuer.AbsoluteUri && answer["code"] is { Length: > 0 }
            ? "You can close this page and go back to your terminal."
            : "This did not work. Your terminal says why.";

    // The sign-in before is given up only once the new one is there.
    private static async Task KeepAsync(HttpClient http, SessionFile file, ServerDocument server, KeptTokens tokens)
    {
        KeptTokens? before;
        using (await file.LockAsync(CancellationToken.None))
        {
            before = (await file.ReadAsync(CancellationToken.None)).Servers.GetValueOrDefault(server.Issuer.AbsoluteUri);
            await file.KeepAsync(server.Issuer, tokens, makeCurrent: true, CancellationToken.None);
        }

        if (before is not null && server.Revocation is { } revocation)
        {
            await new TokenEndpoint(http).RevokeAsync(revocation, before.RefreshToken, ClientLogin.OfTool, CancellationToken.None);
        }
    }
}
