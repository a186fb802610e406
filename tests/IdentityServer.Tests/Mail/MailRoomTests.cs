using IdentityServer.Mail;
using IdentityServer.Mail.Development;
using IdentityServer.Mail.Relays;
using IdentityServer.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Mail;

public sealed class MailRoomTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("identityserver-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Theory]
    [InlineData("Production")]
    [InlineData("Staging")]
    public void Outside_Development_the_server_does_not_start_without_a_relay(string environment) =>
        Should.Throw<ConfigurationException>(() => Build(environment, relay: false)).Problems.ShouldHaveSingleItem().Key.ShouldBe("Mail:Relays");

    [Theory]
    [InlineData("Development", false, true)]
    [InlineData("Development", true, false)]
    [InlineData("Staging", true, false)]
    [InlineData("Production", true, false)]
    public async Task The_mailbox_exists_in_Development_without_a_relay_and_nowhere_else(string environment, bool relay, bool exists)
    {
        await using var app = Build(environment, relay);

        var paths = ((IEndpointRouteBuilder)app).DataSources.SelectMany(source => source.Endpoints).OfType<RouteEndpoint>()
            .Select(endpoint => endpoint.RoutePattern.RawText!).ToArray();

        paths.Any(path => path.Contains("mailbox", StringComparison.OrdinalIgnoreCase)).ShouldBe(exists);
        app.Services.GetRequiredService<IMailTransport>().ShouldBeOfType<TestMailGate>();
        (app.Services.GetService<DevelopmentMailbox>() is not null, app.Services.GetService<RelayMailTransport>() is not null).ShouldBe((exists, !exists));
    }

    private WebApplication Build(string environment, bool relay) => IdentityServerHost.Build([$"--environment={environment}"], builder =>
        builder.Configuration.AddInMemoryCollection(new Dictionary<string, string?>
        {
            ["Issuer"] = "https://id.example.com",
            ["Urls"] = "http://127.0.0.1:0",
            ["Proxy:KnownAddresses:0"] = "127.0.0.1",
            ["Storage:DataDirectory"] = _directory,
            ["Mail:From"] = "sign-in@example.com",
            [relay ? "Mail:Relays:0:Host" : "Logging:Unused"] = "relay.example.com",
        }));
}
