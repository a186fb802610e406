using System.Collections.Frozen;
using System.Security.Cryptography;
using Microsoft.AspNetCore.StaticFiles;

namespace IdentityServer.Pages;

/// <summary>
/// The stylesheet, icons and scripts, kept inside the program: they are there whatever directory it is started from, and a page and
/// its stylesheet never differ in version.
/// </summary>
internal static class EmbeddedAssets
{
    private const string Root = "wwwroot/";

    // Served with the installation's own colours, by whoever knows them.
    private const string Branded = "/site.css";

    // Addresses carry the content's hash so an answer never changes.
    private const string Forever = "public, max-age=31536000, immutable";
    private const string Briefly = "public, max-age=3600";

    private static readonly FrozenDictionary<string, Asset> Assets = Load();

    /// <summary>The address of an asset with its content's hash, as in <c>/site.css?v=1a2b3c4d</c>.</summary>
    public static string AddressOf(string path) => Assets.TryGetValue(path, out var asset) ? $"{path}?v={asset.Version}" : path;

    public static void MapEmbeddedAssets(this IEndpointRouteBuilder endpoints)
    {
        foreach (var (path, asset) in Assets.Where(asset => asset.Key != Branded))
        {
            endpoints.MapMethods(path, Reading, (HttpContext context) => Answer(context, asset.Content, asset.ContentType, asset.Version));
        }
    }

    /// <summary>The methods that assets answer.</summary>
    public static readonly string[] Reading = [HttpMethods.Get, HttpMethods.Head];

    /// <summary>An asset's content as it was built in.</summary>
    public static ReadOnlySpan<byte> ContentOf(string path) => Assets[path].Content;

    /// <summary>Answers with an asset: for ever when it was asked for by its version.</summary>
    public static IResult Answer(HttpContext context, byte[] content, string contentType, string version)
    {
        context.Response.Headers.CacheControl = context.Request.Query["v"] == version ? Forever : Briefly;
        return Results.Bytes(content, contentType, entityTag: new($"\"{version}\""));
    }

    private static FrozenDictionary<string, Asset> Load()
    {
        var types = new FileExtensionContentTypeProvider();
        var assembly = typeof(EmbeddedAssets).Assembly;
        return assembly.GetManifestResourceNames()
            .Where(name => name.StartsWith(Root, StringComparison.Ordinal))
            .ToFrozenDictionary(name => name[(Root.Length - 1)..], name =>
            {
                using var stream = assembly.GetManifestResourceStream(name)!;
                var content = new byte[stream.Length];
                stream.ReadExactly(content);
                var version = Convert.ToHexStringLower(SHA256.HashData(content).AsSpan(0, 6));
                return new Asset(content, types.TryGetContentType(name, out var type) ? type : "application/octet-stream", version);
            });
    }

    private sealed record Asset(byte[] Content, string ContentType, string Version);
}
