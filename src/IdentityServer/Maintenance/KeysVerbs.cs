using System.CommandLine;
using IdentityServer.Domain.SigningKeys;
using IdentityServer.Protocol.SigningKeys;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Maintenance;

/// <summary><c>keys list</c>, <c>keys rotate</c> and <c>keys revoke</c>.</summary>
internal static class KeysVerbs
{
    private const string MoreOfList =
        """
        announced  published, so that applications that keep the keys know it when it begins to sign
        signing    signs
        retired    signs no more; published for as long as something it signed may be shown
        revoked    published no more; whatever it signed is refused

        Example:
          IdentityServer keys list --json

        Exit codes:
          0    the keys are listed
          2    the command line or the configuration is wrong; nothing was done
          3    it failed
        """;

    private const string MoreOfRotate =
        """
        Nobody has to: keys rotate by themselves, each algorithm's every 90 days, announced 14 days before. This brings the next
        rotation forward. No sign-in ends, and codes and refresh tokens do not depend on these keys at all.

        With --now the new key signs 6 minutes from now: by then every server publishes it, even where clocks differ by up to
        5 minutes. An announced key that is published for longer signs at once. Applications that meet a key that they do not
        know fetch the keys anew, as their libraries do by themselves; one that cannot must be restarted. The former key
        stays published for 30 days. To end a key that others may know, use keys revoke.

        Example:
          IdentityServer keys rotate --now --algorithm RS256

        Exit codes:
          0    every algorithm that was meant has a successor
          1    nothing to do: every one has an announced key already, and it signs no later for it
          2    the command line or the configuration is wrong; nothing was done
          3    it failed
        """;

    private const string MoreOfRevoke =
        """
        For a key that others may know. It leaves the published keys and signs nothing more; whatever it signed is refused: access
        tokens live for 15 minutes and applications get new ones with their refresh tokens, which stay good, as do sessions and
        codes. If it was the one that signed, another takes over at once. A server that runs knows within 10 seconds.
        Applications and APIs that keep the keys go on believing the revoked one until they fetch them anew: restart them.
        There is no way back.

        Example:
          IdentityServer keys revoke tYkJp1c1mPAnAPM3AnBbXVCAcf6BDcTf2JMoLq9gW3A

        Exit codes:
          0    the key is revoked
          1    there is no such key, or it is revoked already
          2    the command line or the configuration is wrong; nothing was done
          3    it failed
        """;

    public static Command DescribeList(VerbConsole console, VerbHost host)
    {
        var json = new Option<bool>("--json") { Description = "For scripts: a JSON array instead of a table." };
        var verb = new Verb("list", "Lists the signing keys.", MoreOfList) { json };
        verb.SetAction((parsed, cancellationToken) => ListAsync(console, host, parsed.GetValue(json), cancellationToken));
        return verb;
    }

    public static Command DescribeRotate(VerbConsole console, VerbHost host)
    {
        var now = new Option<bool>("--now") { Description = "The new key signs as soon as every server publishes it, not in 14 days." };
        var algorithm = new Option<string?>("--algorithm")
        {
            Description = "Only the keys of this algorithm.",
            HelpName = string.Join('|', SigningKeyMaterial.Algorithms),
        };
        algorithm.AcceptOnlyFromAmong([.. SigningKeyMaterial.Algorithms]);
        var verb = new Verb("rotate", "Announces new signing keys before their time.", MoreOfRotate) { now, algorithm };
        verb.SetAction((parsed, cancellationToken) =>
            RotateAsync(console, host, parsed.GetValue(algorithm), parsed.GetValue(now), cancellationToken));
        return verb;
    }

    public static Command DescribeRevoke(VerbConsole console, VerbHost host)
    {
        var kid = new Argument<string>("KID") { Description = "The key's name, as keys list shows it." };
        var verb = new Verb("revoke", "Ends a signing key, and everything it signed.", MoreOfRevoke) { kid };
        verb.SetAction((parsed, cancellationToken) => RevokeAsync(console, host, parsed.GetRequiredValue(kid), cancellationToken));
        return verb;
    }

    private static async Task<int> ListAsync(VerbConsole console, VerbHost host, bool json, CancellationToken cancellationToken)
    {
        await using var app = await host.OpenAsync(cancellationToken);
        var desk = app.Services.GetRequiredService<SigningKeyDesk>();
        var keys = await desk.ListAsync(cancellationToken);
        var lines = keys.Select(key => (key, desk.StateOf(key, keys))).ToList();
        await console.Out.WriteLineAsync(json ? KeyTable.Json(lines) : KeyTable.Text(lines));
        return ExitCode.Done;
    }

    private static async Task<int> RotateAsync(
        VerbConsole console, VerbHost host, string? algorithm, bool atOnce, CancellationToken cancellationToken)
    {
        await using var app = await host.OpenAsync(cancellationToken);
        var now = app.Services.GetRequiredService<TimeProvider>().GetUtcNow();
        var outcomes = await app.Services.GetRequiredService<SigningKeyDesk>()
            .RotateAsync(algorithm is null ? SigningKeyMaterial.Algorithms : [algorithm], atOnce, cancellationToken);
        foreach (var outcome in outcomes)
        {
            await console.Out.WriteLineAsync(Sentence(outcome, atOnce, now));
        }

        return outcomes.TrueForAll(outcome => outcome is RotationOutcome.Announced) ? ExitCode.Refused : ExitCode.Done;
    }

    private static string Sentence(RotationOutcome outcome, bool atOnce, DateTimeOffset now)
    {
        var (key, from) = (outcome.Key, KeyTable.Moment(outcome.Key.ActivatesAt));
        return outcome switch
        {
            RotationOutcome.Made when atOnce =>
                $"{key.Algorithm}: the new key {key.Id} signs from {from} UTC, in {KeySchedule.Spread.TotalMinutes:0} minutes; by then every server publishes it.",
            RotationOutcome.Made => $"{key.Algorithm}: the new key {key.Id} is announced and signs from {from} UTC.",
            RotationOutcome.BroughtForward when key.ActivatesAt <= now => $"{key.Algorithm}: the announced key {key.Id} signs from now on; every server publishes it.",
            RotationOutcome.BroughtForward => $"{key.Algorithm}: the announced key {key.Id} signs from {from} UTC; by then every server publishes it.",
            _ => $"{key.Algorithm}: the key {key.Id} is announced already and signs from {from} UTC{(atOnce ? "" : "; --now brings it forward")}.",
        };
    }

    private static async Task<int> RevokeAsync(VerbConsole console, VerbHost host, string kid, CancellationToken cancellationToken)
    {
        await using var app = await host.OpenAsync(cancellationToken);
        switch (await app.Services.GetRequiredService<SigningKeyDesk>().RevokeAsync(kid, cancellationToken))
        {
            case RevocationOutcome.Revoked(var successor):
                await console.Out.WriteLineAsync(Sentence(kid, successor));
                return ExitCode.Done;
            case RevocationOutcome.WasRevoked:
                await console.Error.WriteLineAsync("This key is revoked already.");
                return ExitCode.Refused;
            default:
                await console.Error.WriteLineAsync("There is no key of this name. See: keys list");
                return ExitCode.Refused;
        }
    }

    private static string Sentence(string kid, SigningKey? successor) =>
        $"Revoked {kid}. {(successor is null ? "" : $"{successor.Id} signs {successor.Algorithm} in its stead. ")}"
        + $"Every server knows within {SigningKeyWatch.Period.TotalSeconds:0} seconds; restart applications and APIs that keep the published keys.";
}
