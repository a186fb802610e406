using System.Net.Http.Headers;
using System.Text;

namespace WebClient;

/// <summary>
/// Proves the client by the Authorization header (client_secret_basic, RFC 6749 §2.3.1), as clients are registered unless they ask for
/// something else. By itself Microsoft's handler puts the secret into the form (client_secret_post).
/// </summary>
internal sealed class BasicAuthentication(string id, string secret) : DelegatingHandler(new HttpClientHandler())
{
    protected override Task<HttpResponseMessage> SendAsync(HttpRequestMessage request, CancellationToken cancellationToken)
    {
        if (request.Method == HttpMethod.Post)
        {
            var pair = $"{Uri.EscapeDataString(id)}:{Uri.EscapeDataString(secret)}";
            request.Headers.Authorization = new AuthenticationHeaderValue("Basic", Convert.ToBase64String(Encoding.UTF8.GetBytes(pair)));
        }

        return base.SendAsync(request, cancellationToken);
    }
}
