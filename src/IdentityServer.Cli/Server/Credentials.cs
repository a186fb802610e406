using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Server;

/// <summary>What lets this process use the management API.</summary>
internal abstract record Access
{
    private Access()
    {
    }

    /// <summary>A token for it.</summary>
    public sealed record Granted(ServerDocument Server, string Token) : Access
    {
        public override string ToString() => $"{nameof(Granted)} at {Server.Issuer}";
    }

    /// <summary>Nobody is signed in, or no longer.</summary>
    public sealed record NotSignedIn(string Why) : Access;

    /// <summary>The server gives this client nothing for what it wants to do.</summary>
    public sealed record Barred(string Problem, string Why) : Access;

    /// <summary>The server could not be asked.</summary>
    public sealed record Failed(string Why) : Access;
}

/// <summary>
/// Gets access tokens: those of the last login, refreshed when they end, or where IDSRV_CLIENT_ID and IDSRV_CLIENT_SECRET are set those of
/// that machine client.
/// </summary>
internal sealed class Credentials(ToolContext context, string? namedServer)
{
    // So that a token does not end on its way.
    private static readonly TimeSpan _margin = TimeSpan.FromSeconds(30);

    private readonly SessionFile _file = new(context);
    private readonly Dictionary<string, MachineToken> _machine = [];

    /// <summary>The server, once it has been asked.</summary>
    public ServerDocument? Server { get; private set; }

    /// <summary>Whether a machine client uses the tool: its tokens are good for what was asked for, those of a person for everything.</summary>
    public bool OfMachine => context.Setting("IDSRV_CLIENT_ID") is not null;

    /// <summary>A token that is good for some time.</summary>
    /// <param name="http">Speaks to the server.</param>
    /// <param name="scope">What a machine's is to be good for; it may be registered for less than all.</param>
    /// <param name="refused">A token that the server took no more: another one is wanted; null otherwise.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<Access> GetAsync(HttpClient http, string scope, string? refused, CancellationToken cancellationToken)
    {
        var named = namedServer ?? (await _file.ReadAsync(cancellationToken)).Current;
        if (named is null)
        {
            return new Access.NotSignedIn("You are not signed in. Run idsrv login --server URL.");
        }

        if (!ServerAddress.TryParse(named, out var server))
        {
            return new Access.Failed($"{Printable.Of(named)} is no server's address. {ServerAddress.Mend}");
        }

        if (Server is null)
        {
            var answer = await ServerDocument.ReadAsync(http, server, cancellationToken);
            if (answer is not ServerAnswer.Known known)
            {
                return new Access.Failed(((ServerAnswer.Unknown)answer).Sentence);
            }

            Server = known.Document;
        }

        return context.Setting("IDSRV_CLIENT_ID") is { } machine
            ? await OfMachineAsync(http, Server, new(machine, scope, refused), cancellationToken)
            : await OfPersonAsync(http, Server, refused, cancellationToken);
    }

    private async Task<Access> OfMachineAsync(HttpClient http, ServerDocument server, Machine machine, CancellationToken cancellationToken)
    {
        if (_machine.TryGetValue(machine.Scope, out var before) && IsGood(before.Token, before.ExpiresAt, machine.Refused))
        {
            return new Access.Granted(server, before.Token);
        }

        if (context.Setting("IDSRV_CLIENT_SECRET") is not { } secret)
        {
            return new Access.NotSignedIn("IDSRV_CLIENT_ID is set, and IDSRV_CLIENT_SECRET is not. Set both, or neither and run idsrv login.");
        }

        var fields = new Dictionary<string, string>
        {
            ["grant_type"] = "client_credentials",
            ["scope"] = machine.Scope,
            ["resource"] = server.Api.AbsoluteUri,
        };
        switch (await new TokenEndpoint(http).AskAsync(server.Token, fields, new(machine.ClientId, secret, "client_secret_basic"), cancellationToken))
        {
            case TokenAnswer.Issued issued:
                _machine[machine.Scope] = new(issued.AccessToken, context.Clock.GetUtcNow() + issued.Lifetime);
                return new Access.Granted(server, issued.AccessToken);
            case TokenAnswer.Refused { Error: "invalid_client" } no:
                return new Access.NotSignedIn($"The server does not take IDSRV_CLIENT_ID with IDSRV_CLIENT_SECRET. It says {no.Sentence}");
            case TokenAnswer.Refused no:
                return new Access.Barred($"The client {Printable.Of(machine.ClientId)} gets no token for {machine.Scope}.", $"The server says {no.Sentence}");
            case TokenAnswer.Failed failed:
                return new Access.Failed(failed.Why);
            case var other:
                throw new System.Diagnostics.UnreachableException($"Unmapped answer {other}.");
        }
    }

    private async Task<Access> OfPersonAsync(HttpClient http, ServerDocument server, string? refused, CancellationToken cancellationToken)
    {
        var kept = await TokensAsync(server, cancellationToken);
        if (kept is not null && IsGood(kept.AccessToken, kept.ExpiresAt, refused))
        {
            return new Access.Granted(server, kept.AccessToken);
        }

        using var hold = await _file.LockAsync(cancellationToken);
        kept = await TokensAsync(server, cancellationToken); // another process may have refreshed meanwhile
        if (kept is null)
        {
            return new Access.NotSignedIn($"You are not signed in to {server.Issuer}. Run idsrv login --server {server.Issuer}.");
        }

        if (IsGood(kept.AccessToken, kept.ExpiresAt, refused))
        {
            return new Access.Granted(server, kept.AccessToken);
        }

        var fields = new Dictionary<string, string> { ["grant_type"] = "refresh_token", ["refresh_token"] = kept.RefreshToken };
        switch (await new TokenEndpoint(http).AskAsync(server.Token, fields, ClientLogin.OfTool, cancellationToken))
        {
            case TokenAnswer.Issued issued:
                // Not to be stopped any more: the server has taken the old one out of use.
                await _file.KeepAsync(
                    server.Issuer, new(issued.AccessToken, context.Clock.GetUtcNow() + issued.Lifetime, issued.RefreshToken ?? kept.RefreshToken),
                    makeCurrent: false, CancellationToken.None);
                return new Access.Granted(server, issued.AccessToken);
            case TokenAnswer.Refused:
                await _file.KeepAsync(server.Issuer, null, makeCurrent: false, CancellationToken.None);
                return new Access.NotSignedIn($"Your sign-in has ended. Run idsrv login --server {server.Issuer}.");
            case TokenAnswer.Failed failed:
                return new Access.Failed(failed.Why);
            case var other:
                throw new System.Diagnostics.UnreachableException($"Unmapped answer {other}.");
        }
    }

    private async Task<KeptTokens?> TokensAsync(ServerDocument server, CancellationToken cancellationToken) =>
        (await _file.ReadAsync(cancellationToken)).Servers.GetValueOrDefault(server.Issuer.AbsoluteUri);

    private bool IsGood(string token, DateTimeOffset expiresAt, string? refused) =>
        token != refused && expiresAt - _margin > context.Clock.GetUtcNow();

    private sealed record Machine(string ClientId, string Scope, string? Refused)
    {
        public override string ToString() => $"{ClientId} for {Scope}";
    }

    private sealed record MachineToken(string Token, DateTimeOffset ExpiresAt)
    {
        public override string ToString() => $"a token until {ExpiresAt:O}";
    }
}
