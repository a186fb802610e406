using System.Net.Http.Headers;
using IdentityServer.Settings;

namespace IdentityServer.Trials;

/// <summary>What a client of the run is about to send.</summary>
/// <param name="Name">What it is for: the end of the key of its title.</param>
/// <param name="Path">The endpoint at this server.</param>
/// <param name="Form">The form; null for a GET.</param>
/// <param name="Authorization">The header, with its scheme; null for none.</param>
internal sealed record TrialRequest(string Name, string Path, IReadOnlyList<TrialField>? Form = null, string? Authorization = null)
{
    public override string ToString() => $"{nameof(TrialRequest)} {{ {Name} }}";
}

/// <summary>
/// Speaks to this very server over HTTP, as any client does, and writes down what went and came. It goes nowhere else: there is no address to
/// give it, and it follows no redirect.
/// </summary>
internal sealed class TrialHttp(HttpClient http, Installation installation, TimeProvider clock)
{
    // Ours are a few kilobytes; the page that shows them must stay readable.
    private const int LongestBody = 32 * 1024;

    /// <summary>Sends a request, and gives both sides of it. That nobody answered is an answer too.</summary>
    public async Task<TrialExchange> SendAsync(TrialRequest request, CancellationToken cancellationToken)
    {
        var (at, started) = (clock.GetUtcNow(), clock.GetTimestamp());
        using var message = Message(request);
        var sent = new TrialExchange
        {
            Name = request.Name,
            Method = message.Method.Method,
            Address = new Uri(installation.Issuer, request.Path).AbsoluteUri,
            Headers = [.. HeadersOf(message)],
            Parameters = request.Form ?? [],
            At = at,
        };
        try
        {
            using var response = await http.SendAsync(message, cancellationToken);
            var body = await response.Content.ReadAsStringAsync(cancellationToken);
            var answered = sent with
            {
                Status = (int)response.StatusCode,
                AnswerHeaders = [.. response.Headers.Concat(response.Content.Headers).Select(header => new TrialField(header.Key, string.Join(", ", header.Value)))],
                Body = body.Length <= LongestBody ? body : body[..LongestBody],
                Milliseconds = clock.GetElapsedTime(started).TotalMilliseconds,
            };
            return answered with { Error = ErrorOf(answered, response.Headers.WwwAuthenticate) };
        }
        catch (Exception problem) when (problem is HttpRequestException || (problem is OperationCanceledException && !cancellationToken.IsCancellationRequested))
        {
            return sent with { Error = TrialErrors.Unreachable, Milliseconds = clock.GetElapsedTime(started).TotalMilliseconds };
        }
    }

    // In Development the issuer may be a name that only the developer's own browser knows; this process always knows where it listens.
    private Uri Here => installation.IsDevelopment ? installation.ListeningAddress ?? installation.Issuer : installation.Issuer;

    private HttpRequestMessage Message(TrialRequest request)
    {
        var message = new HttpRequestMessage(request.Form is null ? HttpMethod.Get : HttpMethod.Post, new Uri(Here, request.Path));
        message.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue("application/json"));
        if (request.Authorization is { } authorization)
        {
            message.Headers.Authorization = AuthenticationHeaderValue.Parse(authorization);
        }

        if (request.Form is { } form)
        {
            message.Content = new FormUrlEncodedContent(form.Select(field => KeyValuePair.Create(field.Name, field.Value)));
        }

        return message;
    }

    private IEnumerable<TrialField> HeadersOf(HttpRequestMessage message) =>
        message.Headers.Concat(message.Content?.Headers ?? Enumerable.Empty<KeyValuePair<string, IEnumerable<string>>>())
            .Select(header => new TrialField(header.Key, string.Join(", ", header.Value), header.Key == "Authorization"))
            .Prepend(new("Host", installation.Issuer.Authority));

    // RFC 6749 §5.2 tells it in the body, RFC 6750 §3 in a header.
    private static string? ErrorOf(TrialExchange answer, HttpHeaderValueCollection<AuthenticationHeaderValue> challenges)
    {
        if (answer.Text("error") is { } error)
        {
            return error;
        }

        if (answer.Succeeded)
        {
            return null;
        }

        var told = challenges.Select(challenge => challenge.Parameter).OfType<string>()
            .SelectMany(parameter => parameter.Split(','))
            .Select(part => part.Trim().Split('=', 2))
            .FirstOrDefault(part => part is ["error", _]);
        return told?[1].Trim('"') ?? TrialErrors.Status;
    }
}

/// <summary>Errors of a run that no standard has a name for.</summary>
internal static class TrialErrors
{
    /// <summary>Nobody answered.</summary>
    public const string Unreachable = "unreachable";

    /// <summary>The answer is no success and names no error.</summary>
    public const string Status = "status";

    /// <summary>The answer's <c>iss</c> is another server (RFC 9207 §2.4).</summary>
    public const string OtherIssuer = "other_issuer";

    /// <summary>The answer holds neither a code nor an error.</summary>
    public const string Empty = "empty_answer";

    /// <summary>The answer's tokens are missing, or are none.</summary>
    public const string Unreadable = "unreadable_answer";
}
