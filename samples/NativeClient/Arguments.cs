namespace NativeClient;

/// <summary>What the command line said.</summary>
/// <param name="Authority">The provider.</param>
/// <param name="ClientId">What this application is registered as.</param>
/// <param name="OpenBrowser">Opens the system's browser; otherwise addresses are only printed.</param>
/// <param name="Refresh">Refreshes the tokens once.</param>
internal sealed record Arguments(string Authority, string ClientId, bool OpenBrowser, bool Refresh)
{
    public const string Help = """
        Signs you in with the system's browser and shows what the provider says about you.

          --refresh          refresh the tokens once
          --no-browser       print the addresses only, to open them yourself
          --authority URL    the provider (http://localhost:5080)
          --client-id ID     what this application is registered as (native)
        """;

    /// <returns>Null when there is something that means nothing here.</returns>
    public static Arguments? Read(string[] args)
    {
        var read = new Arguments("http://localhost:5080", "native", OpenBrowser: true, Refresh: false);
        for (var i = 0; i < args.Length; i++)
        {
            var next = i + 1 < args.Length ? args[i + 1] : null;
            switch (args[i])
            {
                case "--refresh":
                    read = read with { Refresh = true };
                    break;
                case "--no-browser":
                    read = read with { OpenBrowser = false };
                    break;
                case "--authority" when next is not null:
                    read = read with { Authority = next.TrimEnd('/') };
                    i++;
                    break;
                case "--client-id" when next is not null:
                    read = read with { ClientId = next };
                    i++;
                    break;
                default:
                    return null;
            }
        }

        return read;
    }
}
