using System.Buffers.Text;
using System.Security.Cryptography;
using IdentityServer.Domain.Clients;
using IdentityServer.TestSupport;

namespace IdentityServer.Snippets.Tests;

/// <summary>What the snippets of web servers have in common: a person signs in, is known by the right subject, and signs out.</summary>
public abstract class WebServerTests(Provider provider)
{
    private protected static void Needs(string file, string package) => Requires.File(file, package);

    /// <summary>Builds a snippet, starts it and signs in.</summary>
    /// <param name="key">Which.</param>
    /// <param name="method">How its client authenticates.</param>
    /// <param name="more">What its registration demands beside that.</param>
    /// <param name="prepare">What the test does differently from a reader, instead of installing.</param>
    private protected async Task SignsInAsync(
        string key, string method, Func<ClientMetadataDraft, ClientMetadataDraft>? more = null, Func<SnippetProgram, Task>? prepare = null)
    {
        var port = FreePort.Find();
        var draft = new ClientMetadataDraft(port, method);
        var client = await provider.AddClientAsync((more?.Invoke(draft) ?? draft).Members);
        var person = await provider.AddPersonAsync();
        await using var program = SnippetProgram.Save(provider.Issuer, client, key);
        if (draft.Key is { } pem)
        {
            program.Write("client-key.pem", pem);
        }

        await (prepare?.Invoke(program) ?? program.InstallAsync());
        await program.StartAsync(port);
        using var visitor = new Visitor(provider, new Uri($"http://localhost:{port}/"));
        (await visitor.SignInAsync(person)).ShouldContain(person.Subject, customMessage: program.Told());
        (await visitor.SignOutAsync()).ShouldBeTrue(program.Told());
    }
}

/// <summary>The registration of a web application on this machine.</summary>
internal sealed class ClientMetadataDraft(int port, string method)
{
    /// <summary>The private key of a client that signs (PKCS #8, PEM).</summary>
    public string? Key { get; private set; }

    public Dictionary<string, object> Members { get; } = new()
    {
        ["redirect_uris"] = new[] { $"http://localhost:{port}/signed/in" },
        ["post_logout_redirect_uris"] = new[] { $"http://localhost:{port}/signed/out" },
        ["token_endpoint_auth_method"] = method,
        ["grant_types"] = new[] { ClientGrantTypes.AuthorizationCode, ClientGrantTypes.RefreshToken },
        ["scope"] = "openid profile email offline_access orders",
    };

    public ClientMetadataDraft With(string name, object value)
    {
        Members[name] = value;
        return this;
    }

    /// <summary>Has every authorization request handed in beforehand.</summary>
    public ClientMetadataDraft Pushing(bool pushes = true) => With("require_pushed_authorization_requests", pushes);

    /// <summary>Gives the client a key of its own, in place of a secret.</summary>
    /// <param name="algorithm">ES256 or RS256.</param>
    public ClientMetadataDraft WithKey(string algorithm)
    {
        Dictionary<string, string> jwk;
        if (algorithm == ClientSigningAlgorithms.ES256)
        {
            using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
            var point = key.ExportParameters(false).Q;
            Key = key.ExportPkcs8PrivateKeyPem();
            jwk = new() { ["kty"] = "EC", ["crv"] = "P-256", ["x"] = Base64Url.EncodeToString(point.X), ["y"] = Base64Url.EncodeToString(point.Y) };
        }
        else
        {
            using var key = RSA.Create(2048);
            var numbers = key.ExportParameters(false);
            Key = key.ExportPkcs8PrivateKeyPem();
            jwk = new() { ["kty"] = "RSA", ["n"] = Base64Url.EncodeToString(numbers.Modulus), ["e"] = Base64Url.EncodeToString(numbers.Exponent) };
        }

        return With("jwks", new { keys = new[] { jwk } }).With("token_endpoint_auth_signing_alg", algorithm);
    }
}
