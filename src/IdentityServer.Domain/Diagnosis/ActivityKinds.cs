namespace IdentityServer.Domain.Diagnosis;

/// <summary>What is counted of a client, each day: stable names, since rows and the API hold them.</summary>
public static class ActivityKinds
{
    /// <summary>An authorization request was taken that needs a person to do something first.</summary>
    public const string Asked = "sign-in.asked";

    /// <summary>A password was right, and a code was mailed.</summary>
    public const string Mailed = "sign-in.mailed";

    /// <summary>The code was right: a session was opened.</summary>
    public const string Entered = "sign-in.entered";

    /// <summary>An authorization code was given.</summary>
    public const string Granted = "sign-in.granted";

    /// <summary>An authorization code was exchanged for tokens: a sign-in is complete.</summary>
    public const string Completed = "sign-in.completed";

    /// <summary>A refresh token was exchanged.</summary>
    public const string Refreshed = "tokens.refreshed";

    /// <summary>The client was given a token for itself.</summary>
    public const string ForItself = "tokens.for-itself";

    /// <summary>The person said no, or was refused for a reason that is theirs.</summary>
    public const string Declined = "sign-in.declined";

    /// <summary>A request failed; a code of <see cref="FailureCodes"/> follows.</summary>
    public const string FailurePrefix = "failure.";

    /// <summary>A token request was answered within so many milliseconds; see <see cref="LatencyBuckets"/>.</summary>
    public const string LatencyPrefix = "latency.";

    /// <summary>The steps of a sign-in in their order, the funnel.</summary>
    public static IReadOnlyList<string> Funnel { get; } = [Asked, Mailed, Entered, Granted, Completed];
}
