using IdentityServer.Settings;

namespace IdentityServer.Maintenance;

/// <summary>What a verb's process answers with. Scripts rely on these numbers.</summary>
internal static class ExitCode
{
    /// <summary>Done.</summary>
    public const int Done = 0;

    /// <summary>Something was refused; what was not refused is done.</summary>
    public const int Refused = 1;

    /// <summary>The command line or the configuration is wrong; nothing was done.</summary>
    public const int Usage = ConfigurationException.ExitCode;

    /// <summary>It stopped on the way: the database, the disk or the program failed.</summary>
    public const int Failed = 3;

    /// <summary>It was told to stop.</summary>
    public const int Stopped = 130;
}
