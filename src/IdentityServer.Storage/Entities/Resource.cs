namespace IdentityServer.Storage.Entities;

/// <summary>A protected resource, mostly an API, that access tokens are made for. What clients may ask for there are the scopes that name it.</summary>
public sealed class Resource
{
    /// <summary>The URI that tokens carry as <c>aud</c>.</summary>
    public required string Id { get; set; }

    /// <summary>What people are shown.</summary>
    public required string Name { get; set; }

    /// <summary>In seconds; null for the server's own.</summary>
    public int? AccessTokenLifetime { get; set; }

    /// <summary>A JWS algorithm name; null for the server's own choice.</summary>
    public string? AccessTokenSigningAlg { get; set; }
}
