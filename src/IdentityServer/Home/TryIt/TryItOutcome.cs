using IdentityServer.Trials;

namespace IdentityServer.Home.TryIt;

/// <summary>What the authorization endpoint sent back with the browser (RFC 6749 §4.1.2, RFC 9207 §2).</summary>
internal sealed record AuthorizationAnswer(string? Code, string? Issuer, string? Error, string? ErrorDescription)
{
    public static AuthorizationAnswer Of(IQueryCollection query) => new(query["code"], query["iss"], query["error"], query["error_description"]);

    public override string ToString() => $"{nameof(AuthorizationAnswer)} {{ Error = {Error} }}";
}

/// <summary>How a try-out ended.</summary>
internal abstract record TryItOutcome
{
    private TryItOutcome()
    {
    }

    /// <summary>The client has its tokens and has checked them.</summary>
    internal sealed record Complete(TokenSheet IdToken, TokenSheet AccessToken, IReadOnlyList<ClaimLine> UserInfo, DateTimeOffset ExpiresAt)
        : TryItOutcome;

    /// <summary>The client stopped.</summary>
    /// <param name="What">What went wrong, in words.</param>
    /// <param name="Detail">What a developer wants to know beside that.</param>
    internal sealed record Stopped(string What, string? Detail) : TryItOutcome;
}
