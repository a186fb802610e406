using System.CommandLine;
using System.Text.Json;
using IdentityServer.Domain.Users;
using IdentityServer.Users;

namespace IdentityServer.Maintenance;

/// <summary><c>users create</c>.</summary>
internal static class CreateUserVerb
{
    private const string More =
        """
        The password is asked for where somebody can type, and is otherwise the first line of standard input; never an argument,
        which every process of the machine could read. It has 12 to 256 characters and is not a common one.

        Example:
          IdentityServer users create --email ada@example.com --name "Ada Lovelace" < password.txt

        Exit codes:
          0    the account is made
          1    refused: the address has an account or belonged to one within three days, or the password may not be chosen
          2    the command line or the configuration is wrong; nothing was done
          3    it failed
        """;

    public static Command Describe(VerbConsole console, VerbHost host)
    {
        var email = new Option<string>("--email")
        {
            Description = "Where codes go; the person signs in with it.",
            HelpName = "address",
            Required = true,
        };
        var name = new Option<string?>("--name") { Description = "The person's full name.", HelpName = "name" };
        var verb = new Verb("create", "Makes one account.", More) { email, name };
        verb.SetAction((parsed, cancellationToken) =>
            RunAsync(console, host, parsed.GetRequiredValue(email), parsed.GetValue(name), cancellationToken));
        return verb;
    }

    private static async Task<int> RunAsync(
        VerbConsole console, VerbHost host, string email, string? name, CancellationToken cancellationToken)
    {
        if (!EmailAddress.TryParse(email, out var address))
        {
            await console.Error.WriteLineAsync("--email is not an address; write it as name@example.com.");
            return ExitCode.Usage;
        }

        if (TestAddress.IsReserved(address))
        {
            await console.Error.WriteLineAsync($"--email lies under {TestAddress.Domain}, which is kept for test users; an owner of a client makes those. Give another address.");
            return ExitCode.Usage;
        }

        if (!TryReadName(name, out var claims, out var problem))
        {
            await console.Error.WriteLineAsync($"--{problem}.");
            return ExitCode.Usage;
        }

        await using var app = await host.OpenAsync(cancellationToken);
        await using var scope = app.Services.CreateAsyncScope();
        var directory = scope.ServiceProvider.GetRequiredService<UserDirectory>();
        if (await directory.FindByEmailAsync(address.Normalized, cancellationToken) is not null)
        {
            return await RefuseAsync(console, "This address has an account already, or belonged to one within the last three days; nothing was changed.");
        }

        if (await console.ReadNewPasswordAsync(cancellationToken) is not { } password)
        {
            return await RefuseAsync(console, "No password was given; write it to standard input, as one line.");
        }

        if (PasswordText.Problem(password) is { } refusal)
        {
            return await RefuseAsync(console, $"The password {refusal}.");
        }

        var hash = await app.Services.GetRequiredService<IPasswordHasher>().HashAsync(password, cancellationToken);
        if (await directory.CreateAsync(new(address, hash, EmailVerified: false, claims), cancellationToken) is not UserCreation.Created created)
        {
            return await RefuseAsync(console, "This address has an account already, or belonged to one within the last three days; nothing was changed.");
        }

        await console.Out.WriteLineAsync($"Made the account of {created.User.Email} with the subject {created.User.Id:D}.");
        return ExitCode.Done;
    }

    private static bool TryReadName(string? name, out StandardClaims claims, out string problem)
    {
        claims = StandardClaims.None;
        problem = "";
        if (name is null)
        {
            return true;
        }

        KeyValuePair<string, JsonElement>[] members = [new("name", JsonSerializer.SerializeToElement(name))];
        var fine = StandardClaims.TryParse(members, out var parsed, out var problems);
        claims = parsed ?? claims;
        problem = fine ? problem : problems[0].ToString();
        return fine;
    }

    private static async Task<int> RefuseAsync(VerbConsole console, string reason)
    {
        await console.Error.WriteLineAsync(reason);
        return ExitCode.Refused;
    }
}
