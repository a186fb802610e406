using IdentityServer.Trials;

namespace IdentityServer.Portal.TryIt;

/// <summary>The addresses of runs.</summary>
internal static class TrialUrls
{
    /// <summary>The end of the address where runs begin.</summary>
    public const string Page = "try";

    /// <summary>Where a run is shown.</summary>
    public static string Run(Trial trial, string? done = null) => PortalUrls.Client(trial.State.ClientId, $"{Page}/{trial.Id:N}", done);
}
