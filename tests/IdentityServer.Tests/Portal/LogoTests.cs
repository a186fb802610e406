using System.IO.Compression;
using System.Net;
using System.Net.Http.Headers;
using IdentityServer.Clients.Showing;
using IdentityServer.Ownership;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using SkiaSharp;

namespace IdentityServer.Tests.Portal;

/// <summary>What owners upload is drawn anew, and people see it when somebody vouches for it.</summary>
public sealed class LogoTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(SKEncodedImageFormat.Png, 1000, 500, 256, 128)]
    [InlineData(SKEncodedImageFormat.Jpeg, 300, 600, 128, 256)]
    [InlineData(SKEncodedImageFormat.Webp, 64, 64, 64, 64)]
    [InlineData(SKEncodedImageFormat.Png, 4096, 1, 256, 1)]
    public async Task A_picture_becomes_a_PNG_of_at_most_256_pixels(SKEncodedImageFormat format, int width, int height, int wide, int high)
    {
        using var drawing = new LogoDrawing();

        var drawn = (await drawing.DrawAsync(Picture(format, width, height), Cancel)).ShouldBeOfType<LogoVerdict.Drawn>();

        using var codec = SKCodec.Create(SKData.CreateCopy(drawn.Png));
        (codec.EncodedFormat, codec.Info.Width, codec.Info.Height).ShouldBe((SKEncodedImageFormat.Png, wide, high));
        using var bitmap = SKBitmap.Decode(drawn.Png);
        var middle = bitmap.GetPixel(wide / 2, high / 2);
        (middle.Red > 200, middle.Blue < 60).ShouldBe((true, true), middle.ToString());
    }

    [Fact]
    public async Task Nothing_of_the_file_is_left_but_what_could_be_seen()
    {
        using var drawing = new LogoDrawing();
        var file = Picture(SKEncodedImageFormat.Png, 32, 32);
        var hidden = "<script>alert(1)</script> taken at home"u8.ToArray();
        byte[] withText = [.. file.Take(33), .. Chunk("tEXt", [.. "Comment\0"u8, .. hidden]), .. file.Skip(33), .. hidden];

        var drawn = (await drawing.DrawAsync(withText, Cancel)).ShouldBeOfType<LogoVerdict.Drawn>();

        drawn.Png.AsSpan().IndexOf("script"u8).ShouldBe(-1);
        drawn.Png.AsSpan().IndexOf("tEXt"u8).ShouldBe(-1);
    }

    [Fact]
    public async Task A_picture_that_lies_on_its_side_stands_up()
    {
        using var drawing = new LogoDrawing();
        var jpeg = Picture(SKEncodedImageFormat.Jpeg, 300, 600);
        byte[] exif = [0xFF, 0xE1, 0, 34, .. "Exif\0\0MM\0*"u8, 0, 0, 0, 8, 0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, 6, 0, 0, 0, 0, 0, 0];

        var drawn = (await drawing.DrawAsync([.. jpeg.Take(2), .. exif, .. jpeg.Skip(2)], Cancel)).ShouldBeOfType<LogoVerdict.Drawn>();

        using var codec = SKCodec.Create(SKData.CreateCopy(drawn.Png));
        (codec.Info.Width, codec.Info.Height).ShouldBe((256, 128));
    }

    [Fact]
    public async Task What_is_no_still_picture_of_a_sensible_size_is_refused_by_name()
    {
        using var drawing = new LogoDrawing();
        Task<LogoVerdict> Draw(byte[] file) => drawing.DrawAsync(file, Cancel);
        var png = Picture(SKEncodedImageFormat.Png, 32, 32);

        (await Draw([])).ShouldBeOfType<LogoVerdict.WrongKind>();
        (await Draw("<svg xmlns='http://www.w3.org/2000/svg'/>"u8.ToArray())).ShouldBeOfType<LogoVerdict.WrongKind>();
        (await Draw([.. "GIF89a"u8, 1, 0, 1, 0, 0x80, 0, 0, 0, 0, 0, 255, 255, 255, 0x2C, 0, 0, 0, 0, 1, 0, 1, 0, 0, 2, 2, 0x44, 1, 0, 0x3B])).ShouldBeOfType<LogoVerdict.WrongKind>();
        (await Draw(new byte[LogoDrawing.LargestFile + 1])).ShouldBeOfType<LogoVerdict.TooLarge>();
        (await Draw([.. png.Take(33), .. Chunk("acTL", [0, 0, 0, 2, 0, 0, 0, 0]), .. png.Skip(33)])).ShouldBeOfType<LogoVerdict.Animated>();
        (await Draw(Bomb(30_000, 30_000))).ShouldBeOfType<LogoVerdict.TooManyPixels>();
        (await Draw(Bomb(LogoDrawing.MostPixels + 1, 1))).ShouldBeOfType<LogoVerdict.TooManyPixels>();
        (await Draw(png[..(png.Length / 2)])).ShouldBeOfType<LogoVerdict.Damaged>();
        (await Draw([0x89, (byte)'P', (byte)'N', (byte)'G'])).ShouldBeOfType<LogoVerdict.Damaged>();
    }

    [Fact]
    public async Task No_file_whatever_makes_it_fail()
    {
        using var drawing = new LogoDrawing();
        var random = new Random(20260302);
        foreach (var format in new[] { SKEncodedImageFormat.Png, SKEncodedImageFormat.Jpeg, SKEncodedImageFormat.Webp })
        {
            var whole = Picture(format, 40, 30);
            for (var round = 0; round < 400; round++)
            {
                // Cut off, overwritten in places, or both.
                var file = round % 3 == 0 ? whole.ToArray() : whole[..random.Next(whole.Length)];
                for (var damage = random.Next(1, 8); file.Length > 0 && damage > 0; damage--)
                {
                    file[random.Next(file.Length)] = (byte)random.Next(256);
                }

                (await drawing.DrawAsync(file, Cancel)).ShouldNotBeNull();
            }
        }

        for (var round = 0; round < 200; round++)
        {
            var noise = new byte[random.Next(2_000)];
            random.NextBytes(noise);
            (await drawing.DrawAsync(noise, Cancel)).ShouldBeOfType<LogoVerdict.WrongKind>();
        }
    }

    [Fact]
    public async Task An_uploaded_logo_is_for_the_owners_until_somebody_vouches_for_it_and_another_one_takes_that_back()
    {
        await using var world = await World.StartAsync();
        var (owner, administrator) = (await world.AddPersonAsync(), await world.AddPersonAsync(administrator: true));
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("logo"));
        var shown = $"/client-logo?client_id={client.ClientId}";

        (await browser.AfterAsync(await UploadAsync(browser, page, Picture(SKEncodedImageFormat.Jpeg, 500, 500)))).Notice().ShouldBe("The logo is saved.");
        var own = await browser.GetAsync(client.PageOf("logo/picture"));
        (own.Status, own.Message.Content.Headers.ContentType!.MediaType).ShouldBe((HttpStatusCode.OK, "image/png"));
        own.Message.Headers.GetValues("X-Content-Type-Options").ShouldBe(["nosniff"]);
        own.Message.Content.Headers.ContentDisposition!.DispositionType.ShouldBe("inline");
        (await world.OpenBrowser().GetAsync(shown)).Status.ShouldBe(HttpStatusCode.NotFound, "nobody has vouched for it");

        await world.WithAsync<Approvals, bool>(approvals => approvals.AskAsync(client, "", Cancel));
        var (admin, waiting) = await world.OpenPortalAsync(administrator, "/portal/approvals");
        (await admin.GetAsync(waiting.Document.QuerySelector("img.client-logo")!.GetAttribute("src")!)).Status.ShouldBe(HttpStatusCode.OK);
        var (client2, version) = (waiting.Field("Client")!, waiting.Field("Version")!);
        var token = waiting.Field("antiforgery")!;
        Dictionary<string, string> approval = new() { ["Client"] = client2, ["Version"] = version, ["antiforgery"] = token };

        // Between the look and the word the owner puts up another picture.
        await browser.AfterAsync(await UploadAsync(browser, page, Picture(SKEncodedImageFormat.Png, 20, 20)));
        (await admin.PostAsync("/portal/approvals?handler=Approve", approval)).Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
        approval["Version"] = (await world.FindAsync(owner, client.ClientId))!.Version;
        await admin.AfterAsync(await admin.PostAsync("/portal/approvals?handler=Approve", approval));
        (await world.OpenBrowser().GetAsync(shown)).Status.ShouldBe(HttpStatusCode.OK);
        (await browser.FollowAsync(await browser.GetAsync(Authorize(client)))).Document.QuerySelector("img.client-logo").ShouldNotBeNull();

        var changed = await browser.AfterAsync(await UploadAsync(browser, await browser.GetAsync(client.PageOf("logo")), Picture(SKEncodedImageFormat.Webp, 20, 20)));
        (await world.FindAsync(owner, client.ClientId))!.Settings.Verified.ShouldBeFalse();
        (await world.OpenBrowser().GetAsync(shown)).Status.ShouldBe(HttpStatusCode.NotFound);
        (await browser.AfterAsync(await browser.SendAsync(changed, "handler=Remove"))).Notice().ShouldBe("The logo is removed.");
        (await browser.GetAsync(client.PageOf("logo/picture"))).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_file_that_is_none_is_refused_with_a_word_and_a_far_too_large_one_by_the_server()
    {
        await using var world = await World.StartAsync();
        var owner = await world.AddPersonAsync();
        var client = await world.RegisterAsync(owner);
        var (browser, page) = await world.OpenPortalAsync(owner, client.PageOf("logo"));

        foreach (var (file, word) in new[]
        {
            ("text"u8.ToArray(), "no PNG, JPEG or WebP"), (new byte[LogoDrawing.LargestFile + 1], "larger than 512 KB"), (Bomb(30_000, 30_000), "4096"),
            (Array.Empty<byte>(), "Choose a file"), (Picture(SKEncodedImageFormat.Png, 9, 9)[..60], "damaged"),
        })
        {
            var refused = await UploadAsync(browser, page, file);
            refused.Status.ShouldBe(HttpStatusCode.UnprocessableEntity);
            refused.Alert!.ShouldContain(word);
            refused.Document.GetElementById("upload")!.GetAttribute("aria-invalid").ShouldBe("true");
        }

        (await UploadAsync(browser, page, new byte[3 * LogoDrawing.LargestFile])).Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge);
        var elsewhere = await browser.PostFormAsync(client.PageOf("settings"), new MultipartFormDataContent { { new ByteArrayContent(new byte[100_000]), "client_name", "file" } });
        elsewhere.Status.ShouldBe(HttpStatusCode.RequestEntityTooLarge, "no other page takes a file");
        (await browser.GetAsync(client.PageOf("logo/picture"))).Status.ShouldBe(HttpStatusCode.NotFound);
    }

    private static string Authorize(OwnedClient client) =>
        $"/connect/authorize?client_id={client.ClientId}&response_type=code&scope=openid&state=s&redirect_uri=https://shop.example.com/callback"
        + "&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256";

    private static Task<Answer> UploadAsync(Browser browser, Answer page, byte[] file)
    {
        var content = new ByteArrayContent(file);
        content.Headers.ContentType = new MediaTypeHeaderValue("image/png"); // whatever it is: what the sender says means nothing
        return browser.PostFormAsync(page.Document.Forms[0].GetAttribute("action")!, new MultipartFormDataContent
        {
            { new StringContent(page.Field("antiforgery")!), "antiforgery" },
            { content, "Upload", "logo.png" },
        });
    }

    /// <summary>A red picture.</summary>
    internal static byte[] Picture(SKEncodedImageFormat format, int width, int height)
    {
        using var surface = SKSurface.Create(new SKImageInfo(width, height));
        surface.Canvas.Clear(SKColors.Red);
        using var image = surface.Snapshot();
        using var data = image.Encode(format, 90);
        return data.ToArray();
    }

    // Little to send, and much to unpack.
    private static byte[] Bomb(int width, int height)
    {
        var header = new byte[13];
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(header, width);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(header.AsSpan(4), height);
        (header[8], header[9]) = (8, 0);
        using var packed = new MemoryStream();
        using (var zlib = new ZLibStream(packed, CompressionLevel.SmallestSize, leaveOpen: true))
        {
            zlib.Write(new byte[10_000]);
        }

        return [0x89, (byte)'P', (byte)'N', (byte)'G', 13, 10, 26, 10, .. Chunk("IHDR", header), .. Chunk("IDAT", packed.ToArray()), .. Chunk("IEND", [])];
    }

    private static byte[] Chunk(string type, byte[] content)
    {
        byte[] body = [.. System.Text.Encoding.ASCII.GetBytes(type), .. content];
        var (length, crc) = (new byte[4], new byte[4]);
        System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(length, content.Length);
        System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(crc, Crc(body));
        return [.. length, .. body, .. crc];
    }

    // PNG (Third Edition) §5.5.
    private static uint Crc(byte[] bytes)
    {
        var crc = uint.MaxValue;
        foreach (var value in bytes)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++)
            {
                crc = (crc & 1) != 0 ? 0xEDB88320 ^ (crc >> 1) : crc >> 1;
            }
        }

        return ~crc;
    }
}
