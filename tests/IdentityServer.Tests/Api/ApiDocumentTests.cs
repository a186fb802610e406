using System.Text.Json;
using IdentityServer.Api;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Api;

/// <summary>What is told of the API, held to what it does.</summary>
public sealed class ApiDocumentTests
{
    private static readonly JsonSerializerOptions _readable =
        new() { WriteIndented = true, Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping };

    [Fact]
    public async Task The_openapi_document_is_the_kept_one_and_has_every_operation()
    {
        await using var stage = await ApiStage.StartAsync();
        var served = await stage.Anonymous.GetAsync("/openapi.json");
        served.Message.Content.Headers.ContentType!.MediaType.ShouldBe("application/json");
        var operations = served.Json.GetProperty("paths").EnumerateObject().SelectMany(path => path.Value.EnumerateObject())
            .Select(operation => operation.Value.GetProperty("operationId").GetString()!);
        operations.ShouldBe(
            stage.World.Server.Services.GetServices<EndpointDataSource>().SelectMany(source => source.Endpoints)
                .Select(endpoint => endpoint.Metadata.GetMetadata<ApiOperation>()?.Name).OfType<string>(),
            ignoreOrder: true);

        // What was written instead lies beside it; once read and found right, it replaces the kept file.
        var kept = Path.Combine(Repository.Root, "docs", "openapi.json");
        var text = JsonSerializer.Serialize(served.Json, _readable) + "\n";
        if (!File.Exists(kept) || await File.ReadAllTextAsync(kept, TestContext.Current.CancellationToken) != text)
        {
            var received = Path.Combine(AppContext.BaseDirectory, "openapi.json.received");
            await File.WriteAllTextAsync(received, text, TestContext.Current.CancellationToken);
            Assert.Fail($"docs/openapi.json differs from what is served, which is at {received}");
        }
    }

    [Fact]
    public void Every_kind_of_problem_has_a_section()
    {
        var text = File.ReadAllText(Path.Combine(Repository.Root, "docs", "api.md"));
        var headings = text.Split('\n').Where(line => line.StartsWith("### ", StringComparison.Ordinal)).Select(line => line[4..].Trim());
        headings.ShouldBe(ApiProblemType.All.Select(type => type.Name), ignoreOrder: true);
        ApiProblemType.All.ShouldAllBe(type => text.Contains($"{type.Status}. {type.Title}", StringComparison.Ordinal));
    }
}
