using System.Buffers.Text;
using System.Text;

namespace IdentityServer.Domain.Diagnosis;

/// <summary>
/// What a wrong secret may have been meant to be: a handful of forms, each of which undoes one mistake that programs make. Whoever compares
/// them with what is stored must compare them all, whatever comes out, and tell the result to the client's owners alone: to anybody
/// else it would be more tries for one.
/// </summary>
public static class SecretRepairs
{
    /// <summary>The most that there are of one text.</summary>
    public const int Most = 8;

    private static readonly char[] Quotes = ['"', '\'', '`'];

    /// <summary>The mended forms with the codes of the mistakes that they undo, likeliest first.</summary>
    /// <param name="presented">What came, decoded as the protocol has it.</param>
    /// <param name="undecoded">The same before HTTP Basic's form-decoding; null when it came another way.</param>
    /// <param name="clientId">Whose it should be.</param>
    public static IReadOnlyList<(string Code, string Candidate)> Of(string presented, string? undecoded, string clientId)
    {
        ArgumentNullException.ThrowIfNull(presented);
        var found = new List<(string Code, string Candidate)>(Most);
        Add(FailureCodes.SecretWithWhitespace, presented.Trim().Trim('\uFEFF', '\u200B'));
        Add(FailureCodes.SecretInQuotes, presented.Trim().Trim(Quotes));
        Add(FailureCodes.SecretNotPercentEncoded, undecoded);
        Add(FailureCodes.SecretPlusBecameBlank, presented.Replace(' ', '+'));
        Add(FailureCodes.SecretPercentEncoded, Uri.UnescapeDataString(presented));
        Add(FailureCodes.SecretIsWholePair, AfterColon(presented, clientId));
        Add(FailureCodes.SecretIsWholePair, AfterColon(FromBase64(presented), clientId));
        return found;

        void Add(string code, string? candidate)
        {
            if (!string.IsNullOrEmpty(candidate) && candidate != presented && found.TrueForAll(other => other.Candidate != candidate))
            {
                found.Add((code, candidate));
            }
        }
    }

    private static string? AfterColon(string? pair, string clientId) =>
        pair?.StartsWith(clientId + ":", StringComparison.Ordinal) == true ? pair[(clientId.Length + 1)..] : null;

    private static string? FromBase64(string text)
    {
        var bytes = new byte[text.Length];
        return Convert.TryFromBase64String(text, bytes, out var length) || (Base64Url.IsValid(text) && Base64Url.TryDecodeFromChars(text, bytes, out length))
            ? Encoding.ASCII.GetString(bytes, 0, length)
            : null;
    }
}
