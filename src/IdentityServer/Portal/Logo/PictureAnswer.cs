using System.Net.Mime;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Portal.Logo;

/// <summary>Answers with a logo: as a picture and nothing else, whatever a browser would make of it, and not kept.</summary>
internal static class PictureAnswer
{
    public static IActionResult Of(HttpResponse response, byte[]? picture)
    {
        if (picture is null)
        {
            return new NotFoundResult();
        }

        response.Headers.ContentDisposition = "inline";
        return new FileContentResult(picture, MediaTypeNames.Image.Png);
    }
}
