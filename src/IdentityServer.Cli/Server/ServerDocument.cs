using System.Text.Json;
using System.Text.Json.Nodes;

namespace IdentityServer.Cli.Server;

/// <summary>What became of asking a server who it is.</summary>
internal abstract record ServerAnswer
{
    private ServerAnswer()
    {
    }

    /// <summary>It is the one that was meant.</summary>
    public sealed record Known(ServerDocument Document, DateTimeOffset? Date) : ServerAnswer;

    /// <summary>It is not, or nothing answers there.</summary>
    /// <param name="Problem">What is wrong.</param>
    /// <param name="Mend">What to do.</param>
    public sealed record Unknown(string Problem, string Mend) : ServerAnswer
    {
        public string Sentence => $"{Problem} {Mend}";
    }
}

/// <summary>What a server says about itself (OpenID Connect Discovery 1.0 §3, RFC 8414 §2).</summary>
internal sealed record ServerDocument(Uri Issuer, Uri Authorization, Uri Token, Uri? Revocation, Uri? UserInfo, Uri? PushedAuthorization)
{
    private const string Path = ".well-known/openid-configuration";

    /// <summary>The management API, which is also the resource that tokens for it name (RFC 8707).</summary>
    public Uri Api => new(Issuer, "api/v1");

    /// <summary>Reads the discovery document, and holds it against the address that it was read from.</summary>
    public static async Task<ServerAnswer> ReadAsync(HttpClient http, Uri server, CancellationToken cancellationToken)
    {
        try
        {
            using var response = await http.GetAsync(new Uri(server, Path), cancellationToken);
            if (!response.IsSuccessStatusCode)
            {
                return new ServerAnswer.Unknown(
                    $"{server} answers {(int)response.StatusCode} where its discovery document should be.",
                    "Give the issuer, as it stands in your application's settings.");
            }

            var json = JsonNode.Parse(await response.Content.ReadAsStringAsync(cancellationToken)) as JsonObject;
            return Judge(server, json, response.Headers.Date);
        }
        catch (HttpRequestException failure)
        {
            return new ServerAnswer.Unknown($"{server} cannot be reached: {failure.GetBaseException().Message}.", "Check the address, and that the server runs.");
        }
        catch (JsonException)
        {
            return new ServerAnswer.Unknown($"What {server} answers is no discovery document.", "Give the issuer, as it stands in your application's settings.");
        }
    }

    private static ServerAnswer Judge(Uri server, JsonObject? json, DateTimeOffset? date)
    {
        var issuer = Text(json, "issuer");
        if (!ServerAddress.TryParse(issuer, out var named) || named != server)
        {
            return new ServerAnswer.Unknown(
                $"The server at {server} calls itself {Shell.Printable.Of(issuer)}.", "Use the address that it calls itself by.");
        }

        return Address(json, server, "authorization_endpoint") is { } authorization && Address(json, server, "token_endpoint") is { } token
            ? new ServerAnswer.Known(
                new(
                    named, authorization, token, Address(json, server, "revocation_endpoint"), Address(json, server, "userinfo_endpoint"),
                    Address(json, server, "pushed_authorization_request_endpoint")),
                date)
            : new ServerAnswer.Unknown($"The discovery document of {server} names no endpoints of its own.", "Ask the operator to look at its settings.");
    }

    private static string? Text(JsonObject? json, string name) => json?[name] is JsonValue value && value.TryGetValue<string>(out var text) ? text : null;

    // Ours are all on one host: a secret does not follow a document to another.
    private static Uri? Address(JsonObject? json, Uri server, string name) =>
        Uri.TryCreate(Text(json, name), UriKind.Absolute, out var address)
        && address.GetLeftPart(UriPartial.Authority) == server.GetLeftPart(UriPartial.Authority)
            ? address
            : null;
}
