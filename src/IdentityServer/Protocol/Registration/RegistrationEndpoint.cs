using System.Diagnostics;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Domain.Clients;
using IdentityServer.Settings;
using Microsoft.AspNetCore.Mvc;

namespace IdentityServer.Protocol.Registration;

/// <summary>
/// Where clients register (RFC 7591) and manage what they registered (RFC 7592). Nobody registers without an initial access token, and
/// nothing makes that otherwise.
/// </summary>
internal static class RegistrationEndpoint
{
    /// <summary>Under <c>/connect</c>, so that failures answer programs and not people.</summary>
    public const string Path = "/connect/register";

    private const string Unopened = "An initial access token is needed, in the header Authorization: Bearer. The operator of this server issues them.";

    private const string Unmanaged = "The registration access token of this client is needed, in the header Authorization: Bearer.";

    public static void Map(IEndpointRouteBuilder app)
    {
        app.MapPost(Path, RegisterAsync);
        app.MapGet(Path + "/{clientId}", ReadAsync);
        app.MapPut(Path + "/{clientId}", ChangeAsync);
        app.MapDelete(Path + "/{clientId}", DeleteAsync);
    }

    private static async Task RegisterAsync(
        HttpContext context, [FromServices] RegistrationTokens tokens, [FromServices] SelfRegistration registration, CancellationToken cancellationToken)
    {
        if (Presented(context.Request) is not { } presented || await tokens.FindUsableAsync(presented, cancellationToken) is not { } token)
        {
            await RefuseTokenAsync(context, Unopened, cancellationToken);
            return;
        }

        await WithBodyAsync(context, async wish => await AnswerAsync(
            context, StatusCodes.Status201Created, await registration.RegisterAsync(token, wish, cancellationToken), Unopened, cancellationToken), cancellationToken);
    }

    private static Task ReadAsync(
        HttpContext context, string clientId, [FromServices] SelfManagement management, CancellationToken cancellationToken) =>
        WithOwnAsync(context, clientId, management, async (own, access) => await AnswerAsync(
            context, StatusCodes.Status200OK, await management.ReadAsync(own, access, cancellationToken), Unmanaged, cancellationToken), cancellationToken);

    private static Task ChangeAsync(
        HttpContext context, string clientId, [FromServices] SelfManagement management, CancellationToken cancellationToken) =>
        WithOwnAsync(context, clientId, management, (own, access) => WithBodyAsync(context, async wish => await AnswerAsync(
            context, StatusCodes.Status200OK, await management.ChangeAsync(own, access, wish, cancellationToken), Unmanaged, cancellationToken),
            cancellationToken), cancellationToken);

    private static Task DeleteAsync(
        HttpContext context, string clientId, [FromServices] SelfManagement management, CancellationToken cancellationToken) =>
        WithOwnAsync(context, clientId, management, async (own, _) =>
        {
            if (await management.DeleteAsync(own, cancellationToken))
            {
                context.Response.StatusCode = StatusCodes.Status204NoContent;
                return;
            }

            await RefuseTokenAsync(context, Unmanaged, cancellationToken);
        }, cancellationToken);

    private static async Task WithOwnAsync(
        HttpContext context, string clientId, SelfManagement management, Func<OwnRegistration, RegistrationSecret, Task> work, CancellationToken cancellationToken)
    {
        if (Presented(context.Request) is { } presented && await management.FindAsync(presented, clientId, cancellationToken) is { } own)
        {
            await work(own, presented);
            return;
        }

        await RefuseTokenAsync(context, Unmanaged, cancellationToken);
    }

    private static async Task WithBodyAsync(HttpContext context, Func<JsonElement, Task> work, CancellationToken cancellationToken)
    {
        var (json, problem, status) = await RegistrationBody.ReadAsync(context.Request, cancellationToken);
        using (json)
        {
            await (json is null ? RegistrationAnswers.RefusedAsync(context.Response, status, [problem!], cancellationToken) : work(json.RootElement));
        }
    }

    private static Task AnswerAsync(HttpContext context, int status, SelfOutcome outcome, string needed, CancellationToken cancellationToken) => outcome switch
    {
        SelfOutcome.Stored stored => RegistrationAnswers.StoredAsync(context.Response, status, stored, ManagedAt(context, stored.Client.ClientId!), cancellationToken),
        SelfOutcome.Refused refused => RegistrationAnswers.RefusedAsync(context.Response, StatusCodes.Status400BadRequest, refused.Problems, cancellationToken),
        SelfOutcome.Gone => RefuseTokenAsync(context, needed, cancellationToken),
        var other => throw new UnreachableException($"Unmapped outcome {other}."),
    };

    private static Task RefuseTokenAsync(HttpContext context, string needed, CancellationToken cancellationToken) =>
        context.RequestServices.GetRequiredService<FailedTokenAllowance>().Spend(context) is { } wait
            ? RegistrationAnswers.TooManyAsync(context.Response, wait, cancellationToken)
            : RegistrationAnswers.UnauthorizedAsync(context.Response, context.Request.Headers.Authorization.Count > 0, needed, cancellationToken);

    // From the header only (RFC 6750 §2.1): what stands in an address or a form ends up in logs.
    private static RegistrationSecret? Presented(HttpRequest request)
    {
        const string Scheme = "Bearer ";
        return request.Headers.Authorization is [{ } header] && header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase)
            && RegistrationSecret.TryParse(header[Scheme.Length..].Trim(' '), out var secret)
                ? secret
                : null;
    }

    private static Uri ManagedAt(HttpContext context, string clientId) =>
        new(context.RequestServices.GetRequiredService<Installation>().Issuer, $"{Path}/{Uri.EscapeDataString(clientId)}");
}
