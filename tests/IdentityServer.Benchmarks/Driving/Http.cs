using System.Globalization;
using System.Net;
using System.Net.Http.Headers;
using System.Text;
using System.Text.Json;
using IdentityServer.Benchmarks.Server;

namespace IdentityServer.Benchmarks.Driving;

/// <summary>An answer: where it leads, or what it says.</summary>
internal readonly record struct Reply(string? Location, string Body)
{
    /// <summary>A parameter of the address that the answer leads to.</summary>
    public string Parameter(string name) => Between(Location ?? throw new InvalidOperationException("The answer leads nowhere."), name + "=", '&');

    /// <summary>A member of the answer's JSON, as text.</summary>
    public string Member(string name)
    {
        using var json = JsonDocument.Parse(Body);
        return json.RootElement.GetProperty(name).ToString();
    }

    /// <summary>The hidden field against forged requests.</summary>
    public string Antiforgery()
    {
        var field = Body.IndexOf("name=\"antiforgery\"", StringComparison.Ordinal);
        return field < 0 ? throw new InvalidOperationException("The page has no form.") : Between(Body[field..], "value=\"", '"');
    }

    private static string Between(string text, string start, char end)
    {
        var from = text.IndexOf(start, StringComparison.Ordinal);
        if (from < 0)
        {
            throw new InvalidOperationException($"There is no {start} in {text}");
        }

        from += start.Length;
        var to = text.IndexOf(end, from);
        return to < 0 ? text[from..] : text[from..to];
    }
}

/// <summary>Speaks to the server as the proxy before it does, over connections that stay open. It parses as little as it can.</summary>
internal sealed class Http : IDisposable
{
    private const string BackEnd = "198.51.100.7";

    private static readonly Uri Issuer = new(Installation.Issuer);

    private readonly HttpClient _client;
    private readonly AuthenticationHeaderValue _basic;

    public Http(Uri address, string clientSecret)
    {
        _client = new HttpClient(new SocketsHttpHandler { UseCookies = false, AllowAutoRedirect = false, UseProxy = false }) { BaseAddress = address };
        _basic = new("Basic", Convert.ToBase64String(Encoding.ASCII.GetBytes($"{Installation.ClientId}:{clientSecret}")));
    }

    public Task<Reply> GetAsync(string url, Cookies? cookies = null) => SendAsync(new(HttpMethod.Get, url), cookies);

    public Task<Reply> GetAsync(string url, string bearer) =>
        SendAsync(new(HttpMethod.Get, url) { Headers = { Authorization = new("Bearer", bearer) } }, null);

    public Task<Reply> PostAsync(string url, Cookies cookies, string form) =>
        SendAsync(new(HttpMethod.Post, url) { Content = Form(form) }, cookies);

    /// <summary>Posts as the client, with its secret.</summary>
    public Task<Reply> PostAsClientAsync(string url, string form) =>
        SendAsync(new(HttpMethod.Post, url) { Content = Form(form), Headers = { Authorization = _basic } }, null);

    public void Dispose() => _client.Dispose();

    private static StringContent Form(string form) => new(form, Encoding.ASCII, "application/x-www-form-urlencoded");

    private async Task<Reply> SendAsync(HttpRequestMessage request, Cookies? cookies)
    {
        using (request)
        {
            request.Headers.Host = Issuer.Host;
            request.Headers.TryAddWithoutValidation("X-Forwarded-Proto", Issuer.Scheme);
            request.Headers.TryAddWithoutValidation("X-Forwarded-For", cookies?.Network ?? BackEnd);
            request.Headers.TryAddWithoutValidation("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0");
            cookies?.WriteTo(request);
            using var response = await _client.SendAsync(request);
            var body = await response.Content.ReadAsStringAsync();
            if ((int)response.StatusCode >= 400)
            {
                throw new InvalidOperationException($"{request.Method} {request.RequestUri} was answered with {(int)response.StatusCode}: {body}");
            }

            cookies?.ReadFrom(response);
            return new(response.Headers.Location is { } location ? Local(location) : null, body);
        }
    }

    private static string Local(Uri location) =>
        location.IsAbsoluteUri && location.Host == Issuer.Host ? location.PathAndQuery : location.OriginalString;
}

/// <summary>A browser's cookies, and the address that it comes from: what one network may do without having signed in is limited.</summary>
internal sealed class Cookies
{
    private static int _browsers;

    private readonly Dictionary<string, string> _values = new(StringComparer.Ordinal);

    /// <summary>Of the block for benchmarks (RFC 2544): one of 131,072 addresses, each browser the next.</summary>
    public string Network { get; } = NetworkOf(Interlocked.Increment(ref _browsers));

    public void WriteTo(HttpRequestMessage request)
    {
        if (_values.Count > 0)
        {
            request.Headers.TryAddWithoutValidation("Cookie", string.Join("; ", _values.Select(cookie => $"{cookie.Key}={cookie.Value}")));
        }
    }

    public void ReadFrom(HttpResponseMessage response)
    {
        if (!response.Headers.TryGetValues("Set-Cookie", out var lines))
        {
            return;
        }

        foreach (var line in lines)
        {
            var pair = line[..line.IndexOf(';', StringComparison.Ordinal)].Split('=', 2);
            if (pair[1].Length > 0)
            {
                _values[pair[0]] = pair[1];
            }
            else
            {
                _values.Remove(pair[0]);
            }
        }
    }

    private static string NetworkOf(int browser) => string.Create(
        CultureInfo.InvariantCulture, $"198.{18 + ((browser >> 16) & 1)}.{(browser >> 8) & 255}.{browser & 255}");
}
