namespace IdentityServer.Domain.Diagnosis;

/// <summary>A stretch of a text.</summary>
/// <param name="Text">Its characters.</param>
/// <param name="Differs">Whether the other text has something else, or nothing, in its place.</param>
public readonly record struct Stretch(string Text, bool Differs);

/// <summary>Two texts beside each other, in stretches that both have and stretches that only one has.</summary>
/// <param name="Left">The first, whole.</param>
/// <param name="Right">The second, whole.</param>
public sealed record TextDifference(IReadOnlyList<Stretch> Left, IReadOnlyList<Stretch> Right)
{
    /// <summary>The longest text that is compared character by character; of longer ones only start and end are.</summary>
    public const int MaxLength = 512;

    /// <summary>Compares two texts by their longest common subsequence, so that a character that is missing marks itself alone.</summary>
    public static TextDifference Between(string left, string right)
    {
        ArgumentNullException.ThrowIfNull(left);
        ArgumentNullException.ThrowIfNull(right);
        var start = CommonStart(left, right);
        var end = CommonEnd(left.AsSpan(start), right.AsSpan(start));
        var (inner, other) = (left[start..^end], right[start..^end]);
        var (keptLeft, keptRight) = (new bool[left.Length], new bool[right.Length]);
        Array.Fill(keptLeft, true, 0, start);
        Array.Fill(keptRight, true, 0, start);
        Array.Fill(keptLeft, true, left.Length - end, end);
        Array.Fill(keptRight, true, right.Length - end, end);
        if (inner.Length <= MaxLength && other.Length <= MaxLength)
        {
            MarkCommon(inner, other, keptLeft.AsSpan(start), keptRight.AsSpan(start));
        }

        return new(Stretches(left, keptLeft), Stretches(right, keptRight));
    }

    /// <summary>How many characters two texts begin with alike.</summary>
    internal static int CommonStart(ReadOnlySpan<char> left, ReadOnlySpan<char> right) => left.CommonPrefixLength(right);

    /// <summary>How many characters two texts end with alike.</summary>
    internal static int CommonEnd(ReadOnlySpan<char> left, ReadOnlySpan<char> right)
    {
        var most = Math.Min(left.Length, right.Length);
        var length = 0;
        while (length < most && left[^(length + 1)] == right[^(length + 1)])
        {
            length++;
        }

        return length;
    }

    private static void MarkCommon(string left, string right, Span<bool> keptLeft, Span<bool> keptRight)
    {
        var lengths = new int[left.Length + 1, right.Length + 1];
        for (var i = left.Length - 1; i >= 0; i--)
        {
            for (var j = right.Length - 1; j >= 0; j--)
            {
                lengths[i, j] = left[i] == right[j] ? lengths[i + 1, j + 1] + 1 : Math.Max(lengths[i + 1, j], lengths[i, j + 1]);
            }
        }

        for (int i = 0, j = 0; i < left.Length && j < right.Length;)
        {
            if (left[i] == right[j])
            {
                (keptLeft[i++], keptRight[j++]) = (true, true);
            }
            else if (lengths[i + 1, j] >= lengths[i, j + 1])
            {
                i++;
            }
            else
            {
                j++;
            }
        }
    }

    private static List<Stretch> Stretches(string text, bool[] kept)
    {
        var stretches = new List<Stretch>();
        for (var start = 0; start < text.Length;)
        {
            var end = start;
            while (end < text.Length && kept[end] == kept[start])
            {
                end++;
            }

            stretches.Add(new(text[start..end], !kept[start]));
            start = end;
        }

        return stretches;
    }
}
