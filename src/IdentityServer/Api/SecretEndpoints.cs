using System.Diagnostics;
using System.Text.Json;
using IdentityServer.Clients.Credentials;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Api;

/// <summary>A secret as the API shows it: never itself.</summary>
/// <param name="SecretId">What it is called by.</param>
/// <param name="Label">What it is for.</param>
/// <param name="Active">Whether it is taken.</param>
/// <param name="CreatedAt">When it was made.</param>
/// <param name="ExpiresAt">When it ends; null for never.</param>
/// <param name="LastUsedAt">When it was last taken, to the minute; null for never.</param>
/// <param name="RetiredAt">When it was retired; null while it is not.</param>
/// <param name="RetiresItself">It goes by itself once that is safe.</param>
/// <param name="Retirement">What the evidence says of taking it away now.</param>
internal sealed record ApiSecret(
    Guid SecretId, string Label, bool Active, DateTimeOffset CreatedAt, DateTimeOffset? ExpiresAt, DateTimeOffset? LastUsedAt, DateTimeOffset? RetiredAt,
    bool RetiresItself, Retirement Retirement)
{
    public static ApiSecret Of(ShownSecret secret) => new(
        secret.Id, secret.Label, secret.Retirement != Retirement.Over, secret.History.CreatedAt, secret.History.ExpiresAt, secret.History.LastUsedAt,
        secret.History.RetiredAt, secret.RetiresItself, secret.Retirement);
}

/// <summary>A secret at the one moment at which anybody can read it.</summary>
/// <param name="ClientSecret">Itself.</param>
/// <param name="Secret">What is known of it from now on.</param>
internal sealed record ApiNewSecret(string ClientSecret, ApiSecret Secret)
{
    public override string ToString() => $"secret {Secret.SecretId}";
}

/// <summary>A wish for a secret.</summary>
/// <param name="Label">What it is for; may be left out.</param>
/// <param name="ExpiresAt">When it ends, at most three years ahead; never, when left out.</param>
internal sealed record ApiSecretWish(string? Label = null, DateTimeOffset? ExpiresAt = null);

/// <summary>A change of a secret.</summary>
/// <param name="RetiresItself">It is to retire by itself once that is safe.</param>
internal sealed record ApiSecretChange(bool? RetiresItself = null);

/// <summary>Everything of one kind, where there is never more than a page of it.</summary>
internal sealed record ApiList<T>(IReadOnlyList<T> Items);

/// <summary>Secrets: list, make, retire.</summary>
internal static class SecretEndpoints
{
    private const string All = "/clients/{clientId}/secrets";
    private const string One = All + "/{secretId}";

    private static readonly string[] _members = ["label", "expires_at"];

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet(All, ListAsync).For("listSecrets", ManagementScopes.Read)
            .WithSummary("A client's secrets, the youngest first; those that are over stay for 90 days.").Produces<ApiList<ApiSecret>>();
        api.MapPost(All, MakeAsync).For("createSecret", ManagementScopes.Secrets)
            .WithSummary("Makes one more secret; the others stay as they are.").Produces<ApiNewSecret>(StatusCodes.Status201Created)
            .Body<ApiSecretWish>().Header(Idempotency.Header, ClientEndpoints.RepeatedSafely);
        api.MapPatch(One, ChangeAsync).For("updateSecret", ManagementScopes.Secrets)
            .WithSummary("Says whether a secret is to retire by itself once that is safe.").Produces<ApiSecret>().Body<ApiSecretChange>(ApiJson.MergePatch);
        api.MapDelete(One, RetireAsync).For("retireSecret", ManagementScopes.Secrets)
            .WithSummary("Retires a secret; without force=true only on evidence that nothing uses it any more.")
            .Query("force", "Also without evidence: for a secret that has leaked.", ApiParameterKind.Flag).Produces(StatusCodes.Status204NoContent);
    }

    private static Task<ApiAnswer> ListAsync(
        HttpContext context, string clientId, [FromServices] ClientAccess clients, [FromServices] ClientSecretDesk desk, CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client => ApiAnswer.Of(
            new ApiList<ApiSecret>([.. (await desk.ListAsync(client.RowId, cancellationToken)).Select(ApiSecret.Of)])), cancellationToken);

    private static Task<ApiAnswer> MakeAsync(
        HttpContext context, string clientId, [FromServices] ClientAccess clients, [FromServices] ClientWork work, [FromServices] ClientSecretDesk desk,
        CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client =>
        {
            if (await work.BeyondAsync(ApiCaller.Of(context), client, cancellationToken) is { } beyond)
            {
                return beyond;
            }

            var (wish, refusal) = await ApiBody.ReadAsync(context.Request, cancellationToken);
            if (refusal is not null)
            {
                return refusal;
            }

            var body = new ApiMembers(wish!.Value, _members);
            var (label, expiresAt) = (body.Text("label") ?? "", body.Moment("expires_at"));
            return body.Refusal ?? await desk.MakeAsync(client.Settings, label, expiresAt, cancellationToken) switch
            {
                SecretMade.Done done => ApiAnswer.Of(new ApiNewSecret(done.Secret.Reveal(), ApiSecret.Of(done.Shown)), StatusCodes.Status201Created),
                SecretMade.Refused refused => ApiProblem.Of([refused.Problem]),
                SecretMade.NotTaken => ApiProblem.Of(
                    ApiProblemType.SecretsNotTaken, $"The client authenticates by {client.Settings.TokenEndpointAuthMethod}. Change token_endpoint_auth_method to have it use a secret."),
                SecretMade.TooMany => ApiProblem.Of(
                    ApiProblemType.TooManySecrets, $"At most {SecretRotation.MostActive} secrets are taken at once. Retire one that nothing uses any more."),
                SecretMade.Gone => ClientEndpoints.NotFound(),
                var other => throw new UnreachableException($"Unmapped outcome {other}."),
            };
        }, cancellationToken);

    private static Task<ApiAnswer> ChangeAsync(
        HttpContext context, string clientId, string secretId, [FromServices] ClientAccess clients, [FromServices] ClientSecretDesk desk, CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client =>
        {
            var (wish, refusal) = await ApiBody.ReadAsync(context.Request, cancellationToken, ApiJson.MergePatch);
            if (refusal is not null)
            {
                return refusal;
            }

            var body = new ApiMembers(wish!.Value, ["retires_itself"]);
            var wished = body.Flag("retires_itself");
            if (body.Refusal is { } wrong)
            {
                return wrong;
            }

            return !Guid.TryParse(secretId, out var id)
                || (wished is { } yes && !await desk.LetRetireItselfAsync(client.Settings, id, yes, cancellationToken))
                || (await desk.ListAsync(client.RowId, cancellationToken)).FirstOrDefault(secret => secret.Id == id) is not { } shown
                ? NotFound()
                : ApiAnswer.Of(ApiSecret.Of(shown));
        }, cancellationToken);

    private static Task<ApiAnswer> RetireAsync(
        HttpContext context, string clientId, string secretId, [FromServices] ClientAccess clients, [FromServices] ClientSecretDesk desk, CancellationToken cancellationToken) =>
        ClientEndpoints.WithClientAsync(context, clientId, clients, async client => !Guid.TryParse(secretId, out var id)
            ? NotFound()
            : await desk.RetireAsync(client.Settings, id, ApiRequestParts.IsTrue(context.Request, "force"), cancellationToken) switch
            {
                SecretRetired.Done => ApiAnswer.Nothing,
                SecretRetired.NotSafe unsafely => ApiProblem.Of(ApiProblemType.NotSafeToRetire, MissingEvidence(unsafely.Why)),
                SecretRetired.Gone => NotFound(),
                var other => throw new UnreachableException($"Unmapped outcome {other}."),
            }, cancellationToken);

    private static string MissingEvidence(Retirement why) => why switch
    {
        Retirement.OnlyOne => "It is the client's only secret. Make another one first and have the program use it; or send force=true, and the client stops working.",
        Retirement.SuccessorUnused => "No younger secret has been used yet. Give the program the new one and let it be used once; or send force=true, if this one has leaked.",
        Retirement.StillUsed => $"It was used within the last {SecretRotation.Idle.Days} days, or made within them. Find what still holds it and wait; or send force=true, if it has leaked.",
        var other => throw new UnreachableException($"Nothing is missing for {other}."),
    };

    private static ApiAnswer NotFound() => ApiProblem.Of(ApiProblemType.NotFound, "The client has no secret of this identifier that is still taken.");
}
