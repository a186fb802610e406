using System.Diagnostics.CodeAnalysis;

namespace IdentityServer.Cli.Server;

/// <summary>Where a server is: its issuer identifier, with the slash at its end.</summary>
internal static class ServerAddress
{
    /// <summary>What to write instead of what is none.</summary>
    public const string Mend = "Write the server's address as https://id.example.com; http is for a server on this machine.";

    /// <summary>Accepts https addresses, and http ones of this machine: elsewhere tokens would travel in the clear.</summary>
    public static bool TryParse(string? text, [NotNullWhen(true)] out Uri? address)
    {
        address = Uri.TryCreate(text?.TrimEnd('/') + "/", UriKind.Absolute, out var uri)
            && (uri.Scheme == Uri.UriSchemeHttps || (uri.Scheme == Uri.UriSchemeHttp && uri.IsLoopback))
            && uri.Query.Length == 0 && uri.Fragment.Length == 0 && uri.UserInfo.Length == 0
                ? uri
                : null;
        return address is not null;
    }
}
