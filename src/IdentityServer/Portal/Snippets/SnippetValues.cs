using System.Globalization;
using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Domain.Clients;

namespace IdentityServer.Portal.Snippets;

/// <summary>A client's settings under the names that templates use.</summary>
internal sealed partial class SnippetValues
{
    private const int UsualPort = 3000;

    private SnippetValues(Uri issuer, ClientMetadata client, RedirectForm form)
    {
        (Redirect, Registered) = form == RedirectForm.None ? (null, true) : Choose(client, form);
        AddServer(issuer);
        AddClient(client);
        if (Redirect is not null)
        {
            AddPaths(client, Redirect);
        }
    }

    /// <summary>What placeholders stand for.</summary>
    public Dictionary<string, string> Texts { get; } = new(StringComparer.Ordinal);

    /// <summary>What lines depend on.</summary>
    public Dictionary<string, bool> Flags { get; } = new(StringComparer.Ordinal);

    /// <summary>Where people are sent back to; null when nobody is.</summary>
    public Uri? Redirect { get; }

    /// <summary>Whether the client has registered it.</summary>
    public bool Registered { get; }

    /// <returns>Null when the client has no redirect URI that the framework could listen on.</returns>
    public static SnippetValues? Of(Uri issuer, ClientMetadata client, RedirectForm form)
    {
        var values = new SnippetValues(issuer, client, form);
        return form == RedirectForm.None || values.Redirect is not null ? values : null;
    }

    // The developer is at a desk: what is registered for it comes before the address that the world will use, and what a framework can take
    // apart and put together again before a URI with a query.
    private static (Uri? Uri, bool Registered) Choose(ClientMetadata client, RedirectForm form)
    {
        var candidates = client.RedirectUris
            .Select(text => Uri.TryCreate(text, UriKind.Absolute, out var uri) ? uri : null).OfType<Uri>()
            .Where(uri => uri.Scheme == Uri.UriSchemeHttps || IsLoopbackHttp(uri))
            .OrderByDescending(uri => uri.Query.Length == 0).ThenByDescending(uri => uri.IsLoopback)
            .ToList();
        switch (form)
        {
            case RedirectForm.Loopback:
                // localhost may mean an address on which another program listens (RFC 8252 §8.3).
                var loopback = candidates.Where(IsLoopbackHttp).OrderByDescending(uri => uri.HostNameType != UriHostNameType.Dns).FirstOrDefault();
                return (loopback, loopback is not null);
            case RedirectForm.Proxy when candidates.Count > 0 && candidates.Find(uri => ProxyPath().IsMatch(uri.PathAndQuery)) is null:
                return (new Uri(candidates[0], "/oauth2/callback"), false);
            case RedirectForm.Proxy:
                return (candidates.Find(uri => ProxyPath().IsMatch(uri.PathAndQuery)), true);
            case RedirectForm.AuthJs when candidates.Count > 0 && candidates.Find(uri => AuthJsPath().IsMatch(uri.PathAndQuery)) is null:
                return (new Uri(candidates[0], "/api/auth/callback/idsrv"), false);
            case RedirectForm.AuthJs:
                return (candidates.Find(uri => AuthJsPath().IsMatch(uri.PathAndQuery)), true);
            default:
                return (candidates.FirstOrDefault(), candidates.Count > 0);
        }
    }

    private void AddServer(Uri issuer)
    {
        var path = issuer.AbsoluteUri.TrimEnd('/');
        Texts["issuer"] = issuer.AbsoluteUri;
        Texts["issuer_bare"] = path;
        Texts["discovery"] = $"{path}/.well-known/openid-configuration";
        Texts["token_endpoint"] = $"{path}/connect/token";
        Flags["insecure"] = issuer.Scheme == Uri.UriSchemeHttp;
    }

    private void AddClient(ClientMetadata client)
    {
        Texts["client_id"] = client.ClientId ?? "";
        Texts["client_id_encoded"] = Uri.EscapeDataString(client.ClientId ?? "");
        Texts["scope"] = client.Scope ?? "";
        Texts["scope_list"] = string.Join(',', client.Scopes);
        Texts["auth_method"] = client.TokenEndpointAuthMethod;
        Texts["id_token_alg"] = client.IdTokenSignedResponseAlg;
        Texts["userinfo_alg"] = client.UserInfoSignedResponseAlg ?? "";
        Flags["alg_es"] = client.IdTokenSignedResponseAlg == IdTokenAlgorithms.ES256;
        Flags["scoped"] = client.Scopes.Count > 0;
        Flags["offline"] = client.Scopes.Contains(StandardScopes.OfflineAccess);
        Flags["secret"] = client.HasSecret;
        Flags["basic"] = client.TokenEndpointAuthMethod == ClientAuthenticationMethods.Basic;
        Flags["post"] = client.TokenEndpointAuthMethod == ClientAuthenticationMethods.Post;
        Flags["par"] = client.RequirePushedAuthorizationRequests;
        Flags["userinfo"] = client.UserInfoSignedResponseAlg is null; // a signed one is a JWT, which few frameworks read

        var algorithm = KeyAlgorithm(client);
        Texts["key_alg"] = algorithm;
        Flags["key"] = client.TokenEndpointAuthMethod == ClientAuthenticationMethods.PrivateKeyJwt;
        Flags["key_es"] = algorithm == ClientSigningAlgorithms.ES256;
        Flags["key_rs"] = algorithm == ClientSigningAlgorithms.RS256;
        Flags["key_ps"] = algorithm == ClientSigningAlgorithms.PS256;
    }

    private void AddPaths(ClientMetadata client, Uri redirect)
    {
        var origin = redirect.GetLeftPart(UriPartial.Authority);
        var signedOut = client.PostLogoutRedirectUris.FirstOrDefault(uri =>
            Uri.TryCreate(uri, UriKind.Absolute, out var parsed) && parsed.GetLeftPart(UriPartial.Authority) == origin && parsed.Query.Length == 0);
        var local = IsLoopbackHttp(redirect);
        var port = local ? redirect.Port : UsualPort;
        var host = local ? redirect.DnsSafeHost : "localhost";

        Texts["redirect_uri"] = redirect.OriginalString;
        Texts["redirect_path"] = redirect.AbsolutePath;
        Texts["origin"] = origin;
        Texts["host"] = redirect.Host;
        Texts["loopback_origin"] = $"{redirect.Scheme}://{redirect.Host}";
        Texts["loopback_rest"] = AfterPort(redirect.OriginalString);
        Texts["listen_host"] = host;
        Texts["listen_port"] = port.ToString(CultureInfo.InvariantCulture);
        Texts["listen_at"] = $"{(local ? redirect.Host : host)}:{Texts["listen_port"]}";
        Texts["post_logout_redirect_uri"] = signedOut ?? "";
        Texts["post_logout_encoded"] = Uri.EscapeDataString(signedOut ?? "");
        Texts["post_logout_path"] = signedOut is null ? "" : new Uri(signedOut).AbsolutePath;
        Flags["post_logout"] = signedOut is not null;
        Flags["local"] = local;
        Flags["secure"] = redirect.Scheme == Uri.UriSchemeHttps;

        // The application's own addresses keep out of the way of those that the client has registered.
        string[] taken = [Texts["redirect_path"], Texts["post_logout_path"]];
        Texts["home_path"] = FirstFree(taken, "/", "/home", "/app");
        Texts["sign_out_path"] = FirstFree(taken, "/sign-out", "/log-out", "/end");
        Texts["signed_out_path"] = FirstFree(taken, "/signed-out", "/logged-out", "/ended");
        Flags["post_logout_route"] = signedOut is not null && taken[0] != taken[1];

        var match = AuthJsPath().Match(redirect.AbsolutePath);
        Texts["auth_base"] = match.Groups["base"].Value;
        Texts["provider"] = match.Groups["provider"].Value;
        Texts["proxy_prefix"] = ProxyPath().Match(redirect.AbsolutePath).Groups["prefix"].Value;
    }

    // As it is written: where any port is taken, the rest is still compared character by character, and a missing slash is missed.
    private static string AfterPort(string uri)
    {
        var end = uri.AsSpan(uri.IndexOf("//", StringComparison.Ordinal) + 2).IndexOfAny('/', '?');
        return end < 0 ? "" : uri[(uri.IndexOf("//", StringComparison.Ordinal) + 2 + end)..];
    }

    private static string FirstFree(string[] taken, params string[] wished) => wished.First(path => !taken.Contains(path, StringComparer.Ordinal));

    private static bool IsLoopbackHttp(Uri uri) => uri.IsLoopback && uri.Scheme == Uri.UriSchemeHttp;

    // What the client's key can sign: what it registered, or what its first key is for.
    private static string KeyAlgorithm(ClientMetadata client)
    {
        if (client.TokenEndpointAuthSigningAlg is { } registered)
        {
            return registered;
        }

        var rsa = client.Jwks is { ValueKind: JsonValueKind.Object } set && set.TryGetProperty("keys", out var keys)
            && keys.ValueKind == JsonValueKind.Array && keys.GetArrayLength() > 0
            && keys[0].TryGetProperty("kty", out var type) && type.ValueEquals("RSA");
        return rsa ? ClientSigningAlgorithms.RS256 : ClientSigningAlgorithms.ES256;
    }

    [GeneratedRegex(@"^(?<prefix>(/[A-Za-z0-9_-]+)+)/callback$")]
    private static partial Regex ProxyPath();

    // A folder of the application is named after the first part, so it is kept to what no file system gives a meaning.
    [GeneratedRegex(@"^(?<base>(/[A-Za-z0-9_-]+)+)/callback/(?<provider>[A-Za-z0-9_-]+)$")]
    private static partial Regex AuthJsPath();
}
