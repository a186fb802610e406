using System.Net;
using IdentityServer.Api;
using IdentityServer.Tests.Support;

namespace IdentityServer.Tests.Api;

/// <summary>How the API answers what is no operation, too much, or from a page.</summary>
public sealed class ApiMannersTests
{
    [Fact]
    public async Task What_is_no_operation_is_answered_with_a_problem()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        foreach (var user in (ApiUser[])[owner, stage.Anonymous])
        {
            (await user.GetAsync("/nonsense")).Problem.ShouldBe("not-found");
            var wrong = await user.DeleteAsync("/clients");
            (wrong.Status, wrong.Problem).ShouldBe((HttpStatusCode.MethodNotAllowed, "method-not-allowed"));
            wrong.Message.Content.Headers.Allow.ShouldBe(["GET", "POST"], ignoreOrder: true);
        }

        (await owner.GetAsync("/clients?cursor=%00")).Problem.ShouldBe("invalid-request");
    }

    [Fact]
    public async Task More_than_64_kilobytes_are_not_read()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var large = "{\"client_name\":\"" + new string('x', 70_000) + "\"}";
        (await owner.PostAsync("/clients", large)).Problem.ShouldBe("too-large");
        (await owner.PostAsync("/clients", large, ("Idempotency-Key", "one"))).Problem.ShouldBe("too-large");
    }

    [Fact]
    public async Task Whoever_asks_too_much_waits_and_nobody_else()
    {
        await using var stage = await ApiStage.StartAsync();
        var (owner, other) = (await stage.PersonAsync(), await stage.PersonAsync());
        for (var i = 0; i < ApiAllowances.PerCaller; i++)
        {
            (await owner.GetAsync("/me")).Status.ShouldBe(HttpStatusCode.OK);
        }

        var refused = await owner.GetAsync("/me");
        (refused.Status, refused.Problem).ShouldBe((HttpStatusCode.TooManyRequests, "too-many-requests"));
        refused.Message.Headers.RetryAfter!.Delta.ShouldBe(TimeSpan.FromSeconds(1));
        (await other.GetAsync("/me")).Status.ShouldBe(HttpStatusCode.OK);
        stage.World.Clock.Advance(TimeSpan.FromSeconds(1));
        (await owner.GetAsync("/me")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task A_network_that_tries_tokens_is_stopped_and_a_good_one_passes()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        var guesser = stage.With("nonsense");
        for (var i = 0; i < ApiAllowances.PerNetwork; i++)
        {
            (await guesser.GetAsync("/me")).Status.ShouldBe(HttpStatusCode.Unauthorized);
        }

        (await guesser.GetAsync("/me")).Status.ShouldBe(HttpStatusCode.TooManyRequests);
        (await owner.GetAsync("/me")).Status.ShouldBe(HttpStatusCode.OK);
    }

    [Fact]
    public async Task No_page_of_another_origin_reads_it()
    {
        await using var stage = await ApiStage.StartAsync();
        var owner = await stage.PersonAsync();
        await ApiStage.CreateAsync(owner, "single-page");
        var reply = await owner.GetAsync("/clients", ("Origin", "https://shop.example.com"));
        reply.Message.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
        var preflight = await owner.SendAsync(
            HttpMethod.Options, "/clients", null, ("Origin", "https://shop.example.com"), ("Access-Control-Request-Method", "GET"));
        preflight.Message.Headers.Contains("Access-Control-Allow-Origin").ShouldBeFalse();
    }
}
