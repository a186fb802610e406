using System.Net;
using IdentityServer.Api;
using IdentityServer.Clients;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Api;

/// <summary>
/// Everybody against everything: each operation of the API and each page of the portal has a row here that says whose it is, and one that
/// has none fails the test by its name.
/// </summary>
public sealed partial class AuthorizationMatrixTests
{
    // What is sent changes nothing where it is let in: it is refused for another reason, which only those are told who are let in.
    private static readonly Dictionary<string, (Whose Whose, object? Body, string? Header, string LetIn)> _operations = new()
    {
        ["getMe"] = (Whose.Everybody, null, null, "OK"),
        ["listClients"] = (Whose.Everybody, null, null, "OK"),
        ["createClient"] = (Whose.People, "[]", null, "invalid-request"),
        ["getClient"] = (Whose.Managers, null, null, "OK"),
        ["replaceClient"] = (Whose.Managers, "{}", null, "precondition-required"),
        ["updateClient"] = (Whose.Managers, "[]", null, "invalid-request"),
        ["deleteClient"] = (Whose.Owners, null, "\"stale\"", "stale"),
        ["listSecrets"] = (Whose.Managers, null, null, "OK"),
        ["createSecret"] = (Whose.Managers, "[]", null, "invalid-request"),
        ["updateSecret"] = (Whose.Managers, "[]", null, "invalid-request"),
        ["retireSecret"] = (Whose.Managers, null, null, "not-safe-to-retire"),
        ["listKeys"] = (Whose.Managers, null, null, "OK"),
        ["listFailures"] = (Whose.Managers, null, null, "OK"),
        ["getFailure"] = (Whose.Managers, null, null, "OK"),
        ["getActivity"] = (Whose.Managers, null, null, "OK"),
        ["getCheckup"] = (Whose.Managers, null, null, "OK"),
        ["listTestUsers"] = (Whose.Managers, null, null, "OK"),
        ["createTestUser"] = (Whose.Managers, "[]", null, "invalid-request"),
        ["deleteTestUser"] = (Whose.Managers, null, null, "NoContent"),
        ["listTestMails"] = (Whose.Managers, null, null, "OK"),
    };

    // An answer without a run is nobody's, and everybody is told so.
    private const string TrialCallback = "portal/trial/callback";

    private static readonly Dictionary<string, Whose> _pages = new()
    {
        ["portal"] = Whose.People,
        ["portal/new"] = Whose.People,
        ["portal/errors/{code?}"] = Whose.People,
        ["portal/approvals"] = Whose.Administrators,
        ["portal/approvals/logo/{client}"] = Whose.Administrators,
        ["portal/clients/{clientId}"] = Whose.Owners,
        ["portal/clients/{clientId}/activity"] = Whose.Owners,
        ["portal/clients/{clientId}/approval"] = Whose.Owners,
        ["portal/clients/{clientId}/snippets"] = Whose.Owners,
        ["portal/clients/{clientId}/delete"] = Whose.Owners,
        ["portal/clients/{clientId}/failures"] = Whose.Owners,
        ["portal/clients/{clientId}/failures/{reference}"] = Whose.Owners,
        ["portal/clients/{clientId}/keys"] = Whose.Owners,
        ["portal/clients/{clientId}/logo"] = Whose.Owners,
        ["portal/clients/{clientId}/logo/picture"] = Whose.Owners,
        ["portal/clients/{clientId}/owners"] = Whose.Owners,
        ["portal/clients/{clientId}/secrets"] = Whose.Owners,
        ["portal/clients/{clientId}/secrets/{secret:guid}/retire"] = Whose.Owners,
        ["portal/clients/{clientId}/settings"] = Whose.Owners,
        ["portal/clients/{clientId}/test-users"] = Whose.Owners,
        ["portal/clients/{clientId}/test-users/{userId:guid}"] = Whose.Owners,
        ["portal/clients/{clientId}/try"] = Whose.Owners,
        ["portal/clients/{clientId}/try/{run:guid}"] = Whose.Beginner,
    };

    [Fact]
    public async Task Everybody_is_told_of_each_operation_what_is_theirs_to_know()
    {
        await using var matrix = await MatrixStage.StartAsync();
        var endpoints = Endpoints(matrix).Where(endpoint => endpoint.Metadata.GetMetadata<ApiOperation>() is not null).ToList();
        endpoints.Select(endpoint => endpoint.Metadata.GetMetadata<ApiOperation>()!.Name).ShouldBe(_operations.Keys, ignoreOrder: true);
        var wrong = new List<string>();
        foreach (var endpoint in endpoints)
        {
            var operation = endpoint.Metadata.GetMetadata<ApiOperation>()!;
            var method = new HttpMethod(endpoint.Metadata.GetMetadata<IHttpMethodMetadata>()!.HttpMethods.Single());
            var (whose, body, header, letIn) = _operations[operation.Name];
            foreach (var caller in Enum.GetValues<Caller>())
            {
                if (operation.Name == "deleteTestUser" && Admitted(whose, caller, operation.Scope))
                {
                    continue; // whoever is let in takes it away: the last test of this class
                }

                var path = matrix.TargetOf(caller).Fill("/" + endpoint.RoutePattern.RawText!.TrimStart('/')["api/v1".Length..].TrimStart('/'));
                var reply = await matrix.User(caller, operation.Scope).SendAsync(method, path, body, header is null ? [] : [("If-Match", header)]);
                var (told, expected) = (reply.Problem ?? reply.Status.ToString(), Expected(whose, caller, operation.Scope, letIn));
                if (told != expected)
                {
                    wrong.Add($"{operation.Name} for {caller}: {told} instead of {expected}");
                }
            }
        }

        wrong.ShouldBeEmpty();
    }

    [Fact]
    public async Task Whoever_may_delete_a_test_user_does()
    {
        await using var matrix = await MatrixStage.StartAsync();
        foreach (var caller in (Caller[])[Caller.Owner, Caller.CoOwner, Caller.MachineAgent, Caller.MachineItself])
        {
            var (user, path) = (matrix.User(caller, "clients.test-users"), $"/clients/{matrix.TargetOf(caller).ClientId}/test-users");
            var made = await user.PostAsync(path, new { });
            (await user.DeleteAsync($"{path}/{made.Text("user_id")}")).Status.ShouldBe(HttpStatusCode.NoContent, caller.ToString());
        }
    }

    [Fact]
    public async Task Nothing_of_the_api_is_reached_past_its_door()
    {
        await using var stage = await ApiStage.StartAsync();
        stage.World.Server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Where(endpoint => endpoint.RoutePattern.RawText!.TrimStart('/').StartsWith(BuiltIns.ApiPath.TrimStart('/'), StringComparison.OrdinalIgnoreCase)
                && endpoint.Metadata.GetMetadata<ApiOperation>() is null)
            .Select(endpoint => endpoint.RoutePattern.RawText).ShouldBe(["/api/v1/openapi.json"]);
    }

    [Fact]
    public async Task Everybody_sees_the_pages_that_are_theirs()
    {
        await using var matrix = await MatrixStage.StartAsync();
        var run = await matrix.FurnishAsync();
        var pages = Endpoints(matrix).Select(endpoint => (endpoint.RoutePattern.RawText, Page: endpoint.Metadata.GetMetadata<PageActionDescriptor>()))
            .Where(page => page.Page?.ViewEnginePath.StartsWith("/Portal/", StringComparison.Ordinal) == true).Select(page => page.RawText!).Distinct().ToList();
        pages.Except(_pages.Keys).Except([TrialCallback]).ShouldBeEmpty("each page needs a row that says whose it is");
        var wrong = new List<string>();
        foreach (var page in pages)
        {
            foreach (var caller in Enum.GetValues<Caller>().Where(caller => caller is not (Caller.OwnerWithoutScope or Caller.MachineItself)))
            {
                var path = "/" + matrix.Shop.Fill(page).Replace("{client}", matrix.Shop.ClientId, StringComparison.Ordinal).Replace("/{code?}", "", StringComparison.Ordinal).Replace("{run:guid}", run.ToString(), StringComparison.Ordinal);
                var browser = matrix.Browser(caller);
                if (caller is Caller.MachineAgent or Caller.MachineOfStranger)
                {
                    browser.Headers["Authorization"] = $"Bearer {matrix.User(caller, null).Token}"; // which no page heeds
                }

                var answer = await browser.GetAsync(path);
                if (page == TrialCallback ? answer.Status != HttpStatusCode.BadRequest : !IsRight(_pages[page], caller, answer))
                {
                    wrong.Add($"{page} for {caller}: {answer.Status} {answer.Location}");
                }
            }
        }

        wrong.ShouldBeEmpty();
    }

    private static IEnumerable<RouteEndpoint> Endpoints(MatrixStage matrix) =>
        matrix.Api.World.Server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints).OfType<RouteEndpoint>();

    private static bool Admitted(Whose whose, Caller caller, string? scope) => caller switch
    {
        Caller.Anonymous or Caller.TestUser => false,
        Caller.Owner => whose is not (Whose.Administrators or Whose.Invited),
        Caller.OwnerWithoutScope => scope is null,
        Caller.CoOwner => whose is not (Whose.Administrators or Whose.Beginner),
        Caller.Stranger => whose is Whose.Everybody or Whose.People,
        Caller.Administrator => whose is Whose.Everybody or Whose.People or Whose.Administrators,
        Caller.MachineItself or Caller.MachineAgent => whose is Whose.Everybody or Whose.Managers,
        Caller.MachineOfStranger => whose == Whose.Everybody,
        _ => throw new ArgumentOutOfRangeException(nameof(caller), caller, "Nobody."),
    };

    private static string Expected(Whose whose, Caller caller, string? scope, string letIn) => caller switch
    {
        _ when Admitted(whose, caller, scope) => letIn,
        Caller.Anonymous => "unauthenticated",
        Caller.TestUser => "not-for-test-users",
        Caller.OwnerWithoutScope => "insufficient-scope",
        Caller.MachineItself or Caller.MachineAgent or Caller.MachineOfStranger when whose is Whose.People or Whose.Owners => "people-only",
        _ => "not-found",
    };

    private static bool IsRight(Whose whose, Caller caller, Answer answer) => caller switch
    {
        Caller.Anonymous or Caller.MachineAgent or Caller.MachineOfStranger => IsShownToSignIn(answer),
        Caller.TestUser => answer.Status == HttpStatusCode.Forbidden,
        _ => answer.Status == (Admitted(whose, caller, null) ? HttpStatusCode.OK : HttpStatusCode.NotFound),
    };

    private static bool IsShownToSignIn(Answer answer) =>
        answer.Status == HttpStatusCode.SeeOther && answer.Location!.ToString().StartsWith("/sign-in?", StringComparison.Ordinal);
}
