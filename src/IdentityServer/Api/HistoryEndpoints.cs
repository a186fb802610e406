using System.Globalization;
using IdentityServer.Clients.Keys;
using IdentityServer.Diagnostics;
using IdentityServer.Domain.Clients;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Languages;
using IdentityServer.Ownership;
using IdentityServer.Storage;
using Microsoft.AspNetCore.Mvc;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Api;

/// <summary>A key of a client.</summary>
/// <param name="Kid">Its <c>kid</c>.</param>
/// <param name="Kty">Its <c>kty</c>.</param>
/// <param name="Alg">Its <c>alg</c>.</param>
/// <param name="Use">Its <c>use</c>.</param>
/// <param name="Thumbprint">Its JWK thumbprint (RFC 7638), SHA-256, base64url; null for a key that cannot sign here.</param>
/// <param name="Usable">Whether it can sign for the client here.</param>
/// <param name="CertificateExpiresAt">When the certificate ends that it comes with; null for none.</param>
/// <param name="LastUsedAt">When the client last proved itself with it, to the minute; null for never.</param>
internal sealed record ApiKey(
    string? Kid, string? Kty, string? Alg, string? Use, string? Thumbprint, bool Usable, DateTimeOffset? CertificateExpiresAt, DateTimeOffset? LastUsedAt);

/// <summary>The keys of a client.</summary>
/// <param name="Source"><c>jwks</c>, <c>jwks_uri</c>, or null when it has neither.</param>
/// <param name="Items">Those that were found, as they are now.</param>
/// <param name="Problem">What is wrong with the set, or why it could not be read; null for nothing.</param>
internal sealed record ApiKeys(string? Source, IReadOnlyList<ApiKey> Items, ApiFieldProblem? Problem);

/// <summary>What a client did on each of the last days.</summary>
/// <param name="From">The first day, in UTC.</param>
/// <param name="Days">How many; the last is today.</param>
/// <param name="Totals">How often each thing happened, on all days together.</param>
/// <param name="Daily">The same on each day, the first day first.</param>
/// <param name="Funnel">How many sign-ins came how far, in order.</param>
/// <param name="LatencyMs">How long token requests took.</param>
/// <param name="LastUsedAt">When it was last given tokens, to the minute; null for never.</param>
internal sealed record ApiActivity(
    DateOnly From, int Days, IReadOnlyDictionary<string, long> Totals, IReadOnlyDictionary<string, IReadOnlyList<long>> Daily,
    IReadOnlyList<ApiFunnelStep> Funnel, ApiLatency LatencyMs, DateTimeOffset? LastUsedAt);

/// <summary>How many sign-ins came as far as a step.</summary>
internal sealed record ApiFunnelStep(string Step, long Count);

/// <summary>How long token requests took, in milliseconds: the upper ends of the steps in which each share is reached; null for none.</summary>
internal sealed record ApiLatency(int? Median, int? P95);

/// <summary>What is known of a client: its keys, its failures, its activity, and how it looks to us.</summary>
internal static class HistoryEndpoints
{
    private const string Client = "/clients/{clientId}";
    private const int DefaultDays = 30;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(Client + "/keys", KeysAsync).For("listKeys", ManagementScopes.Read)
            .WithSummary("A client's public keys: those in its metadata, or those at its jwks_uri as they are now.").Produces<ApiKeys>();
        api.MapGet(Client + "/failures", FailuresAsync).For("listFailures", ManagementScopes.Read)
            .WithSummary("A client's failed requests of the last 14 days, the newest first.").Produces<ApiPage<ApiFailure>>()
            .Paged().Query("code", "Only those of a code of docs/errors.md.").Query("since", "Only those of then or later, in ISO 8601: to follow the log, give the at of the newest one that was read.");
        api.MapGet(Client + "/failures/{reference}", FailureAsync).For("getFailure", ManagementScopes.Read)
            .WithSummary("The failed request of a reference, such as the error page shows.").Produces<ApiFailure>();
        api.MapGet(Client + "/activity", ActivityAsync).For("getActivity", ManagementScopes.Read)
            .WithSummary("What a client did on each of the last days, up to 90.").Produces<ApiActivity>().Query("days", "How many, 1 to 90; 30 when left out.", ApiParameterKind.Number);
        api.MapGet(Client + "/checkup", CheckupAsync).For("getCheckup", ManagementScopes.Read)
            .WithSummary("What about a client is wrong, or will be.").Produces<ApiCheckup>();
    }

    private static Task<ApiAnswer> KeysAsync(
        HttpContext context, string clientId, [FromServices] ClientAccess clients, [FromServices] ClientKeyList keys, [FromServices] InsightWriter insight, CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client =>
        {
            await insight.FlushAsync(cancellationToken); // a use of this moment is to be seen
            var found = await keys.ReadAsync(client.Settings, cancellationToken);
            return ApiAnswer.Of(new ApiKeys(
                client.Metadata.Jwks is not null ? "jwks" : client.Metadata.JwksUri is not null ? "jwks_uri" : null,
                [.. found.Keys.Select(key => new ApiKey(
                    key.Kid, key.Type, key.Algorithm, key.Use, key.Thumbprint, key.Usable, key.CertificateEndsAt, key.LastUsedAt))],
                found.Problem is { } problem ? new(problem.Field, problem.Rule, problem.Mend) : null));
        }, cancellationToken);

    private static Task<ApiAnswer> FailuresAsync(
        HttpContext context, string clientId, [FromServices] ClientAccess clients, [FromServices] ClientHistory history, CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client =>
        {
            FailureCursor? after = null;
            if (!ApiRequestParts.TryLimit(context.Request, out var limit, out var refusal)
                || !ApiRequestParts.TryMoment(context.Request, "since", out var since, out refusal)
                || !ApiRequestParts.TryCursor(context.Request, out var position, out refusal)
                || (position is not null && !TryRead(position, out after)))
            {
                return refusal ?? ApiRequestParts.Refuse("cursor", "what an earlier page had in its member next");
            }

            if (context.Request.Query["code"] is { Count: > 0 } codes && (codes is not [{ } named] || FailureCatalogue.Find(named) is null))
            {
                return ApiRequestParts.Refuse("code", "one of the codes in docs/errors.md");
            }

            var page = await history.FailuresAsync(
                client.RowId, new(context.Request.Query["code"].FirstOrDefault(), After: after, Since: since), limit, cancellationToken);
            return ApiAnswer.Of(new ApiPage<ApiFailure>(
                [.. page.Failures.Select(ApiFailure.Of)], page.Next is { } next ? ApiRequestParts.Cursor($"{next.At.ToUnixTimeMilliseconds()}/{next.Id}") : null));
        }, cancellationToken);

    private static Task<ApiAnswer> FailureAsync(
        HttpContext context, string clientId, string reference, [FromServices] ClientAccess clients, [FromServices] ClientHistory history, CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client =>
            await history.FindFailureAsync([client.RowId], reference, cancellationToken) is { } failure
                ? ApiAnswer.Of(ApiFailure.Of(failure))
                : ApiProblem.Of(
                    ApiProblemType.NotFound, "No failure of this client has this reference. They are kept for 14 days, and the person who saw the page can tell the reference again."),
            cancellationToken);

    private static Task<ApiAnswer> ActivityAsync(
        HttpContext context, string clientId, [FromServices] ClientAccess clients, [FromServices] ClientHistory history, [FromServices] IdentityServerDbContext db, CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client =>
        {
            if (!ApiRequestParts.TryNumber(context.Request, "days", DefaultDays, (int)DiagnosisPolicy.ActivityKept.TotalDays, out var days, out var refusal))
            {
                return refusal!;
            }

            var seen = await history.ActivityAsync(client.RowId, days, cancellationToken);
            var used = await db.ClientStandings.Where(standing => standing.ClientRowId == client.RowId).Select(standing => standing.LastUsedAt).SingleOrDefaultAsync(cancellationToken);
            var kinds = seen.Kinds.Where(kind => !kind.StartsWith(ActivityKinds.LatencyPrefix, StringComparison.Ordinal)).Order(StringComparer.Ordinal).ToList();
            var latency = LatencyBuckets.Ends.Select(end => seen.Total(ActivityKinds.LatencyPrefix + end.ToString(CultureInfo.InvariantCulture))).ToList();
            return ApiAnswer.Of(new ApiActivity(
                seen.First, seen.Days, kinds.ToDictionary(kind => kind, seen.Total), kinds.ToDictionary(kind => kind, seen.Daily),
                [.. ActivityKinds.Funnel.Select(step => new ApiFunnelStep(step, seen.Total(step)))],
                new(LatencyBuckets.Quantile(latency, 0.5), LatencyBuckets.Quantile(latency, 0.95)), used));
        }, cancellationToken);

    private static Task<ApiAnswer> CheckupAsync(
        HttpContext context, string clientId, [FromServices] ClientAccess clients, [FromServices] ClientCheckup checkup, CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client =>
            ApiAnswer.Of(ApiCheckup.Of(await checkup.RunAsync(client, cancellationToken))), cancellationToken);

    private static bool TryRead(string position, out FailureCursor? cursor)
    {
        cursor = null;
        var parts = position.Split('/');
        if (parts is not [var at, { Length: > 0 } id] || !long.TryParse(at, NumberStyles.None, CultureInfo.InvariantCulture, out var moment)
            || moment > DateTimeOffset.MaxValue.ToUnixTimeMilliseconds())
        {
            return false;
        }

        cursor = new(DateTimeOffset.FromUnixTimeMilliseconds(moment), id);
        return true;
    }
}

/// <summary>How a client looks to us.</summary>
/// <param name="Outcome">The worst of all.</param>
/// <param name="Checks">What was looked at, and what was found.</param>
internal sealed record ApiCheckup(CheckOutcome Outcome, IReadOnlyList<ApiCheck> Checks)
{
    public static ApiCheckup Of(IReadOnlyList<ClientCheck> checks) => new(
        checks.Max(check => check.Outcome), [.. checks.Select(ApiCheck.Of)]);
}

/// <summary>One thing that was looked at.</summary>
/// <param name="Name">What; stable.</param>
/// <param name="Outcome">How it is.</param>
/// <param name="Sentence">What was found.</param>
/// <param name="Mend">What to do; null when there is nothing to do.</param>
internal sealed record ApiCheck(string Name, CheckOutcome Outcome, string Sentence, string? Mend)
{
    public static ApiCheck Of(ClientCheck check)
    {
        var words = Words.In(SupportedLanguages.Default);
        return new(check.Name, check.Outcome, check.Sentence(words), check.Mend(words));
    }
}
