using IdentityServer.Languages;

namespace IdentityServer.Sessions;

/// <summary>
/// Names browser and system in words a person knows. Only known names come out: a header cannot write into our mail. Rows keep both names
/// with a slash between, so that each reader is told in their own language.
/// </summary>
internal static class BrowserName
{
    // Order matters: Edge and Opera also say Chrome, Chrome also says Safari, Android also says Linux.
    private static readonly (string Mark, string Name)[] _browsers =
        [("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox/", "Firefox"), ("FxiOS", "Firefox"),
         ("CriOS", "Chrome"), ("Chrome/", "Chrome"), ("Safari/", "Safari"), ("curl/", "curl")];

    private static readonly (string Mark, string Name)[] _systems =
        [("Android", "Android"), ("iPhone", "iPhone"), ("iPad", "iPad"), ("Windows", "Windows"), ("Mac OS X", "macOS"),
         ("CrOS", "ChromeOS"), ("Linux", "Linux")];

    /// <summary>What to keep of a request's header: for example <c>Firefox/Windows</c>, <c>/Linux</c>, <c>/</c>.</summary>
    public static string Of(string? userAgent) => $"{Find(_browsers, userAgent)}/{Find(_systems, userAgent)}";

    /// <summary>What was kept, in words: for example <c>Firefox on Windows</c>, or <c>an unknown browser</c>.</summary>
    public static string Say(Words words, string? kept) => (kept ?? "/").Split('/') switch
    {
        ["", ""] => words["browser.unknown"],
        ["", var system] => words.Say("browser.system-only", ("system", system)),
        [var browser, ""] => browser,
        [var browser, var system] => words.Say("browser.both", ("browser", browser), ("system", system)),
        _ => kept!, // kept by an older version, in words
    };

    private static string? Find((string Mark, string Name)[] marks, string? userAgent) =>
        userAgent is null ? null : marks.FirstOrDefault(mark => userAgent.Contains(mark.Mark, StringComparison.Ordinal)).Name;
}
