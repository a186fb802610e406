using System.Globalization;

namespace IdentityServer.Settings;

/// <summary>A colour of three channels, each from 0 to 255.</summary>
internal readonly record struct Rgb(byte Red, byte Green, byte Blue)
{
    /// <summary>Reads <c>#rrggbb</c>.</summary>
    public static bool TryParse(string? text, out Rgb color)
    {
        color = default;
        if (text is not ['#', .. { Length: 6 } digits] || !int.TryParse(digits, NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out var value))
        {
            return false;
        }

        color = new((byte)(value >> 16), (byte)(value >> 8), (byte)value);
        return true;
    }

    /// <summary>A mixture with another colour: 0 is this one, 1 the other.</summary>
    public Rgb Towards(Rgb other, double share) => new(Mix(Red, other.Red, share), Mix(Green, other.Green, share), Mix(Blue, other.Blue, share));

    /// <inheritdoc />
    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"#{Red:x2}{Green:x2}{Blue:x2}");

    private static byte Mix(byte from, byte to, double share) => (byte)Math.Round(from + ((to - from) * share));
}

/// <summary>How well colours can be told apart (WCAG 2.2, contrast ratio and relative luminance).</summary>
internal static class Contrast
{
    /// <summary>The least ratio for text (WCAG 2.2, 1.4.3).</summary>
    public const double Least = 4.5;

    private static readonly Rgb White = new(255, 255, 255);

    // The grounds of the stylesheet on which links and buttons stand.
    private static readonly Rgb[] LightGrounds = [White, new(0xf3, 0xf5, 0xf9), new(0xea, 0xf0, 0xfd)];
    private static readonly Rgb[] DarkGrounds = [new(0x19, 0x1f, 0x29), new(0x0f, 0x13, 0x19), new(0x1d, 0x2a, 0x44)];

    /// <summary>The text on a button of dark pages.</summary>
    private static readonly Rgb DarkInk = new(0x0b, 0x17, 0x30);

    /// <summary>The least ratio that a colour has on light pages: as a link on any ground, and under the white text of a button.</summary>
    public static double OnLight(Rgb color) => LightGrounds.Min(ground => Ratio(color, ground));

    /// <summary>The least ratio that a colour has on dark pages: as a link on any ground, and under the dark text of a button.</summary>
    public static double OnDark(Rgb color) => DarkGrounds.Append(DarkInk).Min(ground => Ratio(color, ground));

    /// <summary>The first lighter shade of a colour that can be read on dark pages.</summary>
    public static Rgb ForDark(Rgb color)
    {
        for (var step = 0; step < 20; step++)
        {
            if (color.Towards(White, step / 20.0) is var shade && OnDark(shade) >= Least)
            {
                return shade;
            }
        }

        return White;
    }

    /// <summary>From 1 for equal colours to 21 for black on white.</summary>
    public static double Ratio(Rgb one, Rgb other)
    {
        var (a, b) = (Luminance(one), Luminance(other));
        return (Math.Max(a, b) + 0.05) / (Math.Min(a, b) + 0.05);
    }

    private static double Luminance(Rgb color) => (0.2126 * Linear(color.Red)) + (0.7152 * Linear(color.Green)) + (0.0722 * Linear(color.Blue));

    private static double Linear(byte channel)
    {
        var share = channel / 255.0;
        return share <= 0.04045 ? share / 12.92 : Math.Pow((share + 0.055) / 1.055, 2.4);
    }
}
