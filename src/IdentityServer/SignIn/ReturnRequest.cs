using IdentityServer.Domain.Clients;

namespace IdentityServer.SignIn;

/// <summary>
/// Where a sign-in goes back to: the stored authorization request of a client, or our own home page. There is no return URL to redirect
/// to, only a reference to what the server keeps, so no input can lead elsewhere.
/// </summary>
/// <param name="ClientId">The client that sent the person here, if one did.</param>
/// <param name="RequestUri">The stored request (RFC 9126 §2.2), if there is one.</param>
internal sealed record ReturnRequest(string? ClientId, string? RequestUri)
{
    private const string RequestUriPrefix = "urn:ietf:params:oauth:request_uri:";

    // Ours are much shorter; rows that keep one have room for this much.
    private const int LongestRequestUri = 256;

    /// <summary>Takes what the query says if it has the form of a reference of ours, else nothing.</summary>
    public static ReturnRequest Of(string? clientId, string? requestUri) =>
        ClientIdentifier.IsWellFormed(clientId) && requestUri is { Length: <= LongestRequestUri }
        && requestUri.StartsWith(RequestUriPrefix, StringComparison.Ordinal) && requestUri.All(c => c is > ' ' and <= '~')
            ? new(clientId, requestUri)
            : new(null, null);

    /// <summary>The local URL to go to when the sign-in is complete: only the authorization endpoint knows what comes next.</summary>
    public string Destination => RequestUri is null ? "/" : "/connect/authorize" + Query();

    /// <summary>The password page for the same request.</summary>
    public string SignInPage(string? reason = null) => "/sign-in" + Query(("reason", reason));

    /// <summary>The code page for a challenge of the same request.</summary>
    public string CodePage(Guid challengeId) => "/sign-in/code" + Query(("challenge", challengeId.ToString("N")));

    private string Query(params ReadOnlySpan<(string Name, string? Value)> more)
    {
        var query = QueryString.Empty;
        foreach (var (name, value) in more)
        {
            query = value is null ? query : query.Add(name, value);
        }

        return (RequestUri is null ? query : query.Add("client_id", ClientId!).Add("request_uri", RequestUri)).ToString();
    }
}
