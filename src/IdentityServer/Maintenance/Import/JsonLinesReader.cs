using System.Runtime.CompilerServices;

namespace IdentityServer.Maintenance.Import;

/// <summary>A line of a file.</summary>
/// <param name="Number">Counted from one, blank lines included, as editors count.</param>
/// <param name="Content">The bytes without the line's end; valid until the next line is read. Null when it has too many.</param>
internal readonly record struct FileLine(int Number, ReadOnlyMemory<byte>? Content);

/// <summary>Reads a file line by line in a bounded buffer, however long its lines are. Blank lines and a byte order mark are passed over.</summary>
internal static class JsonLinesReader
{
    /// <summary>Bytes that a line may have.</summary>
    public const int LongestLine = 64 * 1024;

    private static readonly byte[] ByteOrderMark = [0xEF, 0xBB, 0xBF];

    public static async IAsyncEnumerable<FileLine> ReadAsync(
        Stream stream, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = new byte[LongestLine + 2];
        var (held, number, tooLong, ended) = (0, 0, false, false);
        while (!ended || held > 0)
        {
            if (!ended && held < buffer.Length)
            {
                var read = await stream.ReadAsync(buffer.AsMemory(held), cancellationToken);
                ended = read == 0;
                held += read;
            }

            // All whole lines that are in the buffer; at the file's end also the last, which may lack its line feed.
            var start = 0;
            while (start < held && (buffer.AsSpan(start, held - start).IndexOf((byte)'\n') is var length && (length >= 0 || ended)))
            {
                var end = length >= 0 ? start + length : held;
                var line = Trim(buffer, start, end, first: number++ == 0);
                if (tooLong || line.Length > LongestLine)
                {
                    yield return new(number, null);
                }
                else if (line.Length > 0)
                {
                    yield return new(number, line);
                }

                tooLong = false;
                start = Math.Min(end + 1, held);
            }

            // What is left begins the next line; a line that fills the buffer is dropped and remembered as too long.
            held -= start;
            buffer.AsSpan(start, held).CopyTo(buffer);
            if (held == buffer.Length)
            {
                (held, tooLong) = (0, true);
            }
        }

        if (tooLong)
        {
            yield return new(number + 1, null);
        }
    }

    private static ReadOnlyMemory<byte> Trim(byte[] buffer, int start, int end, bool first)
    {
        var line = new ReadOnlyMemory<byte>(buffer, start, end - start);
        if (first && line.Span.StartsWith(ByteOrderMark))
        {
            line = line[ByteOrderMark.Length..];
        }

        return line.Trim(" \t\r"u8);
    }
}
