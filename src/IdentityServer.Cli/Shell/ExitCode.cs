namespace IdentityServer.Cli.Shell;

/// <summary>What the tool's process answers with. Scripts rely on these numbers.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>It stopped on the way: the network, the disk or one of the two programs failed.</summary>
    public const int Failed = 1;

    /// <summary>The command line is wrong; nothing was done.</summary>
    public const int Usage = 2;

    /// <summary>Nobody is signed in, or no longer.</summary>
    public const int NotSignedIn = 3;

    /// <summary>The server refused it.</summary>
    public const int Refused = 4;

    /// <summary>The doctor found what keeps people from signing in.</summary>
    public const int Problems = 5;

    /// <summary>It was told to stop.</summary>
    public const int Stopped = 130;

    /// <summary>For the help of each command.</summary>
    public const string Help =
        """
        Exit codes:
          0    done
          1    it failed: the network, the disk, or a fault
          2    the command line is wrong; nothing was done
          3    nobody is signed in: idsrv login
          4    the server refused it
          130  it was told to stop
        """;
}
