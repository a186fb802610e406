using IdentityServer.Portal;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http.Features;

namespace IdentityServer.Hosting;

/// <summary>
/// Refuses requests that cannot be read, before anything tries: a form that is larger or more crowded than any of ours, cut short or
/// garbled, or text with the character that no database takes. Met further inside, each would be a failure of ours.
/// </summary>
internal sealed class RefuseUnreadable(RequestDelegate next)
{
    // U+0000. PostgreSQL refuses it in every text; the form reader refuses it by itself.
    private const string EncodedNull = "%00";

    public async Task InvokeAsync(HttpContext context)
    {
        if (await RefusalAsync(context) is { } status)
        {
            context.Response.StatusCode = status;
            return;
        }

        await next(context);
    }

    private static async Task<int?> RefusalAsync(HttpContext context)
    {
        var request = context.Request;
        if (request.QueryString.Value?.Contains(EncodedNull, StringComparison.Ordinal) == true)
        {
            return StatusCodes.Status400BadRequest;
        }

        // The error page stands in for the very request that was refused.
        if (!request.HasFormContentType
            || context.Features.Get<IStatusCodeReExecuteFeature>() is not null
            || context.Features.Get<IExceptionHandlerFeature>() is not null)
        {
            return null;
        }

        // All others are small. This one is still little to keep while the rest of the pipeline judges whose it is.
        if (PortalUrls.TakesFile(request.Path) && context.Features.Get<IHttpMaxRequestBodySizeFeature>() is { IsReadOnly: false } limit)
        {
            limit.MaxRequestBodySize = PortalUrls.LargestUpload;
        }

        try
        {
            await request.ReadFormAsync(context.RequestAborted);
            return null;
        }
        catch (BadHttpRequestException unreadable)
        {
            return unreadable.StatusCode;
        }
        catch (Exception garbled) when (garbled is InvalidDataException or IOException or NotSupportedException)
        {
            // The last is for encodings that the framework knows and does not decode (UTF-7).
            return StatusCodes.Status400BadRequest;
        }
    }
}
