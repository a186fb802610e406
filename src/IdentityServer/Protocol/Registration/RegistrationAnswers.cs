using System.Text.Encodings.Web;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Pages;
using Microsoft.Net.Http.Headers;

namespace IdentityServer.Protocol.Registration;

/// <summary>Writes the answers of registration (RFC 7591 §3.2, RFC 7592 §3). None may be cached: they hold secrets.</summary>
internal static class RegistrationAnswers
{
    // A body can hold thousands of mistakes, and an answer should not be larger than what it answers.
    private const int MostProblems = 50;

    // The answer is JSON and declared as that; people read it in terminals.
    private static readonly JsonWriterOptions Readable = new() { Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    /// <summary>What is registered.</summary>
    public static Task StoredAsync(HttpResponse response, int status, SelfOutcome.Stored stored, Uri managedAt, CancellationToken cancellationToken) =>
        WriteAsync(
            response,
            status,
            writer =>
            {
                writer.WriteString("client_id", stored.Client.ClientId);
                writer.WriteNumber("client_id_issued_at", stored.IssuedAt.ToUnixTimeSeconds());
                if (stored.GeneratedSecret is { } secret)
                {
                    writer.WriteString("client_secret", secret.Reveal());
                }

                if (stored.Client.HasSecret)
                {
                    writer.WriteNumber("client_secret_expires_at", 0); // never (RFC 7591 §3.2.1)
                }

                writer.WriteString("registration_client_uri", managedAt.AbsoluteUri);
                writer.WriteString("registration_access_token", stored.Access.Reveal());
                foreach (var member in stored.Client.ToJson().EnumerateObject().Where(member => member.Name != "client_id"))
                {
                    member.WriteTo(writer);
                }
            },
            cancellationToken);

    /// <summary>What is wrong with the metadata: the first problem as RFC 7591 §3.2.2 has it, and all of them.</summary>
    public static Task RefusedAsync(HttpResponse response, int status, IReadOnlyList<MetadataProblem> problems, CancellationToken cancellationToken) =>
        WriteAsync(
            response,
            status,
            writer =>
            {
                writer.WriteString("error", problems[0].ErrorCode);

                // ASCII, as RFC 7591 §3.2.2 has it.
                writer.WriteString("error_description", problems[0].ToString().Replace("§", "section ", StringComparison.Ordinal));
                writer.WriteStartArray("problems");
                foreach (var problem in problems.Take(MostProblems))
                {
                    writer.WriteStartObject();
                    writer.WriteString("field", problem.Field);
                    writer.WriteString("rule", problem.Rule);
                    writer.WriteString("mend", problem.Mend);
                    writer.WriteEndObject();
                }

                writer.WriteEndArray();
            },
            cancellationToken);

    /// <summary>The token opens nothing. What is wrong with it, or whether the client exists, is not told.</summary>
    public static Task UnauthorizedAsync(HttpResponse response, bool presented, string description, CancellationToken cancellationToken)
    {
        // RFC 6750 §3.1: who brought nothing is told what to bring.
        response.Headers.WWWAuthenticate = presented ? "Bearer error=\"invalid_token\"" : "Bearer";
        return ErrorAsync(response, StatusCodes.Status401Unauthorized, "invalid_token", description, cancellationToken);
    }

    /// <summary>Too many tokens that open nothing came from this network.</summary>
    public static Task TooManyAsync(HttpResponse response, TimeSpan wait, CancellationToken cancellationToken)
    {
        response.Headers.RetryAfter = WaitAnswer.Seconds(wait);
        return ErrorAsync(
            response,
            StatusCodes.Status429TooManyRequests,
            "temporarily_unavailable",
            "Too many requests without a valid token came from this network. Try again after the time that Retry-After tells.",
            cancellationToken);
    }

    private static Task ErrorAsync(HttpResponse response, int status, string error, string description, CancellationToken cancellationToken) =>
        WriteAsync(
            response,
            status,
            writer =>
            {
                writer.WriteString("error", error);
                writer.WriteString("error_description", description);
            },
            cancellationToken);

    private static async Task WriteAsync(HttpResponse response, int status, Action<Utf8JsonWriter> members, CancellationToken cancellationToken)
    {
        using var body = new MemoryStream();
        await using (var writer = new Utf8JsonWriter(body, Readable))
        {
            writer.WriteStartObject();
            members(writer);
            writer.WriteEndObject();
        }

        response.StatusCode = status;
        response.ContentType = "application/json";
        response.ContentLength = body.Length;
        response.Headers[HeaderNames.CacheControl] = "no-store";
        await response.Body.WriteAsync(body.GetBuffer().AsMemory(0, (int)body.Length), cancellationToken);
    }
}
