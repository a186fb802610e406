using System.CommandLine;
using IdentityServer.Users;

namespace IdentityServer.Maintenance;

/// <summary><c>users administrator</c>: who decides for the operator on the pages.</summary>
internal static class AdministratorVerb
{
    private const string More =
        """
        An administrator approves clients for production, and registers clients where Portal:Access is Administrators. The office
        gives no way to another person's account or clients, and no way round the code. It counts from the next request on, and
        is kept in the audit log.

        Examples:
          IdentityServer users administrator --email ada@example.com
          IdentityServer users administrator --email ada@example.com --revoke

        Exit codes:
          0    the person is an administrator, or with --revoke no longer one; also if it was so before
          1    refused: no account has this address, or it is a client's test user
          2    the command line or the configuration is wrong; nothing was done
          3    it failed
        """;

    public static Command Describe(VerbConsole console, VerbHost host)
    {
        var email = new Option<string>("--email") { Description = "The account's address.", HelpName = "address", Required = true };
        var revoke = new Option<bool>("--revoke") { Description = "Ends the office instead." };
        var verb = new Verb("administrator", "Makes a person an administrator.", More) { email, revoke };
        verb.SetAction((parsed, cancellationToken) =>
            RunAsync(console, host, parsed.GetRequiredValue(email), !parsed.GetValue(revoke), cancellationToken));
        return verb;
    }

    private static async Task<int> RunAsync(VerbConsole console, VerbHost host, string email, bool administrator, CancellationToken cancellationToken)
    {
        await using var app = await host.OpenAsync(cancellationToken);
        await using var scope = app.Services.CreateAsyncScope();
        if (await scope.ServiceProvider.GetRequiredService<UserDirectory>().FindByEmailAsync(email, cancellationToken) is not { } user)
        {
            await console.Error.WriteLineAsync("No account has this address. Look for a typing mistake.");
            return ExitCode.Refused;
        }

        if (user.TestOfClientId is not null)
        {
            await console.Error.WriteLineAsync("A client made this account to test itself with. Appoint a person.");
            return ExitCode.Refused;
        }

        var changed = await scope.ServiceProvider.GetRequiredService<AccountChanges>().SetAdministratorAsync(user.Id, administrator, cancellationToken);
        await console.Out.WriteLineAsync((administrator, changed) switch
        {
            (true, true) => $"{user.Email} is an administrator now.",
            (true, false) => $"{user.Email} was an administrator before.",
            (false, true) => $"{user.Email} is no administrator any more.",
            (false, false) => $"{user.Email} was no administrator.",
        });
        return ExitCode.Done;
    }
}
