namespace IdentityServer.Domain.Diagnosis;

/// <summary>How long clients' owners can look back, and how much is kept for them.</summary>
public static class DiagnosisPolicy
{
    /// <summary>How long a failed request is kept.</summary>
    public static readonly TimeSpan FailuresKept = TimeSpan.FromDays(14);

    /// <summary>How long the counts of a day are kept.</summary>
    public static readonly TimeSpan ActivityKept = TimeSpan.FromDays(90);

    /// <summary>
    /// The failed requests of one client that a node keeps in an hour; beyond it <see cref="FailuresOfCodeBeyond"/> of each code, and the rest
    /// are counted only. Anybody can make a client's requests fail, so the rows must not grow with their number.
    /// </summary>
    public const int FailuresPerHour = 200;

    /// <summary>
    /// The failed requests of each code that a node keeps in an hour beyond <see cref="FailuresPerHour"/>. Strangers who flood a client with
    /// some mistakes so hide none of another kind, and nothing that fails only after a client has proved itself: they do not come that far.
    /// </summary>
    public const int FailuresOfCodeBeyond = 10;
}
