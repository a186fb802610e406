using System.Net;
using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.RegularExpressions;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Server;

/// <summary>What a request brings beside its address.</summary>
/// <param name="Body">A document; null for none.</param>
/// <param name="IfMatch">The entity tag that must still stand; null for whatever does.</param>
/// <param name="MediaType">What the body is.</param>
internal sealed record ApiBody(JsonNode? Body, string? IfMatch = null, string MediaType = "application/json");

/// <summary>The management API of a server, <c>/api/v1</c>.</summary>
internal sealed partial class ManagementApi : IDisposable
{
    private const string Read = "clients.read";
    private const string Secrets = "clients.secrets";
    private const string TestUsers = "clients.test-users";
    private const string Write = "clients.write";

    private static readonly TimeSpan _patience = TimeSpan.FromSeconds(30);
    private static readonly HashSet<string> _scopes = [Read, Secrets, TestUsers, Write];

    private readonly Credentials _credentials;

    public ManagementApi(ToolContext context, Credentials credentials)
    {
        _credentials = credentials;
        Http = NewClient(context);
    }

    /// <summary>Speaks to the server, and follows no redirects.</summary>
    public HttpClient Http { get; }

    /// <summary>The server, once it has been asked for something.</summary>
    public ServerDocument? Server => _credentials.Server;

    /// <summary>A client for requests of this tool.</summary>
    public static HttpClient NewClient(ToolContext context)
    {
        var http = new HttpClient(context.NewHandler()) { Timeout = _patience };
        http.DefaultRequestHeaders.UserAgent.Add(new("idsrv", Tool.Version.Split('+')[0]));
        return http;
    }

    /// <summary>The path of a client, with its identifier made fit for one.</summary>
    public static string Client(string clientId, string rest = "") => $"clients/{Uri.EscapeDataString(clientId)}{rest}";

    public Task<ApiAnswer> GetAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Get, path, null, cancellationToken);

    public Task<ApiAnswer> DeleteAsync(string path, CancellationToken cancellationToken) => SendAsync(HttpMethod.Delete, path, null, cancellationToken);

    /// <summary>All items of a list, page by page.</summary>
    public async Task<ApiAnswer> ListAsync(string path, CancellationToken cancellationToken)
    {
        var items = new JsonArray();
        for (string? cursor = null; ;)
        {
            var page = cursor is null ? path : $"{path}{(path.Contains('?', StringComparison.Ordinal) ? '&' : '?')}cursor={Uri.EscapeDataString(cursor)}";
            var answer = await GetAsync(page, cancellationToken);
            if (answer is not ApiAnswer.Done done)
            {
                return answer;
            }

            foreach (var item in done.Document.Items())
            {
                items.Add(item.DeepClone());
            }

            if (done.Document.Text("next") is not { } next || next == cursor)
            {
                return new ApiAnswer.Done(new JsonObject { ["items"] = items }, null);
            }

            cursor = next;
        }
    }

    /// <summary>
    /// Asks for something. A token that the server takes no more is replaced once. That of a machine, which has the one scope that every such
    /// request needs, is replaced by one for each more that the server names: what a client may do decides what its credentials ask for.
    /// </summary>
    public async Task<ApiAnswer> SendAsync(HttpMethod method, string path, ApiBody? body, CancellationToken cancellationToken)
    {
        var (refused, key) = ((string?)null, Guid.NewGuid().ToString());
        var scopes = new SortedSet<string>(StringComparer.Ordinal) { ScopeOf(method, path) };
        while (true)
        {
            var access = await _credentials.GetAsync(Http, string.Join(' ', scopes), refused, cancellationToken);
            if (access is not Access.Granted granted)
            {
                return access switch
                {
                    Access.NotSignedIn nobody => new ApiAnswer.NotSignedIn(nobody.Why),
                    Access.Barred barred => new ApiAnswer.Refused(403, new(barred.Problem, barred.Why, [])),
                    Access.Failed failed => new ApiAnswer.Failed(failed.Why),
                    _ => throw new System.Diagnostics.UnreachableException($"Unmapped access {access}."),
                };
            }

            var (answer, challenge) = await SendAsync(granted, new(method, $"{granted.Server.Api}/{path}"), body, key, cancellationToken);
            if (_credentials.OfMachine && challenge?.Lacking is { } lacking && _scopes.Contains(lacking) && scopes.Add(lacking))
            {
                continue;
            }

            if (challenge is not { Status: HttpStatusCode.Unauthorized })
            {
                return answer;
            }

            if (refused is not null)
            {
                return new ApiAnswer.NotSignedIn(_credentials.OfMachine
                    ? "The server does not take the tokens that it gives for IDSRV_CLIENT_ID. Ask its operator."
                    : "The server does not take your sign-in any more. Run idsrv login.");
            }

            refused = granted.Token;
        }
    }

    public void Dispose() => Http.Dispose();

    private async Task<(ApiAnswer Answer, Challenge? Challenge)> SendAsync(
        Access.Granted access, HttpRequestMessage request, ApiBody? body, string key, CancellationToken cancellationToken)
    {
        using (request)
        {
            request.Headers.Authorization = new("Bearer", access.Token);
            if (body is not null)
            {
                request.Content = body.Body is null ? null : new StringContent(body.Body.ToJsonString(), Encoding.UTF8, body.MediaType);
                request.Headers.TryAddWithoutValidation("If-Match", body.IfMatch);
            }

            if (request.Method == HttpMethod.Post)
            {
                request.Headers.TryAddWithoutValidation("Idempotency-Key", key);
            }

            try
            {
                using var response = await Http.SendAsync(request, cancellationToken);
                var document = Parse(await response.Content.ReadAsStringAsync(cancellationToken));
                var status = (int)response.StatusCode;
                ApiAnswer answer = status switch
                {
                    >= 200 and < 300 => new ApiAnswer.Done(document, response.Headers.ETag?.ToString()),
                    >= 400 and < 500 => new ApiAnswer.Refused(status, Problem.Read(status, document)),
                    _ => new ApiAnswer.Failed(Problem.Read(status, document).ToString()),
                };
                return (answer, Challenge.Of(response));
            }
            catch (HttpRequestException failure)
            {
                return (new ApiAnswer.Failed($"{access.Server.Issuer} cannot be reached: {failure.GetBaseException().Message}."), null);
            }
            catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
            {
                return (new ApiAnswer.Failed($"{access.Server.Issuer} did not answer within {_patience.TotalSeconds:0} seconds."), null);
            }
        }
    }

    // What the server asks for, so that a machine client needs no more than it uses.
    private static string ScopeOf(HttpMethod method, string path) =>
        path.Contains("/test-users", StringComparison.Ordinal) ? TestUsers
        : method == HttpMethod.Get ? Read
        : path.Contains("/secrets", StringComparison.Ordinal) ? Secrets
        : Write;

    private static JsonNode? Parse(string text)
    {
        try
        {
            return text.Length == 0 ? null : JsonNode.Parse(text);
        }
        catch (JsonException)
        {
            return null; // a proxy's page, perhaps: the status says enough
        }
    }

    /// <summary>What the server wants of a token, where it did not take the one that came.</summary>
    /// <param name="Status">401 for another token, 403 for one that is good for more.</param>
    /// <param name="Lacking">The scope that it must be good for (RFC 6750 §3.1); null when none was named.</param>
    private sealed partial record Challenge(HttpStatusCode Status, string? Lacking)
    {
        public static Challenge? Of(HttpResponseMessage response) => response.StatusCode is HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden
            ? new(response.StatusCode, response.StatusCode == HttpStatusCode.Forbidden
                ? response.Headers.WwwAuthenticate.Select(challenge => Scope().Match(challenge.Parameter ?? "")).FirstOrDefault(match => match.Success)?.Groups[1].Value
                : null)
            : null;

        [GeneratedRegex("\\bscope=\"([^\"]+)\"")]
        private static partial Regex Scope();
    }
}
