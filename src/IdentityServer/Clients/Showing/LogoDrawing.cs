using System.Buffers.Binary;
using SkiaSharp;

namespace IdentityServer.Clients.Showing;

/// <summary>What became of a file that is to be a logo.</summary>
internal abstract record LogoVerdict
{
    private LogoVerdict()
    {
    }

    /// <param name="Png">The picture, drawn anew: nothing of the file is in it but what could be seen.</param>
    internal sealed record Drawn(byte[] Png) : LogoVerdict;

    /// <summary>The file has more than <see cref="LogoDrawing.LargestFile"/> bytes.</summary>
    internal sealed record TooLarge : LogoVerdict;

    /// <summary>It is no PNG, JPEG or WebP.</summary>
    internal sealed record WrongKind : LogoVerdict;

    /// <summary>It moves.</summary>
    internal sealed record Animated : LogoVerdict;

    /// <summary>It says that it is wider or higher than <see cref="LogoDrawing.MostPixels"/>.</summary>
    internal sealed record TooManyPixels : LogoVerdict;

    /// <summary>It cannot be read to its end.</summary>
    internal sealed record Damaged : LogoVerdict;

    /// <summary>There is no file: the address that was to give it did not. The log has the reason.</summary>
    internal sealed record NotRead : LogoVerdict;
}

/// <summary>
/// Draws pictures that strangers send anew, so that we serve pixels and not their files: no metadata, no other format hidden behind the
/// first bytes, nothing that a browser could take for a page. What a file claims is looked at before it is unpacked, and one is unpacked at a
/// time, so that a few bytes which unpack to gigabytes cost neither memory nor the cores of those who sign in.
/// </summary>
internal sealed class LogoDrawing : IDisposable
{
    /// <summary>In bytes.</summary>
    public const int LargestFile = 512 * 1024;

    /// <summary>The most on either side of a file that is taken.</summary>
    public const int MostPixels = 4096;

    /// <summary>The most on either side of what is drawn.</summary>
    public const int LargestSide = 256;

    private const int PngSignature = 8;
    private const int PngChunkFrame = 12;

    private readonly SemaphoreSlim _turn = new(1, 1);

    public void Dispose() => _turn.Dispose();

    /// <summary>Judges a file, and draws it.</summary>
    public async Task<LogoVerdict> DrawAsync(byte[] file, CancellationToken cancellationToken)
    {
        if (file.Length > LargestFile)
        {
            return new LogoVerdict.TooLarge();
        }

        await _turn.WaitAsync(cancellationToken);
        try
        {
            return Draw(file);
        }
        finally
        {
            _turn.Release();
        }
    }

    private static LogoVerdict Draw(byte[] file)
    {
        using var data = SKData.CreateCopy(file);
        using var codec = SKCodec.Create(data);
        if (codec is null)
        {
            return BeginsAsPicture(file) ? new LogoVerdict.Damaged() : new LogoVerdict.WrongKind();
        }

        if (codec.EncodedFormat is not (SKEncodedImageFormat.Png or SKEncodedImageFormat.Jpeg or SKEncodedImageFormat.Webp))
        {
            return new LogoVerdict.WrongKind();
        }

        var (width, height) = (codec.Info.Width, codec.Info.Height);
        return width > MostPixels || height > MostPixels ? new LogoVerdict.TooManyPixels()
            : width < 1 || height < 1 ? new LogoVerdict.Damaged()
            : codec.FrameCount > 1 || IsAnimatedPng(file) ? new LogoVerdict.Animated()
            : Redraw(codec, new SKImageInfo(width, height, SKColorType.Rgba8888, SKAlphaType.Premul, SKColorSpace.CreateSrgb()));
    }

    private static LogoVerdict Redraw(SKCodec codec, SKImageInfo full)
    {
        using var unpacked = new SKBitmap();
        if (!unpacked.TryAllocPixels(full) || codec.GetPixels(full, unpacked.GetPixels()) != SKCodecResult.Success)
        {
            return new LogoVerdict.Damaged();
        }

        // Cameras store pictures lying, and say so in metadata that goes.
        var lying = codec.EncodedOrigin >= SKEncodedOrigin.LeftTop;
        var (width, height) = lying ? (full.Height, full.Width) : (full.Width, full.Height);
        var scale = Math.Min(1f, (float)LargestSide / Math.Max(width, height));
        var (wide, high) = (Math.Max(1, (int)MathF.Round(width * scale)), Math.Max(1, (int)MathF.Round(height * scale)));
        using var surface = SKSurface.Create(new SKImageInfo(wide, high, SKColorType.Rgba8888, SKAlphaType.Premul, full.ColorSpace));
        surface.Canvas.Clear(SKColors.Transparent);
        surface.Canvas.Scale((float)wide / width, (float)high / height);
        surface.Canvas.Concat(Upright(codec.EncodedOrigin, full.Width, full.Height));
        using (var image = SKImage.FromBitmap(unpacked))
        {
            surface.Canvas.DrawImage(image, 0, 0, new SKSamplingOptions(SKFilterMode.Linear, SKMipmapMode.Linear), null);
        }

        using var drawn = surface.Snapshot();
        using var png = drawn.Encode(SKEncodedImageFormat.Png, 100);
        return new LogoVerdict.Drawn(png.ToArray());
    }

    // The eight ways of EXIF 2.3 §4.6.4 (Orientation), as matrices.
    private static SKMatrix Upright(SKEncodedOrigin origin, int width, int height) => origin switch
    {
        SKEncodedOrigin.TopRight => new(-1, 0, width, 0, 1, 0, 0, 0, 1),
        SKEncodedOrigin.BottomRight => new(-1, 0, width, 0, -1, height, 0, 0, 1),
        SKEncodedOrigin.BottomLeft => new(1, 0, 0, 0, -1, height, 0, 0, 1),
        SKEncodedOrigin.LeftTop => new(0, 1, 0, 1, 0, 0, 0, 0, 1),
        SKEncodedOrigin.RightTop => new(0, -1, height, 1, 0, 0, 0, 0, 1),
        SKEncodedOrigin.RightBottom => new(0, -1, height, -1, 0, width, 0, 0, 1),
        SKEncodedOrigin.LeftBottom => new(0, 1, 0, -1, 0, width, 0, 0, 1),
        _ => SKMatrix.Identity,
    };

    private static bool BeginsAsPng(ReadOnlySpan<byte> file) => file.StartsWith<byte>([0x89, (byte)'P', (byte)'N', (byte)'G']);

    // What a picture is by what it begins with: what the other side says it is means nothing.
    private static bool BeginsAsPicture(ReadOnlySpan<byte> file) => BeginsAsPng(file) || file.StartsWith<byte>([0xFF, 0xD8, 0xFF])
        || (file.Length > 12 && file.StartsWith("RIFF"u8) && file[8..12].SequenceEqual("WEBP"u8));

    // Readers that know no animation take such a file for its first picture: an acTL chunk ahead of the pixels says that it moves.
    private static bool IsAnimatedPng(ReadOnlySpan<byte> file)
    {
        if (!BeginsAsPng(file))
        {
            return false;
        }

        for (var at = PngSignature; at + PngChunkFrame <= file.Length;)
        {
            var length = BinaryPrimitives.ReadUInt32BigEndian(file[at..]);
            var type = file.Slice(at + 4, 4);
            if (type.SequenceEqual("acTL"u8))
            {
                return true;
            }

            if (type.SequenceEqual("IDAT"u8) || length > file.Length)
            {
                return false;
            }

            at += PngChunkFrame + (int)length;
        }

        return false;
    }
}
