using System.Net;
using System.Net.Http.Headers;
using IdentityServer.Tests.Portal;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Mvc.RazorPages;
using Microsoft.AspNetCore.Mvc.RazorPages.Infrastructure;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Api;

public sealed partial class AuthorizationMatrixTests
{
    [Fact]
    public async Task Everybody_changes_by_the_pages_what_is_theirs_and_nothing_else()
    {
        await using var site = await ClientDocument.StartAsync("image/png");
        site.Body = MatrixPosts.Picture;
        await using var matrix = await MatrixStage.StartAsync(setup =>
        {
            setup.Settings["Portal:ClientsPerPerson"] = "1000";
            site.Allow(setup);
        });
        var rows = new MatrixPosts(matrix, site.Address).Rows;
        (await PostHandlersAsync(matrix)).ShouldBe(rows.Keys, ignoreOrder: true, "each handler needs a row that says whose it is");
        var people = await SendersAsync(matrix);
        var wrong = new List<string>();
        foreach (var (name, (whose, ready)) in rows)
        {
            var admitted = people.Keys.Where(caller => Admitted(whose, caller, null)).ToList();
            admitted.ShouldNotBeEmpty(name);
            foreach (var caller in admitted)
            {
                var post = await ready(caller);
                var before = await matrix.Api.World.ContentsAsync();
                if (caller == admitted[0])
                {
                    // Whose it is not comes first: nothing has happened yet that they could still do.
                    foreach (var other in people.Keys.Except(admitted))
                    {
                        var refused = await people[other].SendAsync(post);
                        if (!IsRefusal(name, whose, other, refused))
                        {
                            wrong.Add($"{name} for {other}: {refused.Status} {refused.Location}");
                        }
                    }

                    var unmoved = before;
                    before = await matrix.Api.World.ContentsAsync();
                    if (Changed(unmoved, before) is { Count: > 0 } changed)
                    {
                        wrong.Add($"{name} for one of those whose it is not: changed {string.Join(", ", changed)}");
                    }
                }

                var answer = await people[caller].SendAsync(post);
                var done = Changed(before, await matrix.Api.World.ContentsAsync()).Except(_passing).ToList();
                if (answer.Status is not (HttpStatusCode.SeeOther or HttpStatusCode.OK) || IsShownToSignIn(answer) || done.Count == 0)
                {
                    wrong.Add($"{name} for {caller}: {answer.Status} {answer.Location} {answer.Alert}, changed: {string.Join(", ", done)}");
                }
            }
        }

        wrong.ShouldBeEmpty();
    }

    // What is written down of whoever comes, and is no sign that they did what they came for.
    private static readonly string[] _passing = [nameof(Storage.Entities.Counter), nameof(Storage.Entities.AuthenticationSession), nameof(Storage.Entities.AuditEvent)];

    /// <summary>Somebody at a browser, with a token against forgery that a page gave to it.</summary>
    private sealed record Sender(Browser Browser, string Token)
    {
        public Task<Answer> SendAsync(Post post)
        {
            if (post.File is null)
            {
                return Browser.PostAsync(post.Path, [.. post.Fields, KeyValuePair.Create("antiforgery", Token)]);
            }

            var file = new ByteArrayContent(post.File);
            file.Headers.ContentType = new MediaTypeHeaderValue("image/png");
            return Browser.PostFormAsync(post.Path, new MultipartFormDataContent { { new StringContent(Token), "antiforgery" }, { file, "Upload", "logo.png" } });
        }
    }

    private static async Task<Dictionary<Caller, Sender>> SendersAsync(MatrixStage matrix)
    {
        var senders = new Dictionary<Caller, Sender>();
        foreach (var caller in Enum.GetValues<Caller>().Where(caller => caller is not (Caller.OwnerWithoutScope or Caller.MachineItself)))
        {
            var browser = matrix.Browser(caller);
            var isPerson = caller is not (Caller.Anonymous or Caller.MachineAgent or Caller.MachineOfStranger);
            if (caller is Caller.MachineAgent or Caller.MachineOfStranger)
            {
                browser.Headers["Authorization"] = $"Bearer {matrix.User(caller, null).Token}"; // which no page heeds
            }

            var page = await browser.GetAsync(isPerson ? "/account/profile" : "/sign-in");
            senders[caller] = new(browser, page.Field("antiforgery").ShouldNotBeNull(page.Body));
        }

        return senders;
    }

    // As the program has them: one that is added is found without being named.
    private static async Task<IReadOnlyList<string>> PostHandlersAsync(MatrixStage matrix)
    {
        var loader = matrix.Api.World.Server.Services.GetRequiredService<PageLoader>();
        var found = new SortedSet<string>(StringComparer.Ordinal);
        foreach (var endpoint in Endpoints(matrix))
        {
            if (endpoint.Metadata.GetMetadata<PageActionDescriptor>() is { } page && page.ViewEnginePath.StartsWith("/Portal/", StringComparison.Ordinal))
            {
                var handlers = (await loader.LoadAsync(page, EndpointMetadataCollection.Empty)).HandlerMethods;
                handlers.Select(handler => handler.HttpMethod).Except(["Get", "Post"]).ShouldBeEmpty(endpoint.RoutePattern.RawText);
                found.UnionWith(handlers.Where(handler => handler.HttpMethod == "Post").Select(handler => $"{endpoint.RoutePattern.RawText} {handler.Name}".TrimEnd()));
            }
        }

        return [.. found];
    }

    // As the page itself refuses. An answer of no run of one's own is none, whoever brings it; nor is an invitation of somebody else's.
    private static bool IsRefusal(string name, Whose whose, Caller caller, Answer answer) => caller switch
    {
        _ when name == TrialCallback => answer.Status == HttpStatusCode.BadRequest,
        Caller.Anonymous or Caller.MachineAgent or Caller.MachineOfStranger => IsShownToSignIn(answer),
        Caller.TestUser => answer.Status == HttpStatusCode.Forbidden,
        _ when whose == Whose.Invited => answer.Status == HttpStatusCode.SeeOther && answer.Location!.ToString() == "/portal?done=gone",
        _ => answer.Status == HttpStatusCode.NotFound,
    };

    private static List<string> Changed(IReadOnlyDictionary<string, string> before, IReadOnlyDictionary<string, string> after) =>
        [.. before.Where(table => after[table.Key] != table.Value).Select(table => table.Key)];
}
