using System.CommandLine;
using System.Globalization;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Maintenance;

/// <summary><c>registration-tokens create</c>, <c>list</c> and <c>revoke</c>: who may register clients by themselves.</summary>
internal static class RegistrationTokenVerbs
{
    private const int UsualDays = 7;

    private const string ExitCodes =
        """
        Exit codes:
          0    done
          2    the command line or the configuration is wrong; nothing was done
          3    it failed
        """;

    private const string Create =
        """
        Without such a token nobody registers a client; there is no setting that opens registration to everybody. Whoever has it
        sends client metadata (RFC 7591) to /connect/register, with the header Authorization: Bearer. A registration that is
        refused spends nothing. The token stands on standard output, this once: only a hash of it is kept.

        Clients that register themselves are never first-party or verified: people are asked for consent, and warned. Their
        scopes stay within those given here, also when they change their registration, and also when the token is over.

        Example:
          IdentityServer registration-tokens create --label "Shop team" --uses 3 --scope openid --scope email

        """ + "\n" + ExitCodes;

    private const string List =
        """
        One line for each token, the newest first: its name, what it is still good for, when it ends, what its clients may ask
        for, and the label.

        """ + "\n" + ExitCodes;

    private const string Revoke =
        """
        From now on nobody registers a client with it. Clients that were registered with it stay, and go on managing themselves.

        Exit codes:
          0    it is revoked
          1    there is no token of this name, or it was revoked before
          2    the command line or the configuration is wrong; nothing was done
          3    it failed
        """;

    public static Command DescribeCreate(VerbConsole console, VerbHost host)
    {
        var label = new Option<string>("--label") { Description = "Whom it is for; only you see it.", HelpName = "text", Required = true };
        var expires = new Option<int>("--expires")
        {
            Description = "How many days it can be used, 1 to 365.",
            HelpName = "days",
            DefaultValueFactory = _ => UsualDays,
        };
        var uses = new Option<int>("--uses")
        {
            Description = "How many clients can be registered with it, 1 to 10000.",
            HelpName = "number",
            DefaultValueFactory = _ => 1,
        };
        var scope = new Option<string[]>("--scope") { Description = "A scope that these clients may ask for; may be repeated. The standard ones when left out.", HelpName = "scope" };
        var optional = new Option<bool>("--pkce-optional") { Description = "Clients with credentials may register require_pkce: false." };
        var off = new Option<bool>("--pkce-off-by-default") { Description = "And those that say nothing need no PKCE: for conformance suites." };
        var verb = new Verb("create", "Makes an initial access token.", Create) { label, expires, uses, scope, optional, off };
        verb.SetAction((parsed, cancellationToken) =>
        {
            var pkce = parsed.GetValue(off) ? PkcePolicy.OffByDefault : parsed.GetValue(optional) ? PkcePolicy.Optional : PkcePolicy.Required;
            string[] scopes = parsed.GetValue(scope) is { Length: > 0 } named ? [.. named.Distinct(StringComparer.Ordinal)] : [.. StandardScopes.All];
            return CreateAsync(
                console,
                host,
                new(parsed.GetRequiredValue(label).Trim(), parsed.GetValue(expires), parsed.GetValue(uses), new(scopes, pkce)),
                cancellationToken);
        });
        return verb;
    }

    public static Command DescribeList(VerbConsole console, VerbHost host)
    {
        var verb = new Verb("list", "Shows the initial access tokens; never the tokens themselves.", List);
        verb.SetAction((_, cancellationToken) => ListAsync(console, host, cancellationToken));
        return verb;
    }

    public static Command DescribeRevoke(VerbConsole console, VerbHost host)
    {
        var id = new Argument<string>("ID") { Description = "The token's name, as the list has it." };
        var verb = new Verb("revoke", "Ends an initial access token.", Revoke) { id };
        verb.SetAction((parsed, cancellationToken) => RevokeAsync(console, host, parsed.GetRequiredValue(id), cancellationToken));
        return verb;
    }

    private static async Task<int> CreateAsync(VerbConsole console, VerbHost host, Wish wish, CancellationToken cancellationToken)
    {
        if (wish.Problem() is { } problem)
        {
            await console.Error.WriteLineAsync(problem);
            return ExitCode.Usage;
        }

        await using var app = await host.OpenAsync(cancellationToken);
        await using var scope = app.Services.CreateAsyncScope();
        var (row, secret) = await scope.ServiceProvider.GetRequiredService<RegistrationTokens>().CreateAsync(
            new(wish.Label, TimeSpan.FromDays(wish.Days), wish.Uses, wish.Policy), cancellationToken);
        await console.Error.WriteLineAsync($"Made {row.Id}, good until {Moment(row.ExpiresAt)} for {Counted(row.UsesLeft)}. This is the token; it is not shown again:");
        await console.Out.WriteLineAsync(secret.Reveal());
        return ExitCode.Done;
    }

    private static async Task<int> ListAsync(VerbConsole console, VerbHost host, CancellationToken cancellationToken)
    {
        await using var app = await host.OpenAsync(cancellationToken);
        await using var scope = app.Services.CreateAsyncScope();
        var tokens = scope.ServiceProvider.GetRequiredService<RegistrationTokens>();
        foreach (var token in await tokens.ListAsync(cancellationToken))
        {
            await console.Out.WriteLineAsync(
                $"{token.Id}  {State(token, tokens.IsUsable(token))}  until {Moment(token.ExpiresAt)}  {Pkce(token.Pkce)}  {token.Scopes}  {token.Label}");
        }

        return ExitCode.Done;
    }

    private static async Task<int> RevokeAsync(VerbConsole console, VerbHost host, string id, CancellationToken cancellationToken)
    {
        await using var app = await host.OpenAsync(cancellationToken);
        await using var scope = app.Services.CreateAsyncScope();
        if (!await scope.ServiceProvider.GetRequiredService<RegistrationTokens>().RevokeAsync(id, cancellationToken))
        {
            await console.Error.WriteLineAsync("There is no token of this name, or it was revoked before. registration-tokens list names them.");
            return ExitCode.Refused;
        }

        await console.Out.WriteLineAsync($"Revoked {id}. Its clients stay.");
        return ExitCode.Done;
    }

    private static string State(RegistrationToken token, bool usable) =>
        usable ? Counted(token.UsesLeft)
        : token.RevokedAt is not null ? "revoked"
        : token.UsesLeft == 0 ? "used up"
        : "expired";

    private static string Pkce(PkcePolicy policy) => policy switch
    {
        PkcePolicy.Optional => "PKCE optional",
        PkcePolicy.OffByDefault => "PKCE off by default",
        _ => "PKCE required",
    };

    private static string Counted(int clients) => clients == 1 ? "1 client" : string.Create(CultureInfo.InvariantCulture, $"{clients} clients");

    private static string Moment(DateTimeOffset moment) => moment.ToString("yyyy-MM-dd HH:mm'Z'", CultureInfo.InvariantCulture);

    private sealed record Wish(string Label, int Days, int Uses, RegistrationPolicy Policy)
    {
        // RFC 6749 §3.3: visible ASCII without quote and backslash.
        private static bool IsScope(string scope) => scope.Length is > 0 and <= 100 && scope.All(c => c is > ' ' and <= '~' and not ('"' or '\\'));

        public string? Problem() =>
            Label.Length is 0 or > RegistrationTokens.LongestLabel || Label.Any(char.IsControl) ? "--label is not 1 to 100 characters on one line."
            : Days < 1 || Days > RegistrationTokens.LongestLifetime.TotalDays ? "--expires is not 1 to 365 days."
            : Uses is < 1 or > RegistrationTokens.MostUses ? "--uses is not 1 to 10000."
            : Policy.Scopes.Count > 50 || !Policy.Scopes.All(IsScope) ? "--scope is not a scope: write each in visible ASCII, and repeat the option for more."
            : null;
    }
}
