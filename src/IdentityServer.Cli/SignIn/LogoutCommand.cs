using System.CommandLine;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.SignIn;

/// <summary><c>logout</c>: gives back what a login got, and forgets it.</summary>
internal static class LogoutCommand
{
    private const string More =
        """
        The server ends what this tool was given, and the file forgets it, also when the server cannot be reached. You stay signed
        in in your browser.

        """ + "\n" + ExitCode.Help;

    public static Command Describe(ToolContext context)
    {
        var command = new ToolCommand("logout", "Ends what login began.", More);
        command.SetAction((parsed, cancellationToken) => RunAsync(new(context, parsed), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(Invocation run, CancellationToken cancellationToken)
    {
        var file = new SessionFile(run.Context);
        var named = run.NamedServer ?? (await file.ReadAsync(cancellationToken)).Current;
        if (!ServerAddress.TryParse(named, out var server))
        {
            return await run.ComplainAsync(new ApiAnswer.NotSignedIn(named is null ? "You are not signed in." : ServerAddress.Mend));
        }

        KeptTokens? kept;
        using (await file.LockAsync(cancellationToken))
        {
            kept = (await file.ReadAsync(cancellationToken)).Servers.GetValueOrDefault(server.AbsoluteUri);
            if (kept is null)
            {
                return await run.ComplainAsync(new ApiAnswer.NotSignedIn($"You are not signed in to {server}."));
            }

            await file.KeepAsync(server, null, makeCurrent: false, cancellationToken);
        }

        var revoked = await RevokeAsync(run.Context, server, kept, cancellationToken);
        if (run.Output.Json)
        {
            await run.Output.DocumentAsync(new JsonObject { ["server"] = server.AbsoluteUri, ["signed_in"] = false, ["revoked"] = revoked });
        }
        else
        {
            await run.Output.LineAsync($"You are signed out of {server}.");
        }

        if (!revoked)
        {
            await run.Output.SayAsync("The server could not be told. What it gave ends by itself when it is not used; your account page ends it at once.");
        }

        return revoked ? ExitCode.Done : ExitCode.Failed;
    }

    private static async Task<bool> RevokeAsync(ToolContext context, Uri address, KeptTokens kept, CancellationToken cancellationToken)
    {
        using var http = ManagementApi.NewClient(context);
        return await ServerDocument.ReadAsync(http, address, cancellationToken) is ServerAnswer.Known { Document.Revocation: { } revocation }
            && await new TokenEndpoint(http).RevokeAsync(revocation, kept.RefreshToken, ClientLogin.OfTool, cancellationToken);
    }
}
