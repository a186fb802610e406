namespace IdentityServer.Browser.Tests;

/// <summary>What a person looks at.</summary>
public sealed record Screen(string Name, int Width, int Height, bool Dark)
{
    public static readonly Screen Desktop = new("desktop-light", 1280, 800, Dark: false);
    public static readonly Screen DesktopDark = new("desktop-dark", 1280, 800, Dark: true);
    public static readonly Screen Phone = new("phone-light", 390, 844, Dark: false);
    public static readonly Screen PhoneDark = new("phone-dark", 390, 844, Dark: true);

    /// <summary>What WCAG 2.2's reflow criterion (1.4.10) asks for.</summary>
    public static readonly Screen Narrow = new("narrow-light", 320, 640, Dark: false);

    public static readonly Screen NarrowDark = new("narrow-dark", 320, 640, Dark: true);

    /// <summary>Every screen, by name, for theories.</summary>
    public static readonly TheoryData<string> All = [.. Every.Select(screen => screen.Name)];

    /// <summary>Every screen.</summary>
    public static IReadOnlyList<Screen> Every => [Desktop, DesktopDark, Phone, PhoneDark, Narrow, NarrowDark];

    /// <summary>The screen of that name.</summary>
    public static Screen Named(string name) => Every.Single(screen => screen.Name == name);

    public override string ToString() => Name;
}
