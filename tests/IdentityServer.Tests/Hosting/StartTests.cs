using System.Net;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Hosting;

public sealed class StartTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task The_server_starts_on_an_empty_database_and_is_ready(bool postgreSql)
    {
        await using var server = await TestServer.StartAsync(setup => setup.PostgreSql = postgreSql);

        var answer = await server.CreateClient().GetAsync("/health/ready", Cancel);

        answer.StatusCode.ShouldBe(HttpStatusCode.OK);
    }
}
