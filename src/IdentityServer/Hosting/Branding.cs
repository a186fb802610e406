using System.Globalization;
using System.Security.Cryptography;
using System.Text;
using IdentityServer.Pages;
using IdentityServer.Settings;

namespace IdentityServer.Hosting;

/// <summary>How this installation looks: the one stylesheet with its colours, its logo, and what stands under every page.</summary>
internal sealed class Branding
{
    private const string LogoPath = "/brand/logo";
    private const string StylesheetPath = "/site.css";

    private readonly byte[] _stylesheet;
    private readonly string _stylesheetVersion;
    private readonly byte[]? _logo;
    private readonly ProductOptions _product;

    public Branding(ProductOptions product)
    {
        _product = product;
        _stylesheet = [.. EmbeddedAssets.ContentOf(StylesheetPath), .. Encoding.UTF8.GetBytes(Colors(product))];
        _stylesheetVersion = Version(_stylesheet);
        _logo = product.Logo is null ? null : File.ReadAllBytes(product.Logo);
        LogoAddress = _logo is null ? null : $"{LogoPath}?v={Version(_logo)}";
    }

    /// <summary>Where browsers find the stylesheet.</summary>
    public string StylesheetAddress => $"{StylesheetPath}?v={_stylesheetVersion}";

    /// <summary>Where browsers find the logo; null without one.</summary>
    public string? LogoAddress { get; }

    /// <summary>Where people get help.</summary>
    public string? SupportContact => _product.SupportContact;

    /// <summary>The terms of use.</summary>
    public string? TermsUrl => _product.TermsUrl;

    /// <summary>The privacy notice.</summary>
    public string? PrivacyUrl => _product.PrivacyUrl;

    public void Map(IEndpointRouteBuilder endpoints)
    {
        endpoints.MapMethods(StylesheetPath, EmbeddedAssets.Reading, (HttpContext context) =>
            EmbeddedAssets.Answer(context, _stylesheet, "text/css", _stylesheetVersion));
        if (_logo is not null)
        {
            var version = Version(_logo);
            endpoints.MapMethods(LogoPath, EmbeddedAssets.Reading, (HttpContext context) =>
                EmbeddedAssets.Answer(context, _logo, LogoFile.TypeOf(_logo)!, version));
        }
    }

    private static string Version(byte[] content) => Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 6));

    private static string Colors(ProductOptions product)
    {
        if (!Rgb.TryParse(product.Color, out var light))
        {
            return "";
        }

        var dark = Rgb.TryParse(product.DarkColor, out var chosen) ? chosen : Contrast.ForDark(light);
        var (black, white) = (new Rgb(0, 0, 0), new Rgb(255, 255, 255));
        return string.Create(
            CultureInfo.InvariantCulture,
            $$"""

              :root { --accent: {{light}}; --accent-strong: {{light.Towards(black, .15)}}; }
              @media (prefers-color-scheme: dark) { :root { --accent: {{dark}}; --accent-strong: {{dark.Towards(white, .3)}}; } }

              """);
    }
}
