using System.CommandLine;
using IdentityServer.Audit;
using IdentityServer.Secrets;
using IdentityServer.Storage;

namespace IdentityServer.Maintenance;

/// <summary><c>secrets rotate</c>.</summary>
internal static class SecretsVerbs
{
    private const string More =
        """
        The root secret lies outside the database, and everything secret in the database hangs on it: it wraps the keys of Data
        Protection, and these wrap the signing keys, the key that codes are derived from, and what cookies, authorization codes
        and refresh tokens are sealed with. Replacing it wraps those few keys anew. They stay the same keys, so nobody is
        signed out, and no code or token that is under way is lost. Servers keep running.

        With a secret in the data directory (the default) this verb makes the new one. The former stays beside it, in
        root.secret.previous: keep it for as long as you keep backups of the database that were made before, and delete it then.
        The next rotation puts another in its place.

        With RootSecret:File or RootSecret:Value you make the new one, since it must reach every server:
          1. Give every server the new one as RootSecret:File or RootSecret:Value, and the former as RootSecret:Previous:File or
             RootSecret:Previous:Value, and restart it. One after the other will do.
          2. When all of them have both, run this verb once.
          3. Take RootSecret:Previous away. A server that lacks a secret which is still needed does not start, and says so.

        It helps against whoever has got hold of the root secret, but of no copy of the database. Who had both knows what is
        inside: then also revoke the signing keys (keys revoke) and replace the key of codes (--with-code-key), which nothing
        wears out, so that it is not replaced otherwise. Data Protection's own keys are replaced every 90 days by themselves, and
        the former ones go on opening what they sealed. Ending them at once would sign everybody out, so this verb never does.

        Example:
          IdentityServer secrets rotate

        Exit codes:
          0    everything hangs on the present root secret
          1    nothing to do: the present root secret is given by the configuration, and everything hangs on it already
          2    the command line or the configuration is wrong; nothing was done
          3    it failed; run it again
        """;

    public static Command Describe(VerbConsole console, VerbHost host)
    {
        var withCodeKey = new Option<bool>("--with-code-key")
        {
            Description = "Makes a new key to derive one-time codes from as well; codes that are under way stay good.",
        };
        var verb = new Verb("rotate", "Replaces the root secret, without signing anybody out.", More) { withCodeKey };
        verb.SetAction((parsed, cancellationToken) => RunAsync(console, host, parsed.GetValue(withCodeKey), cancellationToken));
        return verb;
    }

    private static async Task<int> RunAsync(VerbConsole console, VerbHost host, bool withCodeKey, CancellationToken cancellationToken)
    {
        await using var app = await host.OpenAsync(cancellationToken);
        var outcome = await app.Services.GetRequiredService<RootSecretReplacement>().ReplaceAsync(
            (services, present) => services.GetRequiredService<AuditTrail>().Add(
                AuditEvents.RootSecretReplaced, new(), new Dictionary<string, string> { ["root_secret"] = present.Id }),
            cancellationToken);
        var exitCode = await TellAsync(console, outcome);
        if (withCodeKey)
        {
            await ReplaceCodeKeyAsync(console, app, cancellationToken);
            return ExitCode.Done;
        }

        return exitCode;
    }

    private static async Task<int> TellAsync(VerbConsole console, ReplacementOutcome outcome)
    {
        switch (outcome)
        {
            case ReplacementOutcome.Made made:
                await console.Out.WriteLineAsync(
                    $"The root secret is {made.Present} now; {Keys(made.Rewrapped)} wrapped anew. Back it up. Servers that run take it up by themselves.");
                await console.Out.WriteLineAsync(
                    $"The former one is kept in {made.Previous}: delete it once no backup of the database is left that was made before.");
                return ExitCode.Done;
            case ReplacementOutcome.Given { Rewrapped: > 0 } given:
                await console.Out.WriteLineAsync(
                    $"Everything hangs on the root secret {given.Present} now; {Keys(given.Rewrapped)} wrapped anew. Take RootSecret:Previous away from every server.");
                return ExitCode.Done;
            case ReplacementOutcome.Given { HasPrevious: true }:
                await console.Error.WriteLineAsync("Everything hangs on the present root secret already. Take RootSecret:Previous away from every server.");
                return ExitCode.Refused;
            default:
                await console.Error.WriteLineAsync(
                    "The root secret is given by the configuration, so the new one is yours to make: head -c 32 /dev/urandom | base64. Give every server the new one, "
                    + "and the present one as RootSecret:Previous:File or RootSecret:Previous:Value; then run this again. See secrets rotate --help.");
                return ExitCode.Refused;
        }
    }

    private static async Task ReplaceCodeKeyAsync(VerbConsole console, WebApplication app, CancellationToken cancellationToken)
    {
        var key = await app.Services.GetRequiredService<InstallationSecrets>().ReplaceOtpKeyAsync(cancellationToken);
        await using var scope = app.Services.CreateAsyncScope();
        scope.ServiceProvider.GetRequiredService<AuditTrail>().Add(
            AuditEvents.CodeKeyReplaced, new(), new Dictionary<string, string> { ["key"] = key.Id });
        await scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>().SaveChangesAsync(cancellationToken);
        await console.Out.WriteLineAsync(
            $"Codes are derived from the new key {key.Id}; servers that run take it up within {InstallationSecrets.Lately.TotalMinutes:0} minute.");
    }

    private static string Keys(int count) => count == 1 ? "1 key is" : $"{count} keys are";
}
