using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Server;

/// <summary>What the token endpoint answered.</summary>
internal abstract record TokenAnswer
{
    private TokenAnswer()
    {
    }

    /// <summary>Tokens.</summary>
    public sealed record Issued(string AccessToken, string? RefreshToken, string? IdToken, TimeSpan Lifetime, string Scope) : TokenAnswer
    {
        public override string ToString() => nameof(Issued);
    }

    /// <summary>A refusal (RFC 6749 §5.2).</summary>
    public sealed record Refused(string Error, string? Description) : TokenAnswer
    {
        public string Sentence => Description is null ? Error : $"{Error}: {Description}";
    }

    /// <summary>No answer that can be understood.</summary>
    public sealed record Failed(string Why) : TokenAnswer;
}

/// <summary>Asks for tokens, and gives them back.</summary>
internal sealed class TokenEndpoint(HttpClient http)
{
    /// <summary>Asks for tokens.</summary>
    /// <param name="endpoint">Where.</param>
    /// <param name="fields">The request.</param>
    /// <param name="client">Who asks.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task<TokenAnswer> AskAsync(Uri endpoint, Dictionary<string, string> fields, ClientLogin client, CancellationToken cancellationToken)
    {
        try
        {
            using var request = client.Authenticate(new(HttpMethod.Post, endpoint), fields);
            using var response = await http.SendAsync(request, cancellationToken);
            var json = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken)) as JsonObject;
            string? Text(string name) => json?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;
            return (response.IsSuccessStatusCode, Text("access_token"), Text("error")) switch
            {
                (true, { } token, _) => new TokenAnswer.Issued(
                    token, Text("refresh_token"), Text("id_token"),
                    TimeSpan.FromSeconds(json?["expires_in"]?.GetValue<int>() ?? 0), Text("scope") ?? ""),
                (_, _, { } error) => new TokenAnswer.Refused(Printable.Of(error), Text("error_description") is { } said ? Printable.Of(said) : null),
                _ => new TokenAnswer.Failed($"The token endpoint answered {(int)response.StatusCode}, and not what it should."),
            };
        }
        catch (HttpRequestException failure)
        {
            return new TokenAnswer.Failed($"The token endpoint cannot be reached: {failure.GetBaseException().Message}.");
        }
        catch (TaskCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            return new TokenAnswer.Failed($"The token endpoint did not answer within {http.Timeout.TotalSeconds:0} seconds.");
        }
        catch (JsonException)
        {
            return new TokenAnswer.Failed("The token endpoint did not answer with JSON.");
        }
    }

    /// <summary>Gives a token back (RFC 7009).</summary>
    /// <returns>False when the server did not take it.</returns>
    public async Task<bool> RevokeAsync(Uri endpoint, string token, ClientLogin client, CancellationToken cancellationToken)
    {
        try
        {
            using var request = client.Authenticate(new(HttpMethod.Post, endpoint), new() { ["token"] = token, ["token_type_hint"] = "refresh_token" });
            using var response = await http.SendAsync(request, cancellationToken);
            return response.IsSuccessStatusCode;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }
}

/// <summary>How a client proves to the server who it is.</summary>
/// <param name="ClientId">Which client.</param>
/// <param name="Secret">Its secret; null for a public client.</param>
/// <param name="Method">As it is registered: none, client_secret_basic or client_secret_post.</param>
internal sealed record ClientLogin(string ClientId, string? Secret, string Method)
{
    /// <summary>This tool itself, which keeps no secret.</summary>
    public static ClientLogin OfTool { get; } = new("idsrv-cli", null, "none");

    /// <summary>Puts the fields into a request, and what proves the client.</summary>
    public HttpRequestMessage Authenticate(HttpRequestMessage request, Dictionary<string, string> fields)
    {
        if (Method == "client_secret_basic")
        {
            // RFC 6749 §2.3.1: both are percent-encoded first.
            request.Headers.Authorization = new(
                "Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes($"{Uri.EscapeDataString(ClientId)}:{Uri.EscapeDataString(Secret ?? "")}")));
        }
        else
        {
            fields["client_id"] = ClientId;
            if (Method == "client_secret_post")
            {
                fields["client_secret"] = Secret ?? "";
            }
        }

        request.Content = new FormUrlEncodedContent(fields);
        return request;
    }

    public override string ToString() => $"{ClientId} by {Method}";
}
