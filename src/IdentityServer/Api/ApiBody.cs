using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Protocol.Registration;

namespace IdentityServer.Api;

/// <summary>Reads the JSON of a request, with the one reading that registration has for it, and one object only.</summary>
internal static class ApiBody
{
    private const string Key = "IdentityServer.Api.Body";

    /// <summary>Reads the body into memory, so that it can be read again; it is 64 KB at most.</summary>
    /// <returns>Null when that was done; else the refusal.</returns>
    public static async Task<ApiAnswer?> KeepAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        try
        {
            var buffer = new MemoryStream();
            await request.Body.CopyToAsync(buffer, cancellationToken);
            buffer.Position = 0;
            (request.Body, request.HttpContext.Items[Key]) = (buffer, buffer.ToArray());
            return null;
        }
        catch (BadHttpRequestException unreadable)
        {
            return Refuse(unreadable.StatusCode, new("body", unreadable.StatusCode == StatusCodes.Status413PayloadTooLarge ? "is larger than 64 KB" : "ended before its time", "Send it again, whole."));
        }
    }

    /// <summary>What <see cref="KeepAsync"/> read.</summary>
    public static byte[] Kept(HttpRequest request) => (byte[])request.HttpContext.Items[Key]!;

    /// <summary>Reads one JSON object.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="mediaType">What it may be declared as beside JSON; null for nothing.</param>
    /// <returns>The object, or the refusal.</returns>
    public static async Task<(JsonElement? Json, ApiAnswer? Refusal)> ReadAsync(HttpRequest request, CancellationToken cancellationToken, string? mediaType = null)
    {
        var (document, problem, status) = await RegistrationBody.ReadAsync(request, cancellationToken, mediaType);
        if (problem is not null)
        {
            return (null, Refuse(status, problem));
        }

        using (document)
        {
            return document!.RootElement.ValueKind == JsonValueKind.Object
                ? (document.RootElement.Clone(), null)
                : (null, Refuse(StatusCodes.Status400BadRequest, new("body", "is not a JSON object", "Send one object.")));
        }
    }

    private static ApiAnswer Refuse(int status, MetadataProblem problem) => ApiProblem.Of(
        status == StatusCodes.Status413PayloadTooLarge ? ApiProblemType.TooLarge : ApiProblemType.InvalidRequest, $"The {problem}");
}
