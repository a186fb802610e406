namespace IdentityServer.Tests.Support;

/// <summary>
/// Holds what is written against what a person has read and kept, under <c>Snapshots</c> beside the test. What was written instead lies
/// beside the built snapshot as <c>.received</c>; once it has been read and found right, it replaces the kept file.
/// </summary>
internal static class Snapshot
{
    /// <param name="path">Relative to the test project, as in <c>Mail/Snapshots/code.txt</c>.</param>
    /// <param name="actual">What was written.</param>
    public static void ShouldMatch(string path, string actual)
    {
        var kept = Path.Combine(AppContext.BaseDirectory, path);
        var expected = File.Exists(kept) ? File.ReadAllText(kept) : "";
        if (expected == actual)
        {
            return;
        }

        Directory.CreateDirectory(Path.GetDirectoryName(kept)!);
        File.WriteAllText($"{kept}.received", actual);
        var (before, after) = (expected.Split('\n'), actual.Split('\n'));
        var line = before.Zip(after).TakeWhile(pair => pair.First == pair.Second).Count();
        Assert.Fail($"""
            {path} differs from line {line + 1} on; what was written is at {kept}.received
            kept:    {before.ElementAtOrDefault(line)}
            written: {after.ElementAtOrDefault(line)}
            """);
    }
}
