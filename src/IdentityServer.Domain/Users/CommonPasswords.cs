using System.Collections.Frozen;
using System.Text;

namespace IdentityServer.Domain.Users;

/// <summary>
/// The passwords that are guessed first. The embedded list holds stems of lower-case letters and digits; what somebody chooses is brought
/// to that shape before it is looked up, because the programs that guess know the same variants: P@ssword-2026! finds password.
/// </summary>
internal static class CommonPasswords
{
    // A stem this long is refused whatever digits follow; after a shorter one they count, unless they are predictable.
    private const int LongStem = 12;

    // Digits that add nothing: a year, 123, 007.
    private const int PlainTail = 4;

    // Shorter shapes (of a password that is mostly punctuation) say nothing about the whole.
    private const int LeastPattern = 8;

    // Rows that fingers walk; a password that is one walk along one of them is no secret, wherever it starts.
    private static readonly string[] Rows =
    [
        "abcdefghijklmnopqrstuvwxyz", "01234567890123456789", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
        "azertyuiopqsdfghjklmwxcvbn", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb6yhn7ujm8ik9ol0p", "qazwsxedcrfvtgbyhnujmikolp",
        "zaq12wsxcde34rfvbgt56yhnmju78ik", "a1b2c3d4e5f6g7h8i9j0", "qweasdzxcrtyfghvbnuiojklm", "1a2b3c4d5e6f7g8h9i0j",
        "1234567890qwertyuiop", "qwertyuiop1234567890", "1234567890abcdefghij", "abcdefghij1234567890",
    ];

    private static readonly Lazy<FrozenSet<string>> Stems = new(Load);

    private static readonly Lazy<IReadOnlyList<string>> Walks = new(
        () => [.. Rows.SelectMany(row => new[] { row + row, string.Concat((row + row).Reverse()) })]);

    /// <summary>What the list holds, for those who check the list.</summary>
    internal static IReadOnlyCollection<string> All => Stems.Value;

    /// <summary>True for a listed password or a plain variant of one.</summary>
    /// <param name="password">The password in its normalised form.</param>
    public static bool Contain(string password)
    {
        var lower = password.ToLowerInvariant();
        var letters = LettersAndDigits(lower);
        return IsPattern(lower) || IsPattern(letters) || HasListedStem(lower);
    }

    // The stem runs from the first letter to the last; what stands around it is its tail, wherever it stands.
    private static bool HasListedStem(string text)
    {
        var first = 0;
        var end = text.Length;
        while (first < end && !char.IsLetter(text[first]))
        {
            first++;
        }

        while (end > first && !char.IsLetter(text[end - 1]))
        {
            end--;
        }

        var around = text[..first] + text[end..];
        var tail = string.Concat(around.Where(char.IsAsciiDigit));
        return new[] { LettersAndDigits(text[first..end]), LettersAndDigits(WithoutLeet(text[first..end])) }
            .SelectMany(stem => new[] { stem, Unit(stem) })
            .Any(stem => Stems.Value.Contains(stem) && (stem.Length >= LongStem || IsPlainTail(tail)))
            || Stems.Value.Contains(LettersAndDigits(WithoutLeet(text)));
    }

    private static bool IsPlainTail(string digits) => digits.Length <= PlainTail || IsRepeated(digits) || IsWalk(digits);

    private static bool IsPattern(string text) => text.Length >= LeastPattern && (IsRepeated(text) || IsWalk(text));

    // aaaaaaaaaaaa, abcabcabcabc, 121212121212.
    private static bool IsRepeated(string text) =>
        Enumerable.Range(1, Math.Min(4, text.Length / 2)).Any(unit => HasPeriod(text, unit));

    private static bool IsWalk(string text) =>
        text.Length > 0 && Walks.Value.Any(walk => walk.Contains(text, StringComparison.Ordinal));

    // dragondragon is dragon to whoever guesses.
    private static string Unit(string text) =>
        Enumerable.Range(1, text.Length / 2).Where(unit => text.Length % unit == 0 && HasPeriod(text, unit)).Select(unit => text[..unit])
            .FirstOrDefault(text);

    private static bool HasPeriod(string text, int unit) =>
        text.AsSpan(unit).SequenceEqual(text.AsSpan(0, text.Length - unit));

    private static string LettersAndDigits(string text) => string.Concat(text.Where(char.IsLetterOrDigit));

    private static string WithoutLeet(string text) => string.Concat(text.Select(Unleet));

    private static char Unleet(char c) => c switch
    {
        '0' => 'o',
        '1' or '!' or '|' => 'i',
        '3' or '€' => 'e',
        '4' or '@' => 'a',
        '5' or '$' => 's',
        '7' or '+' => 't',
        '8' => 'b',
        _ => c,
    };

    private static FrozenSet<string> Load()
    {
        using var stream = typeof(CommonPasswords).Assembly.GetManifestResourceStream("common-passwords.txt")
            ?? throw new InvalidOperationException("The list of common passwords is not in the assembly.");
        using var reader = new StreamReader(stream, Encoding.UTF8);
        var stems = new List<string>();
        while (reader.ReadLine() is { } line)
        {
            if (line.Length > 0 && line[0] != '#')
            {
                stems.Add(line);
            }
        }

        return stems.ToFrozenSet(StringComparer.Ordinal);
    }
}
