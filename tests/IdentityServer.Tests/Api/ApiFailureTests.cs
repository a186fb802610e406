using System.Net;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Tests.Api;

/// <summary>What the API answers when something of ours is broken.</summary>
public sealed class ApiFailureTests
{
    [Fact]
    public async Task A_failure_is_a_problem_with_a_reference_and_no_word_of_its_cause()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var made = await ApiStage.CreateAsync(owner);
        await stage.World.ReadAsync(db => db.Clients.Where(client => client.ClientId == made.Text("client_id"))
            .ExecuteUpdateAsync(set => set.SetProperty(client => client.Properties, "{}"), TestContext.Current.CancellationToken));
        var failed = await owner.GetAsync($"/clients/{made.Text("client_id")}");
        (failed.Status, failed.Problem).ShouldBe((HttpStatusCode.InternalServerError, "failure"));
        failed.Text("reference").ShouldNotBeNullOrEmpty();
        failed.Body.ShouldNotContain("metadata");
    }
}
