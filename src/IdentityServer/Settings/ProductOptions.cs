namespace IdentityServer.Settings;

/// <summary>The section <c>Product</c>: what people see this installation called, and how it looks.</summary>
internal sealed class ProductOptions : ISettings
{
    public const int LongestName = 40;
    private const int LongestContact = 100;

    public static string Section => "Product";

    /// <summary>Stands in page titles and in the subject of mails.</summary>
    public string Name { get; set; } = "IdentityServer";

    /// <summary>The file of a logo: SVG, PNG or WebP of at most 20 KB, shown 28 pixels high beside the name.</summary>
    public string? Logo { get; set; }

    /// <summary>The colour of buttons and links on light pages, as <c>#2450b8</c>. White text must be readable on it.</summary>
    public string? Color { get; set; }

    /// <summary>The same on dark pages; left out, a light shade of <see cref="Color"/>.</summary>
    public string? DarkColor { get; set; }

    /// <summary>Where people get help: an e-mail address, a telephone number or a web address, shown as it is under every page.</summary>
    public string? SupportContact { get; set; }

    /// <summary>The https address of the terms of use.</summary>
    public string? TermsUrl { get; set; }

    /// <summary>The https address of the privacy notice.</summary>
    public string? PrivacyUrl { get; set; }

    public void Check(SettingsCheck check)
    {
        check.Require(
            !string.IsNullOrWhiteSpace(Name) && Name.Length <= LongestName && !Name.Any(char.IsControl),
            nameof(Name),
            "is not a name that pages and mail subjects can carry.",
            $"Give 1 to {LongestName} characters on one line.");
        check.Require(
            SupportContact is null || (SupportContact.Trim().Length is > 0 and <= LongestContact && !SupportContact.Any(char.IsControl)),
            nameof(SupportContact),
            "is not a contact that a page can show.",
            $"Give 1 to {LongestContact} characters on one line, such as help@example.com.");
        CheckAddress(check, nameof(TermsUrl), TermsUrl);
        CheckAddress(check, nameof(PrivacyUrl), PrivacyUrl);
        CheckColor(check, nameof(Color), Color, Contrast.OnLight);
        CheckColor(check, nameof(DarkColor), DarkColor, Contrast.OnDark);
        check.Require(DarkColor is null || Color is not null, nameof(DarkColor), "is set without Color.", $"Set {Section}:{nameof(Color)} too.");
        if (Logo is not null && LogoFile.Fault(Logo) is { } fault)
        {
            check.Refuse(nameof(Logo), fault, "Name an SVG, PNG or WebP file of at most 20 KB that the server can read.");
        }
    }

    private static void CheckAddress(SettingsCheck check, string key, string? value) => check.Require(
        value is null || (Uri.TryCreate(value, UriKind.Absolute, out var address) && address.Scheme is "https" && address.UserInfo.Length == 0),
        key,
        "is not an https address.",
        "Give the whole address, such as https://example.com/terms.");

    private static void CheckColor(SettingsCheck check, string key, string? value, Func<Rgb, double> contrast)
    {
        if (value is null)
        {
            return;
        }

        if (!Rgb.TryParse(value, out var color))
        {
            check.Refuse(key, "is not a colour.", "Give six hexadecimal digits after #, such as #2450b8.");
            return;
        }

        check.Require(
            contrast(color) >= Contrast.Least,
            key,
            FormattableString.Invariant($"has a contrast of {contrast(color):0.0}:1 only, against text and background; people with weak eyes could not read it."),
            FormattableString.Invariant($"Choose a {(key == nameof(Color) ? "darker" : "lighter")} one: at least {Contrast.Least}:1 is needed (WCAG 2.2, 1.4.3)."));
    }
}

/// <summary>A logo's file.</summary>
internal static class LogoFile
{
    private const int Largest = 20 * 1024;

    /// <summary>What keeps it from being shown; null when nothing does.</summary>
    public static string? Fault(string path)
    {
        try
        {
            var file = new FileInfo(path);
            return !file.Exists ? "is not there."
                : file.Length > Largest ? "is too large."
                : TypeOf(File.ReadAllBytes(path)) is null ? "is neither SVG nor PNG nor WebP."
                : null;
        }
        catch (Exception refused) when (refused is IOException or UnauthorizedAccessException or ArgumentException or NotSupportedException)
        {
            return "cannot be read.";
        }
    }

    /// <summary>Its media type, by what it begins with; null for anything else.</summary>
    public static string? TypeOf(ReadOnlySpan<byte> content) =>
        content.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G']) ? "image/png"
        : content.Length > 12 && content.StartsWith("RIFF"u8) && content[8..12].SequenceEqual("WEBP"u8) ? "image/webp"
        : content.IndexOf("<svg"u8) is >= 0 and < 1_024 ? "image/svg+xml"
        : null;
}
