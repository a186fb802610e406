using System.CommandLine;
using IdentityServer.Domain.Users;
using IdentityServer.SignIn.Changes;

namespace IdentityServer.Maintenance;

/// <summary><c>users change-address</c>: for somebody who cannot read their mailbox any more.</summary>
internal static class ChangeAddressVerb
{
    private const string More =
        """
        For a person who has lost the mailbox: codes go to the new address from now on, sessions end, codes that are open are void.
        The password stays; whoever has both signs in. So make sure of the person first, by something else than mail. Both
        addresses are told, and the change is kept in the audit log. No address that the account had before can have it back;
        to close only that way, give the present address as both. The account is also found by an address that it had within
        the last three days.

        Example:
          IdentityServer users change-address --email ada@example.com --to ada@example.org

        Exit codes:
          0    the account has the new address
          1    refused: no account has the old address, or another has the new one, or had it within the last three days
          2    the command line or the configuration is wrong; nothing was done
          3    it failed
        """;

    public static Command Describe(VerbConsole console, VerbHost host)
    {
        var email = new Option<string>("--email") { Description = "The account's address.", HelpName = "address", Required = true };
        var to = new Option<string>("--to") { Description = "The address that it is to have.", HelpName = "address", Required = true };
        var verb = new Verb("change-address", "Gives an account another address, for a person who has lost the mailbox.", More) { email, to };
        verb.SetAction((parsed, cancellationToken) =>
            RunAsync(console, host, parsed.GetRequiredValue(email), parsed.GetRequiredValue(to), cancellationToken));
        return verb;
    }

    private static async Task<int> RunAsync(VerbConsole console, VerbHost host, string email, string to, CancellationToken cancellationToken)
    {
        if (!EmailAddress.TryParse(to, out var address))
        {
            await console.Error.WriteLineAsync("--to is not an address; write it as name@example.com.");
            return ExitCode.Usage;
        }

        if (TestAddress.IsReserved(address))
        {
            await console.Error.WriteLineAsync($"--to lies under {TestAddress.Domain}, which is kept for test users of clients. Give another address.");
            return ExitCode.Usage;
        }

        await using var app = await host.OpenAsync(cancellationToken);
        await using var scope = app.Services.CreateAsyncScope();
        var help = scope.ServiceProvider.GetRequiredService<OperatorHelp>();
        if (await help.FindAsync(email, cancellationToken) is not { } user)
        {
            await console.Error.WriteLineAsync("No account has this address. Look for a typing mistake.");
            return ExitCode.Refused;
        }

        if (user.TestOfClientId is not null)
        {
            await console.Error.WriteLineAsync("This is a test user of a client: its address cannot be changed. The client's owners can delete it and make another.");
            return ExitCode.Refused;
        }

        if (!await help.ChangeAddressAsync(user, address, cancellationToken))
        {
            await console.Error.WriteLineAsync("Another account has the new address, or had it until lately and may have it back. Choose another one.");
            return ExitCode.Refused;
        }

        await console.Out.WriteLineAsync($"The address is {address.Value} now. The server that runs mails both addresses about it.");
        return ExitCode.Done;
    }
}
