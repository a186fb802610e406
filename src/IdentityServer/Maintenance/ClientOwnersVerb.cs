using System.CommandLine;
using System.Globalization;
using IdentityServer.Ownership;

namespace IdentityServer.Maintenance;

/// <summary><c>clients owners</c>: who manages a client in the portal.</summary>
internal static class ClientOwnersVerb
{
    private const string More =
        """
        Clients that were imported, or that registered themselves, belong to nobody: give them an owner, and that person finds them
        in the portal, changes them, makes their secrets and sees why requests fail. The owner may invite others. Without --add
        and --remove it lists the owners, one a line: address, and since when in UTC.

        An owner cannot leave a client alone; the operator can take the last one away. Both are kept in the audit log.

        Examples:
          IdentityServer clients owners --client-id shop-web
          IdentityServer clients owners --client-id shop-web --add ada@example.com

        Exit codes:
          0    listed, or as it was wanted; also if it was so before
          1    refused: there is no such client or account, the account is a client's test user, or does not own the client
          2    the command line or the configuration is wrong; nothing was done
          3    it failed
        """;

    private const string NoClient = "No client has this identifier. Look for a typing mistake.";

    public static Command Describe(VerbConsole console, VerbHost host)
    {
        var clientId = new Option<string>("--client-id") { Description = "The client.", HelpName = "identifier", Required = true };
        var add = new Option<string>("--add") { Description = "The address of a person who is to own it.", HelpName = "address" };
        var remove = new Option<string>("--remove") { Description = "The address of an owner who is to own it no longer.", HelpName = "address" };
        var verb = new Verb("owners", "Lists who owns a client, adds an owner or takes one away.", More) { clientId, add, remove };
        verb.Validators.Add(result =>
        {
            if (result.GetResult(add) is not null && result.GetResult(remove) is not null)
            {
                result.AddError("Give --add or --remove, not both.");
            }
        });
        verb.SetAction((parsed, cancellationToken) =>
        {
            var client = parsed.GetRequiredValue(clientId);
            return (parsed.GetValue(add), parsed.GetValue(remove)) switch
            {
                ({ } email, _) => ChangeAsync(console, host, (ownership, ct) => ownership.AddAsync(client, email, ct), cancellationToken),
                (_, { } email) => ChangeAsync(console, host, (ownership, ct) => ownership.RemoveAsync(client, email, ct), cancellationToken),
                _ => ListAsync(console, host, client, cancellationToken),
            };
        });
        return verb;
    }

    private static async Task<int> ListAsync(VerbConsole console, VerbHost host, string clientId, CancellationToken cancellationToken)
    {
        await using var app = await host.OpenAsync(cancellationToken);
        await using var scope = app.Services.CreateAsyncScope();
        if (await scope.ServiceProvider.GetRequiredService<OperatorOwnership>().ListAsync(clientId, cancellationToken) is not { } owners)
        {
            await console.Error.WriteLineAsync(NoClient);
            return ExitCode.Refused;
        }

        foreach (var owner in owners)
        {
            await console.Out.WriteLineAsync($"{owner.Email}  {owner.Since.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss'Z'", CultureInfo.InvariantCulture)}");
        }

        if (owners.Count == 0)
        {
            await console.Error.WriteLineAsync("Nobody owns it.");
        }

        return ExitCode.Done;
    }

    private static async Task<int> ChangeAsync(
        VerbConsole console, VerbHost host, Func<OperatorOwnership, CancellationToken, Task<OwnerAppointment>> change, CancellationToken cancellationToken)
    {
        await using var app = await host.OpenAsync(cancellationToken);
        await using var scope = app.Services.CreateAsyncScope();
        var outcome = await change(scope.ServiceProvider.GetRequiredService<OperatorOwnership>(), cancellationToken);
        var (exitCode, text) = outcome switch
        {
            OwnerAppointment.Added added => (ExitCode.Done, $"{added.Email} owns it now."),
            OwnerAppointment.OwnedBefore before => (ExitCode.Done, $"{before.Email} owned it before."),
            OwnerAppointment.Removed { Left: 0 } last => (ExitCode.Done, $"{last.Email} owns it no longer. Nobody owns it now."),
            OwnerAppointment.Removed removed => (ExitCode.Done, $"{removed.Email} owns it no longer."),
            OwnerAppointment.NoClient => (ExitCode.Refused, NoClient),
            OwnerAppointment.NoAccount => (ExitCode.Refused, "No account has this address. Look for a typing mistake."),
            OwnerAppointment.TestUser => (ExitCode.Refused, "A client made this account to test itself with. It can own none."),
            OwnerAppointment.NoOwner => (ExitCode.Refused, "This person does not own it. Leave out --remove to see who does."),
            _ => throw new System.Diagnostics.UnreachableException($"Unmapped outcome {outcome}."),
        };
        await (exitCode == ExitCode.Done ? console.Out : console.Error).WriteLineAsync(text);
        return exitCode;
    }
}
