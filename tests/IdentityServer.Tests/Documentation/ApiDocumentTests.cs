using System.Net;
using System.Text.Json;
using System.Text.RegularExpressions;
using IdentityServer.Api;
using IdentityServer.Tests.Api;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Documentation;

/// <summary>What docs/api.md says of the management API is how it is.</summary>
public sealed partial class ApiDocumentTests
{
    private const string WriteVariable = "IDENTITYSERVER_WRITE_DOCS";

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    private static Document Api => Document.All.Single(document => document.Name == "api.md");

    [Fact]
    public async Task Its_commands_do_what_it_says_from_top_to_bottom()
    {
        await using var stage = await ApiStage.StartAsync();
        var person = await stage.PersonAsync();
        var machine = await ApiStage.CreateAsync(person, "machine");
        var script = DocumentScript.Of("api.md");
        var folder = Directory.CreateTempSubdirectory("idsrv-docs-").FullName;

        var wrote = await script.RunAsync(folder, new()
        {
            ["ISSUER"] = stage.World.Server.Address.AbsoluteUri.TrimEnd('/'),
            ["TOKEN"] = person.Token!,
            ["MACHINE_ID"] = machine.Text("client_id")!,
            ["MACHINE_SECRET"] = machine.Text("client_secret")!,
        });

        script.Answers.Count.ShouldBeGreaterThan(3);
        foreach (var (name, shown) in script.Answers)
        {
            Shape(LastOf(wrote[name])).ShouldBe(Shape(JsonDocument.Parse(shown).RootElement), name);
        }

        LastOf(wrote["list"]).GetProperty("items").EnumerateArray().Select(client => client.GetProperty("client_name").GetString()).ShouldBe(["Robot", "Shop"], ignoreOrder: true);
        LastOf(wrote["patch"]).GetProperty("client_uri").GetString().ShouldBe("https://shop.example.com/");
        LastOf(wrote["put"]).GetProperty("redirect_uris").GetArrayLength().ShouldBe(2);
        LastOf(wrote["failures"]).GetProperty("items").GetArrayLength().ShouldBe(0);
        LastOf(wrote["activity"]).GetProperty("days").GetInt32().ShouldBe(7);
        (await person.GetAsync("/clients")).Json.GetProperty("items").GetArrayLength().ShouldBe(1, "the shop was deleted");
        Directory.Delete(folder, recursive: true);
    }

    [Fact]
    public async Task Its_list_of_operations_is_what_the_server_answers_to_and_describes()
    {
        await using var stage = await ApiStage.StartAsync();
        var served = stage.World.Server.Services.GetRequiredService<EndpointDataSource>().Endpoints.OfType<RouteEndpoint>()
            .Select(endpoint => (endpoint, Operation: endpoint.Metadata.GetMetadata<ApiOperation>())).Where(found => found.Operation is not null)
            .Select(found => (
                found.Operation!, Method: found.endpoint.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Single(),
                Path: found.endpoint.RoutePattern.RawText!["/api/v1".Length..])).ToList();
        var table = string.Join('\n', served.Select(found =>
            $"| `{found.Item1.Name}` | `{found.Method} {found.Path}` | {(found.Item1.Scope is { } scope ? $"`{scope}`" : "any")} | {(found.Item1.PeopleOnly is null ? "people and machines" : "people")} |"));
        var expected = Operations().Replace(Api.Text, match => match.Groups["head"].Value + table + "\n\n");
        if (Environment.GetEnvironmentVariable(WriteVariable) == "1")
        {
            await File.WriteAllTextAsync(Api.Path, expected, Cancel);
            return;
        }

        Api.Text.ShouldBe(expected, $"Set {WriteVariable}=1 to write the list anew.");
        var description = await stage.Anonymous.GetAsync("/openapi.json");
        description.Status.ShouldBe(HttpStatusCode.OK);
        description.Json.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject()
                .Where(operation => operation.Value.ValueKind == JsonValueKind.Object && operation.Value.TryGetProperty("operationId", out _))
                .Select(operation => $"{operation.Value.GetProperty("operationId").GetString()} {operation.Name.ToUpperInvariant()} {path.Name}"))
            .ShouldBe(served.Select(found => $"{found.Item1.Name} {found.Method} /api/v1{found.Path}"), ignoreOrder: true);
    }

    private static JsonElement LastOf(string output) => JsonDocument.Parse(output[(output.LastIndexOf("\n{", StringComparison.Ordinal) + 1)..]).RootElement;

    // The members at every depth; of a list, those of all its items.
    private static string Shape(JsonElement json) => json.ValueKind switch
    {
        JsonValueKind.Object => $"{{{string.Join(',', json.EnumerateObject().Select(member => member.Name + Shape(member.Value)).Order(StringComparer.Ordinal))}}}",
        JsonValueKind.Array => $"[{string.Join('|', json.EnumerateArray().Select(Shape).Distinct().Order(StringComparer.Ordinal))}]",
        _ => "",
    };

    [GeneratedRegex(@"(?<head>## Operations\n.*?\| --- \| --- \| --- \| --- \|\n)(?<rows>.*?)(?=## )", RegexOptions.Singleline)]
    private static partial Regex Operations();
}
