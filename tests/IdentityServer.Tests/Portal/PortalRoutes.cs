using System.Text.RegularExpressions;
using IdentityServer.Domain.Diagnosis;
using IdentityServer.Ownership;
using IdentityServer.Tests.Ownership;
using IdentityServer.Tests.Support;
using IdentityServer.Tests.TestUsers;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Portal;

/// <summary>Whom a page of the portal is for.</summary>
internal enum PageOf
{
    /// <summary>Everybody who is signed in as a person.</summary>
    Everybody,

    /// <summary>The owners of the client that it is about.</summary>
    Owners,

    /// <summary>Administrators.</summary>
    Administrators,
}

/// <summary>Every page of the portal that there is, found by its route: a page that is added is walked to without being named.</summary>
internal static partial class PortalRoutes
{
    private const string Reference = "0123456789ab";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    // A run is its own owner's alone, and the callback is for the browser that began one: TrialRefusalTests holds them to that.
    private static readonly string[] OfRuns = [TrialStage.RunRoute, TrialStage.CallbackRoute];

    /// <summary>The pages, with addresses that lead to them. The client is given something to show on each.</summary>
    public static async Task<IReadOnlyList<(string Route, string Path, PageOf Whose)>> PagesOfPortalAsync(this World world, OwnedClient client)
    {
        var secret = await world.ReadAsync(async db =>
        {
            db.ClientLogos.Add(new() { ClientRowId = client.RowId, Content = [0x89, (byte)'P', (byte)'N', (byte)'G'], UploadedAt = world.Clock.GetUtcNow() });
            db.ClientFailures.Add(new()
            {
                Id = Reference,
                ClientRowId = client.RowId,
                At = world.Clock.GetUtcNow(),
                Code = FailureCodes.RedirectUriMismatch,
                Endpoint = "/connect/authorize",
            });
            await db.SaveChangesAsync(Cancel);
            return await db.ClientSecrets.Where(row => row.ClientRowId == client.RowId).Select(row => row.Id).FirstAsync(Cancel);
        });
        var testUser = await world.AddTestUserAsync(client.Settings);
        await world.WithAsync<Approvals, bool>(approvals => approvals.AskAsync(client, "", Cancel));
        var routes = world.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.Metadata.GetMetadata<PageActionDescriptor>()?.RelativePath.StartsWith("/Portal/", StringComparison.Ordinal) == true)
            .Select(endpoint => endpoint.RoutePattern.RawText!.Trim('/')).Distinct().Except(OfRuns);
        return [.. routes.Select(route => (route, "/" + Fill(route, client.ClientId, secret, testUser.Id), WhoseIs(route)))];
    }

    private static string Fill(string route, string clientId, Guid secret, Guid testUser) => Parameter().Replace(route, parameter => parameter.Value switch
    {
        "{clientId}" or "{client}" => clientId,
        "{secret:guid}" => secret.ToString(),
        "{reference}" => Reference,
        "{code?}" => FailureCodes.RedirectUriMismatch,
        "{userId:guid}" => testUser.ToString(),
        var other => throw new InvalidOperationException($"Say here what stands for {other} in {route}."),
    });

    private static PageOf WhoseIs(string route) => route.Contains("{clientId}", StringComparison.Ordinal) ? PageOf.Owners
        : route.StartsWith("portal/approvals", StringComparison.Ordinal) ? PageOf.Administrators
        : PageOf.Everybody;

    [GeneratedRegex(@"\{[^}]*\}")]
    private static partial Regex Parameter();
}
