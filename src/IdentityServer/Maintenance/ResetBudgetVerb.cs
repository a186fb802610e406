using System.CommandLine;
using IdentityServer.SignIn.Changes;

namespace IdentityServer.Maintenance;

/// <summary><c>users reset-budget</c>: an operator lifts the stop for somebody who cannot do it by a new password.</summary>
internal static class ResetBudgetVerb
{
    private const string More =
        """
        An account stops taking codes after 10 wrong ones in a day, 20 in 30 days or 40 since its last password change. Whoever
        guessed knew the password: make sure that you speak to the account's owner. The same goes for its address when strangers
        have used up its codes for new passwords. The reset is kept in the audit log. People do without it who can read the
        mailbox: a new password starts the budget anew.

        Example:
          IdentityServer users reset-budget --email ada@example.com

        Exit codes:
          0    the account can sign in again
          1    no account has this address
          2    the command line or the configuration is wrong; nothing was done
          3    it failed
        """;

    public static Command Describe(VerbConsole console, VerbHost host)
    {
        var email = new Option<string>("--email") { Description = "The account's address.", HelpName = "address", Required = true };
        var verb = new Verb("reset-budget", "Lets an account sign in again that has had too many wrong codes.", More) { email };
        verb.SetAction((parsed, cancellationToken) => RunAsync(console, host, parsed.GetRequiredValue(email), cancellationToken));
        return verb;
    }

    private static async Task<int> RunAsync(VerbConsole console, VerbHost host, string email, CancellationToken cancellationToken)
    {
        await using var app = await host.OpenAsync(cancellationToken);
        await using var scope = app.Services.CreateAsyncScope();
        var help = scope.ServiceProvider.GetRequiredService<OperatorHelp>();
        if (await help.FindAsync(email, cancellationToken) is not { } user
            || !await help.ResetBudgetAsync(user, cancellationToken))
        {
            await console.Error.WriteLineAsync("No account has this address. Look for a typing mistake.");
            return ExitCode.Refused;
        }

        await console.Out.WriteLineAsync($"The guess budget of {user.Email} starts anew.");
        return ExitCode.Done;
    }
}
