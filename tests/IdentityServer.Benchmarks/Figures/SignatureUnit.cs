using System.Security.Cryptography;

namespace IdentityServer.Benchmarks.Figures;

/// <summary>
/// The unit S: the CPU time of one RSA-2048 signature in .NET on one core of this machine, in this run. It makes figures of different
/// machines comparable; it is measured again between all batches, while the server rests.
/// </summary>
internal sealed class SignatureUnit : IDisposable
{
    private const int Signatures = 200;

    private readonly RSA _key = RSA.Create(2048);
    private readonly byte[] _hash = RandomNumberGenerator.GetBytes(SHA256.HashSizeInBytes);
    private readonly List<double> _milliseconds = [];

    public SignatureUnit()
    {
        Sign();
        for (var batch = 0; batch < 5; batch++)
        {
            Measure();
        }
    }

    /// <summary>Milliseconds of CPU time: the median of all batches so far.</summary>
    public double Milliseconds => Median.Of(_milliseconds);

    public void Measure() => _milliseconds.Add(Sign());

    public void Dispose() => _key.Dispose();

    private double Sign()
    {
        var before = Environment.CpuUsage.TotalTime;
        for (var signature = 0; signature < Signatures; signature++)
        {
            _key.SignHash(_hash, HashAlgorithmName.SHA256, RSASignaturePadding.Pkcs1);
        }

        return (Environment.CpuUsage.TotalTime - before).TotalMilliseconds / Signatures;
    }
}
