using System.Net;
using System.Net.Http.Headers;
using System.Net.Security;
using System.Net.Sockets;

namespace IdentityServer.Egress;

/// <summary>One request and its answer, over a connection of its own that nothing else ever uses: so no pool can hand it to another host.</summary>
internal sealed class EgressExchange(PinnedConnection connection, EgressTrust trust)
{
    private const string Broken = "the connection broke before the answer was whole";
    private const int LargestHeadersInKilobytes = 16;
    private const int Chunk = 8 * 1024;

    /// <summary>Sends the request and takes the answer.</summary>
    /// <exception cref="OperationCanceledException">The time is over, or the caller gave up.</exception>
    public async Task<EgressAnswer> RunAsync(Uri address, IReadOnlyList<KeyValuePair<string, string>>? form, EgressRules rules, CancellationToken ct)
    {
        using var door = new HttpMessageInvoker(Handler());
        using var request = Request(address, form, rules);
        try
        {
            using var response = await door.SendAsync(request, ct);
            return await TakeAsync(response, rules, ct);
        }
        catch (HttpRequestException problem) when (!ct.IsCancellationRequested)
        {
            return new EgressAnswer.Failed(Reason(problem, address));
        }
        catch (Exception problem) when (problem is IOException or SocketException && !ct.IsCancellationRequested)
        {
            return new EgressAnswer.Failed(Broken);
        }
    }

    // Nothing of the environment (proxy, cookies, credentials, tracing headers), and nothing done by itself (redirects, decompression).
    private SocketsHttpHandler Handler() => new()
    {
        ConnectCallback = (_, ct) => connection.OpenAsync(ct),
        SslOptions = new SslClientAuthenticationOptions { CertificateChainPolicy = trust.Policy() },
        UseProxy = false,
        UseCookies = false,
        AllowAutoRedirect = false,
        AutomaticDecompression = DecompressionMethods.None,
        ActivityHeadersPropagator = null,
        MaxResponseHeadersLength = LargestHeadersInKilobytes,
        MaxResponseDrainSize = 0,
        PooledConnectionLifetime = TimeSpan.Zero,
    };

    private static HttpRequestMessage Request(Uri address, IReadOnlyList<KeyValuePair<string, string>>? form, EgressRules rules)
    {
        var request = new HttpRequestMessage(form is null ? HttpMethod.Get : HttpMethod.Post, address)
        {
            Version = HttpVersion.Version11,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
            Content = form is null ? null : new FormUrlEncodedContent(form),
        };
        request.Headers.UserAgent.Add(new ProductInfoHeaderValue(new ProductHeaderValue("IdentityServer")));
        request.Headers.AcceptEncoding.Add(new StringWithQualityHeaderValue("identity"));
        request.Headers.ConnectionClose = true;
        foreach (var type in rules.MediaTypes)
        {
            request.Headers.Accept.Add(new MediaTypeWithQualityHeaderValue(type));
        }

        return request;
    }

    private static async Task<EgressAnswer> TakeAsync(HttpResponseMessage response, EgressRules rules, CancellationToken ct)
    {
        var status = (int)response.StatusCode;
        if (status is >= 300 and < 400)
        {
            // Where it leads was chosen by somebody else than the client, and may be inside our network.
            return new EgressAnswer.Failed(FormattableString.Invariant($"it redirects (status {status}), and redirects are not followed: register the address that it leads to"));
        }

        if (rules.StatusIsEnough ? status is < 200 or >= 300 : status != 200)
        {
            return new EgressAnswer.Failed(FormattableString.Invariant($"it answered with the status {status}"), rules.StatusIsEnough ? status : null);
        }

        var type = response.Content.Headers.ContentType?.MediaType;
        if (rules.StatusIsEnough)
        {
            return new EgressAnswer.Answered(status, type, await ReadSomeAsync(response.Content, rules, ct));
        }

        if (rules.MediaTypes.FirstOrDefault(wanted => wanted.Equals(type, StringComparison.OrdinalIgnoreCase)) is not { } known)
        {
            return new EgressAnswer.Failed($"the media type of its answer is not {string.Join(" or ", rules.MediaTypes)}");
        }

        if (response.Content.Headers.ContentEncoding.Any(encoding => !encoding.Equals("identity", StringComparison.OrdinalIgnoreCase)))
        {
            return new EgressAnswer.Failed("its answer is compressed, although it was asked for as it is");
        }

        var body = new MemoryStream();
        return response.Content.Headers.ContentLength > rules.LargestBody || !await ReadAsync(response.Content, body, rules.LargestBody, ct)
            ? new EgressAnswer.Failed(FormattableString.Invariant($"its answer is larger than {rules.LargestBody / 1024} KB"))
            : new EgressAnswer.Answered(status, known, body.ToArray());
    }

    // The status said it all: that the body never ends, or breaks off, changes nothing.
    private static async Task<byte[]> ReadSomeAsync(HttpContent content, EgressRules rules, CancellationToken ct)
    {
        var body = new MemoryStream();
        try
        {
            await ReadAsync(content, body, rules.LargestBody, ct);
        }
        catch (Exception broken) when (broken is IOException or HttpRequestException or OperationCanceledException)
        {
            // What came is what there is. A caller that gave up learns it from its own token.
        }

        return body.ToArray();
    }

    /// <summary>Reads at most so much.</summary>
    /// <returns>Whether that was all.</returns>
    private static async Task<bool> ReadAsync(HttpContent content, MemoryStream into, int most, CancellationToken ct)
    {
        await using var from = await content.ReadAsStreamAsync(ct);
        var chunk = new byte[Chunk];
        int read;
        while ((read = await from.ReadAsync(chunk, ct)) > 0)
        {
            var room = Math.Min(read, most - (int)into.Length);
            into.Write(chunk, 0, room);
            if (room < read)
            {
                return false;
            }
        }

        return true;
    }

    // The framework's own words name hosts and hold what the other side wrote.
    private static string Reason(HttpRequestException problem, Uri address) => problem.HttpRequestError switch
    {
        HttpRequestError.ConnectionError => FormattableString.Invariant($"its host takes no connection at port {address.Port}"),
        HttpRequestError.SecureConnectionError =>
            "TLS failed: its certificate must be valid for the host, come from an authority that this server knows, and be sent with its whole chain",
        HttpRequestError.ConfigurationLimitExceeded => FormattableString.Invariant($"the headers of its answer are larger than {LargestHeadersInKilobytes} KB"),
        HttpRequestError.ResponseEnded => Broken,
        _ when problem.InnerException is IOException or SocketException => Broken,
        _ => "its answer is not HTTP as it should be",
    };
}
