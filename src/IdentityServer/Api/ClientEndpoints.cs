using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Ownership;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Api;

/// <summary>Clients: list, register, read, change, delete.</summary>
internal static class ClientEndpoints
{
    /// <summary>What the header <c>Idempotency-Key</c> does.</summary>
    public const string RepeatedSafely = "Sent again under the same key within 24 hours, the request is done once and answered the same.";

    private const string OneClient = "/clients/{clientId}";
    private const string IfThatStillHolds = "An ETag; nothing is done unless it is still the client's.";

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/clients", ListAsync).For("listClients", ManagementScopes.Read).Produces<ApiPage<ApiClientSchema>>()
            .WithSummary("The clients that the caller may manage.").Paged();
        api.MapPost("/clients", RegisterAsync).For("createClient", ManagementScopes.Write, "A client has a person who owns it. Register it with an access token of yours.")
            .WithSummary("Registers a client: with a kind, a name and redirect URIs, or with metadata under the names of RFC 7591.")
            .Body<ApiClientSchema>().Header(Idempotency.Header, RepeatedSafely).Produces<ApiClientSchema>(StatusCodes.Status201Created);
        api.MapGet(OneClient, ReadAsync).For("getClient", ManagementScopes.Read).Produces<ApiClientSchema>()
            .WithSummary("A client's metadata.").Header("If-None-Match", "An ETag; answers 304 when nothing has changed.");
        api.MapPut(OneClient, ReplaceAsync).For("replaceClient", ManagementScopes.Write).Body<ApiClientSchema>().Produces<ApiClientSchema>()
            .WithSummary("Puts metadata in place of what is registered; what it leaves out falls back to defaults.").Header("If-Match", "The ETag of what is replaced. It must be given.");
        api.MapPatch(OneClient, ChangeAsync).For("updateClient", ManagementScopes.Write).Body<ApiClientSchema>(ApiJson.MergePatch).Produces<ApiClientSchema>()
            .WithSummary("Changes some members by a merge patch (RFC 7396); null takes a member back to its default.").Header("If-Match", IfThatStillHolds);
        api.MapDelete(OneClient, DeleteAsync).For("deleteClient", ManagementScopes.Write, "Only an owner deletes a client. Do it with an access token of yours.")
            .WithSummary("Deletes a client, with its tokens, consents, secrets and test users.").Header("If-Match", IfThatStillHolds).Produces(StatusCodes.Status204NoContent);
    }

    private static async Task<ApiAnswer> ListAsync(HttpContext context, [FromServices] ClientAccess clients, CancellationToken cancellationToken)
    {
        if (!ApiRequestParts.TryLimit(context.Request, out var limit, out var refusal) || !ApiRequestParts.TryCursor(context.Request, out var after, out refusal))
        {
            return refusal!;
        }

        // One more than is shown: so it is known whether another page follows.
        var found = await clients.ListAsync(ApiCaller.Of(context).Actor, after, limit + 1, cancellationToken);
        var page = found.Take(limit).ToList();
        return ApiAnswer.Of(new ApiPage<Dictionary<string, object?>>(
            [.. page.Select(ApiClient.Show)], found.Count > page.Count ? ApiRequestParts.Cursor(page[^1].RowId) : null));
    }

    private static async Task<ApiAnswer> RegisterAsync(HttpContext context, [FromServices] ClientWork work, CancellationToken cancellationToken)
    {
        var (wish, refusal) = await ApiBody.ReadAsync(context.Request, cancellationToken);
        return refusal ?? await work.RegisterAsync((Actor.Person)ApiCaller.Of(context).Actor, wish!.Value, cancellationToken);
    }

    private static Task<ApiAnswer> ReadAsync(HttpContext context, string clientId, [FromServices] ClientAccess clients, CancellationToken cancellationToken) =>
        WithClientAsync(context, clientId, clients, client => Task.FromResult(ApiRequestParts.IsKnown(context.Request, client.Version)
            ? ApiAnswer.NotModified(ApiRequestParts.ETag(client.Version))
            : ClientWork.Show(client.Metadata, client.Version)), cancellationToken);

    private static Task<ApiAnswer> ReplaceAsync(
        HttpContext context, string clientId, [FromServices] ClientAccess clients, [FromServices] ClientWork work, CancellationToken cancellationToken) =>
        WithClientAsync(context, clientId, clients, async client => ApiRequestParts.Matches(context.Request, client.Version) switch
        {
            null => ApiProblem.Of(ApiProblemType.PreconditionRequired, "Send If-Match with the ETag that GET gave, so that nobody's change is lost; or change single members with PATCH."),
            false => ClientWork.Stale(),
            true => await ApiBody.ReadAsync(context.Request, cancellationToken) switch
            {
                { Refusal: { } refusal } => refusal,
                var (wish, _) => await work.ReplaceAsync(ApiCaller.Of(context), client, wish!.Value, cancellationToken),
            },
        }, cancellationToken);

    private static Task<ApiAnswer> ChangeAsync(
        HttpContext context, string clientId, [FromServices] ClientAccess clients, [FromServices] ClientWork work, CancellationToken cancellationToken) =>
        WithClientAsync(context, clientId, clients, async client =>
        {
            var (patch, refusal) = await ApiBody.ReadAsync(context.Request, cancellationToken, ApiJson.MergePatch);
            return refusal ?? ApiRequestParts.Matches(context.Request, client.Version) switch
            {
                false => ClientWork.Stale(),
                var held => await work.ChangeAsync(ApiCaller.Of(context), client, patch!.Value, again: held is null, cancellationToken),
            };
        }, cancellationToken);

    private static Task<ApiAnswer> DeleteAsync(
        HttpContext context, string clientId, [FromServices] ClientAccess clients, [FromServices] OwnedClients owned, CancellationToken cancellationToken) =>
        WithClientAsync(context, clientId, clients, async client =>
        {
            var held = ApiRequestParts.Matches(context.Request, client.Version);
            if (held == false)
            {
                return ClientWork.Stale();
            }

            if (await owned.DeleteAsync(client, cancellationToken, held is null ? null : client.Version))
            {
                return ApiAnswer.Nothing;
            }

            return await clients.AgainAsync(client, cancellationToken) is null ? NotFound() : ClientWork.Stale();
        }, cancellationToken);

    /// <summary>Does something with a client that the caller may manage; whoever may not is told what is told of one that does not exist.</summary>
    public static async Task<ApiAnswer> WithClientAsync(
        HttpContext context, string clientId, ClientAccess clients, Func<OwnedClient, Task<ApiAnswer>> work, CancellationToken cancellationToken) =>
        await clients.FindAsync(ApiCaller.Of(context).Actor, clientId, cancellationToken) is { } client ? await work(client) : NotFound();

    /// <summary>There is no such client, or it is not the caller's.</summary>
    public static ApiAnswer NotFound() =>
        ApiProblem.Of(ApiProblemType.NotFound, "No client of this client_id is yours. GET /api/v1/clients lists those that are.");
}
