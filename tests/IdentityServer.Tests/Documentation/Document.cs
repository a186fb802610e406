using System.Text.RegularExpressions;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Documentation;

/// <summary>One of the documents for whoever connects an application.</summary>
/// <param name="Path">Where it lies.</param>
/// <param name="Text">What it says.</param>
internal sealed partial record Document(string Path, string Text)
{
    /// <summary>All of them.</summary>
    public static IReadOnlyList<Document> All { get; } =
        [.. Directory.EnumerateFiles(System.IO.Path.Combine(Repository.Root, "docs"), "*.md").Order(StringComparer.Ordinal)
            .Select(path => new Document(path, File.ReadAllText(path)))];

    public string Name => System.IO.Path.GetFileName(Path);

    /// <summary>The anchors that its headings have, as repository hosts make them, and those that it sets itself.</summary>
    public IReadOnlySet<string> Anchors => Heading().Matches(Text)
        .Select(match => NoPartOfAnAnchor().Replace(match.Groups[1].Value.Trim().ToLowerInvariant(), "").Replace(' ', '-'))
        .Concat(OwnAnchor().Matches(Text).Select(match => match.Groups[1].Value))
        .ToHashSet(StringComparer.Ordinal);

    /// <summary>Where its links lead that do not leave the repository.</summary>
    public IEnumerable<string> Links => Link().Matches(Text).Select(match => match.Groups[1].Value)
        .Where(link => !link.Contains("://", StringComparison.Ordinal) && !link.StartsWith("mailto:", StringComparison.Ordinal));

    public override string ToString() => Name;

    [GeneratedRegex("^#{1,6} (.+)$", RegexOptions.Multiline)]
    private static partial Regex Heading();

    [GeneratedRegex("<a (?:id|name)=\"([^\"]+)\"")]
    private static partial Regex OwnAnchor();

    [GeneratedRegex(@"[^\p{L}\p{N}\p{Mn}_ -]")]
    private static partial Regex NoPartOfAnAnchor();

    [GeneratedRegex(@"\]\(([^)\s]+)\)")]
    private static partial Regex Link();
}
