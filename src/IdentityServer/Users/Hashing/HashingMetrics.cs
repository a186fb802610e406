using System.Diagnostics.Metrics;

namespace IdentityServer.Users.Hashing;

/// <summary>How long hashing takes and how often it is refused.</summary>
internal sealed class HashingMetrics
{
    /// <summary>The meter's name.</summary>
    public const string MeterName = "IdentityServer.Users";

    /// <summary>Seconds of one hash, by format. One measurement is one hash computed.</summary>
    public const string Duration = "identityserver.password.hash.duration";

    /// <summary>Passwords that were not checked because all places were taken.</summary>
    public const string Busy = "identityserver.password.hash.busy";

    private readonly Histogram<double> _duration;
    private readonly Counter<long> _busy;

    public HashingMetrics(IMeterFactory meters)
    {
        var meter = meters.Create(MeterName);
        _duration = meter.CreateHistogram<double>(Duration, "s", "Time to compute one password hash.");
        _busy = meter.CreateCounter<long>(Busy, "{password}", "Passwords refused because too many were being checked.");
    }

    public void Hashed(string format, TimeSpan elapsed) =>
        _duration.Record(elapsed.TotalSeconds, new KeyValuePair<string, object?>("format", format));

    public void Refused() => _busy.Add(1);
}
