using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using IdentityServer.Ownership;
using IdentityServer.Storage.Operations;
using Microsoft.AspNetCore.DataProtection;

namespace IdentityServer.Api;

/// <summary>
/// Does a request once that is sent again under the same <c>Idempotency-Key</c>, and answers the same. For a program that was cut off and
/// does not know whether it was heard. Only what was done is remembered: a refused request may be mended and sent under its key again.
/// </summary>
internal sealed class Idempotency(IdempotencyOperations records, ClientAccess clients, IDataProtectionProvider protection, TimeProvider clock)
{
    /// <summary>The header.</summary>
    public const string Header = "Idempotency-Key";

    /// <summary>How long an answer is given again.</summary>
    public static readonly TimeSpan Kept = TimeSpan.FromHours(24);

    private const int LongestKey = 255;

    private readonly IDataProtector _seal = protection.CreateProtector("IdentityServer.Api.Idempotency.v1");

    /// <summary>Does the work, or answers as it was answered when it was done.</summary>
    public async Task<ApiAnswer> OnceAsync(HttpContext context, ApiCaller caller, Func<Task<ApiAnswer>> work)
    {
        ArgumentNullException.ThrowIfNull(context);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(work);
        if (!context.Request.Headers.TryGetValue(Header, out var values))
        {
            return await work();
        }

        if (values is not [{ Length: > 0 and <= LongestKey } given] || !given.All(c => c is >= ' ' and <= '~'))
        {
            return ApiProblem.Of(ApiProblemType.InvalidRequest, $"{Header} is given once, as 1 to {LongestKey} ASCII characters, such as a UUID.");
        }

        var (request, refusal) = await HashAsync(context.Request, context.RequestAborted);
        if (refusal is not null)
        {
            return refusal;
        }

        var key = Hash(Encoding.UTF8.GetBytes($"{caller.Key}\n{given}"));
        var now = clock.GetUtcNow();
        if (!await records.TryBeginAsync(key, request!, now, now + Kept, context.RequestAborted))
        {
            return await EarlierAsync(key, request!, context, caller);
        }

        // From here on to its end, even if whoever asked is gone: the same key will ask for the answer.
        context.RequestAborted = CancellationToken.None;
        return await RememberAsync(key, work);
    }

    private async Task<ApiAnswer> RememberAsync(string key, Func<Task<ApiAnswer>> work)
    {
        ApiAnswer? answer = null;
        try
        {
            answer = await work();
        }
        finally
        {
            if (answer is not { Succeeded: true })
            {
                await records.ForgetAsync(key, CancellationToken.None);
            }
        }

        if (answer.Succeeded)
        {
            var kept = JsonSerializer.SerializeToUtf8Bytes(new KeptAnswer(answer.Status, answer.Body, answer.ContentType, answer.Location, answer.ETag));
            await records.FinishAsync(key, Convert.ToBase64String(_seal.Protect(kept)), CancellationToken.None);
        }

        return answer;
    }

    private async Task<ApiAnswer> EarlierAsync(string key, string request, HttpContext context, ApiCaller caller)
    {
        if (await records.FindAsync(key, context.RequestAborted) is not { } earlier)
        {
            return UnderWay(); // it was refused this moment, and its key is free again
        }

        if (!string.Equals(earlier.RequestHash, request, StringComparison.Ordinal))
        {
            return ApiProblem.Of(ApiProblemType.KeyReused, $"This {Header} was sent with another request. Make a new one for each thing that is to be done.");
        }

        if (earlier.ProtectedAnswer is not { } kept || JsonSerializer.Deserialize<KeptAnswer>(_seal.Unprotect(Convert.FromBase64String(kept))) is not { } answer)
        {
            return UnderWay();
        }

        // It may hold a secret, and whoever did it may have been put out since.
        return await clients.FindAsync(caller.Actor, ClientOf(context, answer), context.RequestAborted) is null
            ? ClientEndpoints.NotFound()
            : new(answer.Status, answer.Body, answer.ContentType) { Location = answer.Location, ETag = answer.ETag };
    }

    // The client that the request was about, or the one that it made.
    private static string? ClientOf(HttpContext context, KeptAnswer answer) =>
        context.GetRouteValue("clientId") as string ?? (answer.Location is { } location ? Uri.UnescapeDataString(location[(location.LastIndexOf('/') + 1)..]) : null);

    private static ApiAnswer UnderWay() => ApiProblem.Later(
        ApiProblemType.UnderWay,
        "The first request with this key has not come to its end. Send it again in a second; should this go on, look whether it was done, and use another key.",
        TimeSpan.FromSeconds(1));

    private static async Task<(string? Hash, ApiAnswer? Refusal)> HashAsync(HttpRequest request, CancellationToken cancellationToken)
    {
        if (await ApiBody.KeepAsync(request, cancellationToken) is { } refusal)
        {
            return (null, refusal);
        }

        using var hash = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        hash.AppendData(Encoding.UTF8.GetBytes($"{request.Method} {request.Path}{request.QueryString}\n"));
        hash.AppendData(ApiBody.Kept(request));
        return (Convert.ToHexStringLower(hash.GetHashAndReset()), null);
    }

    private static string Hash(byte[] text) => Convert.ToHexStringLower(SHA256.HashData(text));

    private sealed record KeptAnswer(int Status, byte[] Body, string? ContentType, string? Location, string? ETag)
    {
        public override string ToString() => $"{Status}";
    }
}
