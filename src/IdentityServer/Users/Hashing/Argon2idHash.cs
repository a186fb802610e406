using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;
using NSec.Cryptography;

namespace IdentityServer.Users.Hashing;

/// <summary>Argon2id (RFC 9106) in the PHC string format: what new passwords get, and what other systems made with other parameters.</summary>
internal sealed partial class Argon2idHash : StoredHash
{
    /// <summary>Memory of a new hash in KiB: 19 MiB, with the passes below one of OWASP's equal choices.</summary>
    public const int MemoryKib = 19_456;

    /// <summary>Passes of a new hash.</summary>
    public const int Passes = 2;

    private const int SaltLength = 16;
    private const int TagLength = 32;

    // A foreign hash may cost a second of one core and a quarter of a gigabyte, no more: whoever imports must not stall sign-ins.
    private const int MostMemoryKib = 262_144;
    private const long MostWorkKib = 1_048_576;
    private const int MostLanes = 16;

    private static readonly Argon2id Algorithm = PasswordBasedKeyDerivationAlgorithm.Argon2id(
        new Argon2Parameters { DegreeOfParallelism = 1, MemorySize = MemoryKib, NumberOfPasses = Passes });

    private static readonly Parameters Ours = new(MemoryKib, Passes, Lanes: 1, SaltLength, TagLength);

    private readonly string _text;
    private readonly Parameters _parameters;

    private Argon2idHash(string text, Parameters parameters) => (_text, _parameters) = (text, parameters);

    /// <summary>A hash that no password has, of exactly the parameters of new ones.</summary>
    public static Argon2idHash Decoy { get; } = Random(Ours);

    /// <inheritdoc />
    public override string Format => "argon2id";

    /// <inheritdoc />
    public override string Recipe => string.Create(
        CultureInfo.InvariantCulture,
        $"{Format} m={_parameters.Memory},t={_parameters.Passes},p={_parameters.Lanes},salt={_parameters.Salt},tag={_parameters.Tag}");

    /// <inheritdoc />
    public override bool IsCurrent => _parameters == Ours;

    /// <summary>A new hash under a random salt.</summary>
    public static string Create(string password)
    {
        var salt = RandomNumberGenerator.GetBytes(SaltLength);
        var secret = Encoding.UTF8.GetBytes(password);
        try
        {
            return Write(Ours, salt, Algorithm.DeriveBytes(secret, salt, TagLength));
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <inheritdoc />
    public override bool Matches(string password)
    {
        // NSec derives with one lane and a salt of 16 bytes only; other systems use more lanes and other salts, which libsodium's own
        // verification takes. It recomputes and compares in constant time.
        var secret = Encoding.UTF8.GetBytes(password);
        try
        {
            return VerifyEncoded(Encoding.ASCII.GetBytes(_text + '\0'), secret, (ulong)secret.Length) == 0;
        }
        finally
        {
            CryptographicOperations.ZeroMemory(secret);
        }
    }

    /// <inheritdoc />
    public override StoredHash Twin() => Random(_parameters);

    /// <summary>Reads <c>$argon2id$v=19$m=19456,t=2,p=1$salt$hash</c>.</summary>
    public static (StoredHash? Hash, string? Reason) Parse(string text)
    {
        if (Phc().Match(text) is not { Success: true } match)
        {
            return (null, text.StartsWith("$argon2id$", StringComparison.Ordinal)
                ? "is not an Argon2id hash in PHC form; write $argon2id$v=19$m=19456,t=2,p=1$salt$hash, base64 without padding"
                : "is Argon2, but not Argon2id version 19; only $argon2id$v=19$ is verified here");
        }

        var (memory, passes, lanes) = (Number(match, "m"), Number(match, "t"), Number(match, "p"));
        if (!TryDecode(match.Groups["salt"].Value, out var salt) || !TryDecode(match.Groups["hash"].Value, out var tag))
        {
            return (null, "has a salt or hash that is not base64 without padding; copy the hash whole");
        }

        if (salt is < 8 or > 64 || tag is < 16 or > 64)
        {
            return (null, $"has {salt} bytes of salt and {tag} of hash; 8 to 64 and 16 to 64 are verified here");
        }

        if (lanes is < 1 or > MostLanes || passes < 1 || memory < 8 * lanes || memory > MostMemoryKib || memory * passes > MostWorkKib)
        {
            return (null, $"costs m={memory},t={passes},p={lanes}; up to m={MostMemoryKib}, p={MostLanes} and m*t={MostWorkKib} is verified here");
        }

        return (new Argon2idHash(text, new(memory, passes, lanes, salt, tag)), null);
    }

    private static Argon2idHash Random(Parameters parameters) => new(
        Write(parameters, RandomNumberGenerator.GetBytes(parameters.Salt), RandomNumberGenerator.GetBytes(parameters.Tag)), parameters);

    private static string Write(Parameters parameters, byte[] salt, byte[] tag) => string.Create(
        CultureInfo.InvariantCulture,
        $"$argon2id$v=19$m={parameters.Memory},t={parameters.Passes},p={parameters.Lanes}${Encode(salt)}${Encode(tag)}");

    private static string Encode(byte[] bytes) => Convert.ToBase64String(bytes).TrimEnd('=');

    private static bool TryDecode(string text, out int length)
    {
        var padded = text.PadRight((text.Length + 3) / 4 * 4, '=');
        var bytes = new byte[padded.Length];
        return Convert.TryFromBase64String(padded, bytes, out length) && Encode(bytes[..length]) == text;
    }

    private static long Number(Match match, string group) => long.Parse(match.Groups[group].ValueSpan, CultureInfo.InvariantCulture);

    // No leading zeros: libsodium refuses them, and a hash that is accepted here must not fail there.
    [GeneratedRegex(
        @"^\$argon2id\$v=19\$m=(?<m>[1-9][0-9]{0,8}),t=(?<t>[1-9][0-9]{0,8}),p=(?<p>[1-9][0-9]{0,8})\$(?<salt>[A-Za-z0-9+/]+)\$(?<hash>[A-Za-z0-9+/]+)\z",
        RegexOptions.CultureInvariant)]
    private static partial Regex Phc();

    [DllImport("libsodium", EntryPoint = "crypto_pwhash_argon2id_str_verify", CallingConvention = CallingConvention.Cdecl)]
    [DefaultDllImportSearchPaths(DllImportSearchPath.AssemblyDirectory | DllImportSearchPath.SafeDirectories)]
    private static extern int VerifyEncoded(byte[] encoded, byte[] password, ulong passwordLength);

    private sealed record Parameters(long Memory, long Passes, long Lanes, int Salt, int Tag);
}
