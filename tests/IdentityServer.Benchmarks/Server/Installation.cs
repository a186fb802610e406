using System.Buffers.Text;
using System.Diagnostics;
using System.Globalization;
using System.Security.Cryptography;
using System.Text.Json;
using IdentityServer.TestSupport;
using IdentityServer.Users.Hashing;

namespace IdentityServer.Benchmarks.Server;

/// <summary>
/// An installation as an operator would have it: production, SQLite, a proxy before it that ends TLS, a relay, accounts and a client that
/// came in through the import verbs. The directory is gone when disposed.
/// </summary>
internal sealed class Installation : IDisposable
{
    public const string Issuer = "https://id.example.com";
    public const string ClientId = "benchmark";
    public const string RedirectUri = "https://app.example.com/callback";
    public const string Password = "a-river-runs-through-it";

    private static readonly string[] _redirectUris = [RedirectUri];
    private static readonly string[] _grantTypes = ["authorization_code", "refresh_token"];

    private readonly string _directory = Directory.CreateTempSubdirectory("identityserver-benchmarks-").FullName;

    /// <summary>A fresh one, with nothing in it yet.</summary>
    public Installation(SmtpListener relay) => Settings = new Dictionary<string, string>
    {
        ["ASPNETCORE_ENVIRONMENT"] = "Production",
        ["Issuer"] = Issuer,
        ["Storage__DataDirectory"] = Path.Combine(_directory, "data"),
        ["Proxy__KnownAddresses__0"] = "127.0.0.1",
        ["Mail__From"] = "sign-in@example.com",
        ["Mail__Relays__0__Host"] = "127.0.0.1",
        ["Mail__Relays__0__Port"] = relay.Port.ToString(CultureInfo.InvariantCulture),
        ["Mail__Relays__0__Security"] = "None",
    };

    /// <summary>The configuration, as environment variables.</summary>
    public IReadOnlyDictionary<string, string> Settings { get; }

    /// <summary>43 characters, as our own secrets have.</summary>
    public string ClientSecret { get; } = Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    /// <summary>The address of an account, counted from zero.</summary>
    public static string Address(int user) => string.Create(CultureInfo.InvariantCulture, $"user{user}@example.com");

    /// <summary>Imports accounts and the client, with the product's own verbs.</summary>
    public async Task FillAsync(int users, CancellationToken cancellationToken)
    {
        var hash = Argon2idHash.Create(Password);
        await ImportAsync("users", Enumerable.Range(0, users).Select(user => (object)new
        {
            email = Address(user),
            password_hash = hash,
            email_verified = true,
            name = "Ada Lovelace",
            given_name = "Ada",
            family_name = "Lovelace",
            preferred_username = "ada",
            locale = "en-GB",
        }), cancellationToken);
        await ImportAsync("clients", [new
        {
            client_id = ClientId,
            client_secret = ClientSecret,
            client_name = "Benchmark",
            redirect_uris = _redirectUris,
            token_endpoint_auth_method = "client_secret_basic",
            grant_types = _grantTypes,
            scope = "openid profile email offline_access",
            id_token_signed_response_alg = "ES256",
            first_party = true,
            verified = true,
        }], cancellationToken);
    }

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    private async Task ImportAsync(string what, IEnumerable<object> lines, CancellationToken cancellationToken)
    {
        var file = Path.Combine(_directory, what + ".jsonl");
        await File.WriteAllLinesAsync(file, lines.Select(line => JsonSerializer.Serialize(line)), cancellationToken);
        using var import = Process.Start(ServerProcess.Product(this, what, "import", file))!;
        var output = import.StandardOutput.ReadToEndAsync(cancellationToken);
        await import.WaitForExitAsync(cancellationToken);
        if (import.ExitCode != 0)
        {
            throw new InvalidOperationException($"Importing {what} ended with {import.ExitCode}: {await output}");
        }
    }
}
