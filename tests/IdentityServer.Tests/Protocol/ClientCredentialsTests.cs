using System.Net;
using System.Text.Json;
using IdentityServer.Clients;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Protocol;

/// <summary>I1: a client that acts for itself is nobody's voice.</summary>
public sealed class ClientCredentialsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("D")]
    [InlineData("N")]
    [InlineData("B")]
    [InlineData("P")]
    public async Task A_client_cannot_be_named_like_a_person(string format)
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var subject = await world.ReadAsync(db => db.Users.Where(user => user.Email == email).Select(user => user.Id).SingleAsync(Cancel));
        var line = JsonDocument.Parse($$"""
            {"client_id":"{{subject.ToString(format)}}","client_name":"Impostor","grant_types":["client_credentials"],"scope":"openid email"}
            """).RootElement;

        var verdict = await world.Server.InScopeAsync(services => services.GetRequiredService<ClientImport>().ImportAsync(line, Cancel));

        verdict.ShouldBeOfType<ImportVerdict.Refused>().Problems.ShouldHaveSingleItem().Field.ShouldBe("client_id");
    }

    [Fact]
    public async Task Its_token_speaks_for_the_client_and_userinfo_tells_it_nothing()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddMachineAsync();

        var answer = await client.TokenAsync(new() { ["grant_type"] = "client_credentials" });

        answer.Status.ShouldBe(HttpStatusCode.OK);
        answer.IdToken.ShouldBeNull();
        answer.RefreshToken.ShouldBeNull();
        TokenAnswer.Claims(answer.AccessToken!).GetProperty("sub").GetString().ShouldBe(client.Id);
        (await client.UserInfoAsync(answer.AccessToken!)).Status.ShouldNotBe(HttpStatusCode.OK);
    }

    [Theory]
    [InlineData("openid")]
    [InlineData("orders profile")]
    [InlineData("email")]
    [InlineData("offline_access")]
    public async Task It_gets_no_scope_that_is_about_a_person(string scope)
    {
        await using var world = await World.StartAsync();
        var client = await world.AddMachineAsync();

        var answer = await client.TokenAsync(new() { ["grant_type"] = "client_credentials", ["scope"] = scope });

        answer.Status.ShouldBe(HttpStatusCode.BadRequest);
        answer.AccessToken.ShouldBeNull();
    }
}
