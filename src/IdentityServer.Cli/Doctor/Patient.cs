using System.Text.Json.Nodes;
using IdentityServer.Cli.Server;

namespace IdentityServer.Cli.Doctor;

/// <summary>The client that is looked at, as it is registered.</summary>
/// <param name="Json">Its metadata (RFC 7591), as the API shows them.</param>
internal sealed record Patient(JsonNode Json)
{
    public string ClientId => Json.Text("client_id") ?? "";

    public IReadOnlyList<string> RedirectUris => Json.Texts("redirect_uris");

    public IReadOnlyList<string> Scopes => (Json.Text("scope") ?? "").Split(' ', StringSplitOptions.RemoveEmptyEntries);

    public bool IsNative => Json.Text("application_type") == "native";

    public string Method => Json.Text("token_endpoint_auth_method") ?? "client_secret_basic";

    public bool IsPublic => Method == "none";

    public bool HasSecret => Method is "client_secret_basic" or "client_secret_post";

    public bool SignsPeopleIn => Json.Texts("grant_types") is var grants && (grants.Count == 0 || grants.Contains("authorization_code"));

    public bool ActsForItself => Json.Texts("grant_types").Contains("client_credentials");

    public bool PushesRequests => Json.IsTrue("require_pushed_authorization_requests");

    public bool SignsRequests => Json.IsTrue("require_signed_request_object");

    /// <summary>The origins of pages that run in a browser: those of the redirect URIs of a client without a secret.</summary>
    public IReadOnlyList<string> Origins => !IsPublic || IsNative
        ? []
        : [.. RedirectUris.Select(uri => Uri.TryCreate(uri, UriKind.Absolute, out var address) && address.Scheme is "http" or "https" ? address!.GetLeftPart(UriPartial.Authority) : null)
            .OfType<string>().Distinct(StringComparer.Ordinal)];
}
