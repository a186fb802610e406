using System.CommandLine;
using IdentityServer.Maintenance.Import;

namespace IdentityServer.Maintenance;

/// <summary><c>users import</c>, <c>clients import</c> and <c>resources import</c>: one engine, three kinds of lines.</summary>
internal static class ImportVerbs
{
    private const string ExitCodes =
        """
        Exit codes:
          0    every line is in, now or before
          1    some lines were refused, each named by number and reason; the others are in
          2    the command line or the configuration is wrong; nothing was done
          3    it failed on the way; run it again, what is in stays in
          130  it was told to stop; likewise
        """;

    private const string Users =
        """
        FILE is JSON Lines: UTF-8, one JSON object a line, at most 64 KiB each. Members of a line:
          email           required; where codes go, and what the person signs in with
          password        12 to 256 characters, not a common one; hashed here, about 25 ms each on one core
          password_hash   instead of password; replaced by Argon2id at the person's next sign-in. One of
                            Argon2id PHC               $argon2id$v=19$m=19456,t=2,p=1$<salt>$<hash>
                            ASP.NET Core Identity V3   AQAAAA...
                            bcrypt                     $2b$12$...
          email_verified  true or false; false when left out
          Any standard claim of OpenID Connect Core 5.1 by its own name: name, given_name, family_name, middle_name, nickname,
          preferred_username, profile, picture, website, gender, birthdate, zoneinfo, locale, phone_number,
          phone_number_verified, address, updated_at. Any other member is an error.

        Example of a line:
          {"email":"ada@example.com","password":"a long phrase of hers","email_verified":true,"name":"Ada Lovelace","locale":"en-GB"}

        Addresses that have an account are left as they are, so running a file twice changes nothing; where the line says
        something else, that is reported. Passwords are not compared.

        """ + "\n" + ExitCodes;

    private const string Clients =
        """
        FILE is JSON Lines: UTF-8, one JSON object a line, at most 64 KiB each. Members of a line are those of dynamic client
        registration (RFC 7591), among them:
          client_name                            what people see; required in effect, since a client is recognised by it
          redirect_uris                          where answers go; compared exactly
          post_logout_redirect_uris              where people go after signing out
          token_endpoint_auth_method             client_secret_basic (when left out), client_secret_post, private_key_jwt, or none with PKCE alone
          jwks, jwks_uri                         the client's public keys, or where it publishes them; for private_key_jwt
          grant_types                            authorization_code (when left out), refresh_token, client_credentials
          scope                                  separated by blanks, such as "openid profile email"
          id_token_signed_response_alg           RS256 (when left out), ES256 or PS256
          require_pushed_authorization_requests  true or false
          introspects                            for a resource server: the resources whose access tokens it may introspect
          client_id, client_secret               when left out they are made here and written to standard output, this once
        Any other member is an error that names it.

        Example of a line:
          {"client_name":"Shop","redirect_uris":["https://shop.example.com/signin-oidc"],"scope":"openid email"}

        A client that is there already is left as it is, so running a file twice changes nothing; a line without client_id is
        recognised by name and redirect URIs. What is made here comes as one JSON object a line.

        """ + "\n" + ExitCodes;

    private const string Resources =
        """
        FILE is JSON Lines: UTF-8, one JSON object a line, at most 64 KiB each. Members of a line:
          resource                  required; the API's URI, without query and fragment: what clients name as resource (RFC 8707)
                                      and what its access tokens carry as aud
          name                      required; what people see when they are asked to allow something
          scopes                    required; a list of {"name": ..., "description": ...}. A name belongs to one resource, and people
                                      read the description before they allow it
          access_token_lifetime     seconds, 30 to 900; 900 when left out
          access_token_signing_alg  RS256, ES256 or PS256; the server's own choice when left out
        Any other member is an error that names it.

        Example of a line:
          {"resource":"https://api.example.com","name":"Notes","scopes":[{"name":"notes.read","description":"Read your notes"}]}

        A resource that is there already becomes what its line says, so running a file twice changes nothing the second time. A scope
        that its line no longer has is gone, for what was granted too. Servers that run see a change within five seconds.

        """ + "\n" + ExitCodes;

    public static Command DescribeResources(VerbConsole console, VerbHost host) => Describe(
        new Verb("import", "Registers or changes resources, such as APIs, from a file.", Resources),
        "Resources",
        services => ActivatorUtilities.CreateInstance<ResourceLines>(services),
        console,
        host);

    public static Command DescribeUsers(VerbConsole console, VerbHost host) => Describe(
        new Verb("import", "Imports accounts from a file, with their passwords or password hashes.", Users),
        "Accounts",
        services => ActivatorUtilities.CreateInstance<UserLines>(services),
        console,
        host);

    public static Command DescribeClients(VerbConsole console, VerbHost host) => Describe(
        new Verb("import", "Registers clients from a file.", Clients),
        "Clients",
        services => ActivatorUtilities.CreateInstance<ClientLines>(services),
        console,
        host);

    private static Verb Describe(
        Verb verb, string things, Func<IServiceProvider, IImportTarget> target, VerbConsole console, VerbHost host)
    {
        var file = new Argument<string>("FILE") { Description = "The file; - reads standard input." };
        verb.Arguments.Add(file);
        verb.SetAction((parsed, cancellationToken) =>
            RunAsync(things, parsed.GetRequiredValue(file), target, console, host, cancellationToken));
        return verb;
    }

    private static async Task<int> RunAsync(
        string things, string path, Func<IServiceProvider, IImportTarget> target, VerbConsole console, VerbHost host, CancellationToken cancellationToken)
    {
        Stream file;
        try
        {
            file = path == "-"
                ? Console.OpenStandardInput()
                : new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, useAsync: true);
        }
        catch (Exception unreadable) when (unreadable is IOException or UnauthorizedAccessException or ArgumentException)
        {
            await console.Error.WriteLineAsync($"FILE cannot be read: {unreadable.Message}");
            return ExitCode.Usage;
        }

        await using var stream = file;
        await using var app = await host.OpenAsync(cancellationToken);
        var report = new ImportReport(console);
        await new JsonLinesImport(app.Services.GetRequiredService<IServiceScopeFactory>(), target, report).RunAsync(file, cancellationToken);
        return await report.FinishAsync(things);
    }
}
