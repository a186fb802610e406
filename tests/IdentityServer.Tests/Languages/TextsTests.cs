using System.Text.RegularExpressions;
using IdentityServer.Account;
using IdentityServer.Languages;

namespace IdentityServer.Tests.Languages;

/// <summary>Every language says everything, with the same values, and nothing is said outside the texts.</summary>
public sealed partial class TextsTests
{
    // Keys that are put together while the program runs.
    private static readonly string[] Composed = ["scope.", "error.", "mail.code.", "mail.sign-up.", "mail.reset.", "mail.restore.", "mail.new-address-code.", "mail.deletion-code.", "event.", "trial.claim.", "trial.check.", "trial.param.", "trial.error.",
        "failure.", "client-failures.what", "trial.answer", "portal.scope.", "portal.group.", "portal.field.", "portal.choice.", "portal.checkup.", "portal.kind.", "portal.hint.", "portal.retirement."];

    // Members of the claim "address", by their own names.
    private static readonly string[] ClaimMembers = [.. ProfileFields.All.Select(field => field.Name)];

    // Tools of whoever develops: in Development only, in English only.
    private static readonly string[] ForDevelopers = ["Mail/Development/", "Home/TryIt/"];

    private static readonly string Source = FindSource();

    public static TheoryData<string> OtherTags => [.. SupportedLanguages.All.Skip(1).Select(language => language.Tag)];

    public static TheoryData<string> Tags => [.. SupportedLanguages.All.Select(language => language.Tag)];

    [Theory]
    [MemberData(nameof(OtherTags))]
    public void Every_language_has_the_same_keys(string tag) =>
        Words.In(tag).Texts.Keys.ShouldBe(Words.In("en").Texts.Keys, ignoreOrder: true);

    [Theory]
    [MemberData(nameof(OtherTags))]
    public void Every_language_uses_the_same_values(string tag)
    {
        foreach (var (key, text) in Words.In(tag).Texts)
        {
            var expected = Text.Placeholders(Words.In("en").Texts[key].Forms[PluralForm.Other]);
            foreach (var (form, template) in text.Forms)
            {
                // "One try left" need not say the number; every other value stands in every form.
                var missing = expected.Except(Text.Placeholders(template)).Except(form is PluralForm.Zero or PluralForm.One or PluralForm.Two ? [Text.Count] : []);
                missing.ShouldBeEmpty($"{tag}: {key}, {form}");
                Text.Placeholders(template).Except(expected).ShouldBeEmpty($"{tag}: {key}, {form}");
            }
        }
    }

    [Theory]
    [MemberData(nameof(Tags))]
    public void Every_text_with_a_number_has_exactly_the_plural_forms_of_its_language(string tag)
    {
        var language = SupportedLanguages.Find(tag)!;
        foreach (var (key, text) in Words.In(language).Texts)
        {
            var plural = Text.Placeholders(Words.In("en").Texts[key].Forms[PluralForm.Other]).Contains(Text.Count);
            text.Forms.Keys.ShouldBe(plural ? language.Forms : [PluralForm.Other], ignoreOrder: true, $"{tag}: {key}");
        }
    }

    [Theory]
    [MemberData(nameof(Tags))]
    public void Emphasis_is_closed_and_no_text_holds_markup_or_hidden_characters(string tag)
    {
        foreach (var (key, template) in Words.In(tag).Texts.SelectMany(text => text.Value.Forms.Values.Select(template => (text.Key, template))))
        {
            (template.Count(c => c == '*') % 2).ShouldBe(0, $"{tag}: {key}");
            template.ShouldNotMatch(@"[<>\p{Cc}\p{Cf}]|://|&[a-z]+;", $"{tag}: {key}");
            template.Trim().ShouldBe(template, $"{tag}: {key}");
            template.ShouldNotBeEmpty($"{tag}: {key}");
        }
    }

    [Theory]
    [MemberData(nameof(OtherTags))]
    public void Sentences_are_translated(string tag) =>
        Words.In(tag).Texts.Where(text => text.Value.Plain.Contains(' ', StringComparison.Ordinal) && !text.Key.StartsWith("time.", StringComparison.Ordinal))
            .Where(text => text.Value.Plain == Words.In("en").Texts[text.Key].Plain).Select(text => text.Key).ShouldBeEmpty();

    [Fact]
    public void Every_key_that_the_program_names_is_there_and_every_text_is_named()
    {
        var named = Files("*.cs", "*.cshtml").SelectMany(file => KeyInSource().Matches(File.ReadAllText(file)).Select(match => match.Groups[1].Value)).ToHashSet();
        var families = Words.In("en").Texts.Keys.Select(key => key.Split('.')[0]).ToHashSet();

        Words.In("en").Texts.Keys.Where(key => !named.Contains(key) && !Composed.Any(key.StartsWith)).ShouldBeEmpty();
        named.Where(key => families.Contains(key.Split('.')[0]) && LooksLikeOurs(key) && !Words.In("en").Texts.ContainsKey(key)).ShouldBeEmpty();
    }

    [Fact]
    public void Every_event_that_a_person_is_shown_has_its_words() =>
        ActivityWords.Names.Select(ActivityWords.KeyOf).ShouldBe(
            Words.In("en").Texts.Keys.Where(key => key.StartsWith("event.", StringComparison.Ordinal)), ignoreOrder: true);

    [Fact]
    public void No_page_says_anything_outside_the_texts()
    {
        var said =
            from file in Files("*.cshtml")
            where !ForDevelopers.Any(Path.GetRelativePath(Source, file).Replace('\\', '/').StartsWith)
            let markup = Scripts().Replace(CodeBlocks().Replace(Comments().Replace(File.ReadAllText(file), ""), ""), "")
            from match in LiteralText().Matches(markup).Concat(LiteralAttribute().Matches(markup))
            select $"{Path.GetFileName(file)}: {match.Value.Trim()}";

        said.ShouldBeEmpty();
    }

    [Fact]
    public void No_page_model_says_a_sentence_outside_the_texts()
    {
        var said =
            from file in Files("*.cshtml.cs")
            where !ForDevelopers.Any(Path.GetRelativePath(Source, file).Replace('\\', '/').StartsWith)
            from line in File.ReadLines(file)
            where !line.TrimStart().StartsWith("//", StringComparison.Ordinal) && !line.Contains("LoggerMessage", StringComparison.Ordinal)
                && !line.Contains("Exception(", StringComparison.Ordinal)
            from match in Sentence().Matches(line)
            select $"{Path.GetFileName(file)}: {match.Value}";

        said.ShouldBeEmpty();
    }

    // Keys have a family that there are texts of; what else has dots is an audit event, a file or a meter.
    private static bool LooksLikeOurs(string key) =>
        !key.StartsWith("session.", StringComparison.Ordinal) && !key.EndsWith(".v1", StringComparison.Ordinal) && !key.EndsWith(".json", StringComparison.Ordinal)
        && key is not ("consent.given" or "consent.refused" or "consent.removed") && !ClaimMembers.Any(key.Equals) && !Composed.Contains($"{key}.");

    private static IEnumerable<string> Files(params string[] patterns) =>
        patterns.SelectMany(pattern => Directory.EnumerateFiles(Source, pattern, SearchOption.AllDirectories))
            .Where(file => !file.Contains($"{Path.DirectorySeparatorChar}obj{Path.DirectorySeparatorChar}", StringComparison.Ordinal)
                && !file.Contains($"{Path.DirectorySeparatorChar}bin{Path.DirectorySeparatorChar}", StringComparison.Ordinal));

    private static string FindSource()
    {
        for (var directory = new DirectoryInfo(AppContext.BaseDirectory); directory is not null; directory = directory.Parent)
        {
            if (File.Exists(Path.Combine(directory.FullName, "IdentityServer.sln")))
            {
                return Path.Combine(directory.FullName, "src", "IdentityServer");
            }
        }

        throw new DirectoryNotFoundException("The tests run inside the source tree.");
    }

    [GeneratedRegex("\"([a-z][a-z-]*(?:\\.[a-z0-9_-]+)+)\"")]
    private static partial Regex KeyInSource();

    [GeneratedRegex(@"@\*.*?\*@", RegexOptions.Singleline)]
    private static partial Regex Comments();

    [GeneratedRegex(@"^@\{.*?^\}", RegexOptions.Singleline | RegexOptions.Multiline)]
    private static partial Regex CodeBlocks();

    [GeneratedRegex("<script.*?</script>|<svg.*?</svg>", RegexOptions.Singleline)]
    private static partial Regex Scripts();

    // Between two tags, not begun by an expression; Razor's own keywords and code stand on lines that begin with @ or a brace.
    [GeneratedRegex(@">\s*(?![@{}])[^<>@{}=]*\p{L}{2,}[^<>@{}=]*</")]
    private static partial Regex LiteralText();

    [GeneratedRegex("(?:aria-label|title|placeholder|alt)=\"[^@\"]*\\p{L}{2,}[^\"]*\"")]
    private static partial Regex LiteralAttribute();

    [GeneratedRegex("\"[^\"]*\\p{L}{2,} \\p{L}+ [^\"]*\"")]
    private static partial Regex Sentence();
}
