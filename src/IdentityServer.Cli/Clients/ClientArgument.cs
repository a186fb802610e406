using System.CommandLine;

namespace IdentityServer.Cli.Clients;

/// <summary>The argument that names a client.</summary>
internal static class ClientArgument
{
    public static Argument<string> New() => new("CLIENT") { Description = "The client's identifier, its client_id." };
}
