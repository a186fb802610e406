using System.Text.Encodings.Web;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Settings;

namespace IdentityServer.Trials;

/// <summary>What an owner signs with their client's key so that a run can prove the client (RFC 7523 §3): we have the public half only.</summary>
/// <param name="Header">The JOSE header, as JSON; the owner puts their key's algorithm and name into it.</param>
/// <param name="Payload">The claims, as JSON.</param>
internal sealed record TrialAssertion(string Header, string Payload)
{
    private static readonly JsonSerializerOptions Readable = new() { WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    // Long enough to sign in between, and half of what is taken at most.
    private static readonly TimeSpan Lifetime = TimeSpan.FromMinutes(30);

    /// <summary>A new one: each counts once.</summary>
    public static TrialAssertion For(ClientSettings client, Installation installation, DateTimeOffset now) => new(
        JsonSerializer.Serialize(
            new Dictionary<string, string> { ["alg"] = client.Metadata.TokenEndpointAuthSigningAlg ?? "ES256", ["typ"] = "JWT" }, Readable),
        JsonSerializer.Serialize(
            new Dictionary<string, object>
            {
                ["iss"] = client.ClientId,
                ["sub"] = client.ClientId,
                ["aud"] = installation.Issuer.AbsoluteUri,
                ["jti"] = Guid.NewGuid().ToString("N"),
                ["iat"] = now.ToUnixTimeSeconds(),
                ["exp"] = (now + Lifetime).ToUnixTimeSeconds(),
            },
            Readable));
}
