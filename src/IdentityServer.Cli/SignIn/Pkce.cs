using System.Buffers.Text;
using System.Security.Cryptography;
using System.Text;

namespace IdentityServer.Cli.SignIn;

/// <summary>What binds an authorization code to the one who asked for it (RFC 7636), by S256.</summary>
internal sealed class Pkce
{
    public Pkce()
    {
        Verifier = RandomText();
        Challenge = Base64Url.EncodeToString(SHA256.HashData(Encoding.ASCII.GetBytes(Verifier)));
    }

    public string Verifier { get; }

    public string Challenge { get; }

    /// <summary>256 bits that nobody guesses, fit for an address.</summary>
    public static string RandomText() => Base64Url.EncodeToString(RandomNumberGenerator.GetBytes(32));

    public override string ToString() => "•••";
}
