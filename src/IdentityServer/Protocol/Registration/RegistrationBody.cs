using System.Text.Json;
using IdentityServer.Domain.Clients;
using Microsoft.Net.Http.Headers;

namespace IdentityServer.Protocol.Registration;

/// <summary>
/// Reads the JSON of a registration. What it lets by has one reading only: no member twice, no text that is not Unicode, no depth that
/// metadata does not have.
/// </summary>
internal static class RegistrationBody
{
    // Metadata, its key set, the list, a key, its chain of certificates: five. The rest is for what others may add.
    private const int Deepest = 16;

    private const string Field = "body";

    /// <summary>Reads it.</summary>
    /// <param name="request">The request.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="alias">Another media type that it may be declared as; null for none.</param>
    /// <returns>The document, which the caller disposes of; or what is wrong, and the status to say it with.</returns>
    public static async Task<(JsonDocument? Json, MetadataProblem? Problem, int Status)> ReadAsync(
        HttpRequest request, CancellationToken cancellationToken, string? alias = null)
    {
        if (!IsJson(request.ContentType, alias))
        {
            return Refuse("is not declared as JSON", $"Send it with Content-Type: {alias ?? "application/json"}, in UTF-8.");
        }

        byte[] body;
        try
        {
            using var buffer = new MemoryStream();
            await request.Body.CopyToAsync(buffer, cancellationToken);
            body = buffer.ToArray();
        }
        catch (BadHttpRequestException unreadable)
        {
            return unreadable.StatusCode == StatusCodes.Status413PayloadTooLarge
                ? (null, new(Field, "is larger than 64 KB", "Leave out what is not used; publish keys at a jwks_uri."), unreadable.StatusCode)
                : Refuse("ended before its time", "Send it again.");
        }

        try
        {
            return FirstAmbiguity(body) is { } problem
                ? (null, problem, StatusCodes.Status400BadRequest)
                : (JsonDocument.Parse(body, new() { MaxDepth = Deepest }), null, StatusCodes.Status200OK);
        }
        catch (JsonException unreadable)
        {
            return Refuse(
                FormattableString.Invariant($"is not JSON, or deeper than {Deepest} levels; the reader stopped in line {unreadable.LineNumber + 1}"),
                "Send one JSON object (RFC 8259).");
        }
        catch (InvalidOperationException)
        {
            return Refuse("has text that is not Unicode", "Write it in UTF-8, and escaped surrogates in pairs.");
        }
    }

    private static bool IsJson(string? contentType, string? alias) =>
        MediaTypeHeaderValue.TryParse(contentType, out var type)
        && (type.MediaType.Equals("application/json", StringComparison.OrdinalIgnoreCase) || type.MediaType.Equals(alias, StringComparison.OrdinalIgnoreCase))
        && (!type.Charset.HasValue || HeaderUtilities.RemoveQuotes(type.Charset).Equals("utf-8", StringComparison.OrdinalIgnoreCase));

    // Reads every text as its user will. Members of the metadata itself are told by the rules, each by its name; those inside them here.
    private static MetadataProblem? FirstAmbiguity(ReadOnlySpan<byte> body)
    {
        var reader = new Utf8JsonReader(body, new() { MaxDepth = Deepest });
        var names = new Stack<HashSet<string>>();
        while (reader.Read())
        {
            switch (reader.TokenType)
            {
                case JsonTokenType.StartObject:
                    names.Push(new(StringComparer.Ordinal));
                    break;
                case JsonTokenType.EndObject:
                    names.Pop();
                    break;
                case JsonTokenType.PropertyName when !names.Peek().Add(reader.GetString()!) && names.Count > 1:
                    return new(Field, "has an object with a member twice", "Keep one of them.");
                case JsonTokenType.String:
                    _ = reader.GetString();
                    break;
                default:
                    break;
            }
        }

        return null;
    }

    private static (JsonDocument?, MetadataProblem?, int) Refuse(string rule, string mend) =>
        (null, new(Field, rule, mend), StatusCodes.Status400BadRequest);
}
