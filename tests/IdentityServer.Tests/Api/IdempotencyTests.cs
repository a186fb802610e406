using System.Net;
using IdentityServer.Api;
using IdentityServer.Tests.Support;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Api;

/// <summary>Requests that are sent again.</summary>
public sealed class IdempotencyTests
{
    private static readonly object _wish = new { kind = "web-server", client_name = "Shop", redirect_uris = new[] { "https://shop.example.com/callback" } };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_same_key_does_the_work_once_and_gives_the_same_answer()
    {
        await using var stage = await ApiStage.StartAsync();
        var (email, key) = (await stage.World.AddUserAsync(), ("Idempotency-Key", "one"));
        var owner = await stage.PersonAsync(email);
        var first = await owner.PostAsync("/clients", _wish, key);
        var again = await (await stage.PersonAsync(email)).PostAsync("/clients", _wish, key);
        again.Status.ShouldBe(HttpStatusCode.Created);
        again.Body.ShouldBe(first.Body);
        again.ETag.ShouldBe(first.ETag);
        again.Message.Headers.Location.ShouldBe(first.Message.Headers.Location);
        (await owner.GetAsync("/clients")).Json.GetProperty("items").GetArrayLength().ShouldBe(1);

        (await owner.PostAsync("/clients", new { kind = "native", client_name = "x" }, key)).Problem.ShouldBe("idempotency-key-reused");
        var stored = await stage.World.ReadAsync(db => db.IdempotencyRecords.SingleAsync(Cancel));
        stored.ProtectedAnswer!.ShouldNotContain(first.Text("client_secret")!);
        stored.Key.ShouldNotContain("one");
    }

    [Fact]
    public async Task A_key_is_its_senders_alone_and_lasts_a_day()
    {
        await using var stage = await ApiStage.StartAsync();
        var (email, key) = (await stage.World.AddUserAsync(), ("Idempotency-Key", "one"));
        var first = await (await stage.PersonAsync(email)).PostAsync("/clients", _wish, key);
        var other = await (await stage.PersonAsync()).PostAsync("/clients", _wish, key);
        other.Text("client_id").ShouldNotBe(first.Text("client_id"));
        await stage.World.AdvanceAsync(Idempotency.Kept);
        var next = await (await stage.PersonAsync(email)).PostAsync("/clients", _wish, key);
        next.Text("client_id").ShouldNotBe(first.Text("client_id"));
    }

    [Fact]
    public async Task A_refused_request_gives_its_key_back()
    {
        await using var stage = await ApiStage.StartAsync();
        var (owner, key) = (await stage.PersonAsync(), ("Idempotency-Key", "one"));
        (await owner.PostAsync("/clients", new { kind = "web-server", client_name = "Shop" }, key)).Problem.ShouldBe("invalid-metadata");
        (await owner.PostAsync("/clients", _wish, key)).Status.ShouldBe(HttpStatusCode.Created);
        foreach (var wrong in (string[])["", new string('x', 256), "a\tb"])
        {
            (await owner.PostAsync("/clients", _wish, ("Idempotency-Key", wrong))).Problem.ShouldBe("invalid-request", wrong);
        }
    }

    [Fact]
    public async Task Whoever_goes_away_when_the_work_begins_has_it_done_and_finds_it_done()
    {
        await using var stage = await ApiStage.StartAsync(configure: setup => setup.Configure = builder => builder.Services.AddSingleton<IStartupFilter, Leaver>());
        var (owner, key) = (await stage.PersonAsync(), ("Idempotency-Key", "one"));

        var first = await owner.PostAsync("/clients", _wish, key, (Leaver.Header, "yes"));
        var again = await owner.PostAsync("/clients", _wish, key);

        first.Status.ShouldBe(HttpStatusCode.Created, first.Body);
        again.Body.ShouldBe(first.Body);
        (await owner.GetAsync("/clients")).Json.GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    [Fact]
    public async Task Whoever_was_put_out_is_given_no_answer_again()
    {
        await using var stage = await ApiStage.StartAsync();
        var (email, key) = (await stage.World.AddUserAsync(), ("Idempotency-Key", "one"));
        var owner = await stage.PersonAsync(email);
        var made = await owner.PostAsync("/clients", _wish, key);
        var secrets = $"/clients/{made.Text("client_id")}/secrets";
        (await owner.PostAsync(secrets, new { }, ("Idempotency-Key", "two"))).Status.ShouldBe(HttpStatusCode.Created);

        await stage.World.ReadAsync(db => db.ClientOwners.ExecuteDeleteAsync(Cancel));

        (await owner.PostAsync("/clients", _wish, key)).Problem.ShouldBe("not-found");
        (await owner.PostAsync(secrets, new { }, ("Idempotency-Key", "two"))).Problem.ShouldBe("not-found");
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task Of_many_at_once_under_one_key_one_does_the_work(bool postgreSql)
    {
        await using var stage = await ApiStage.StartAsync(postgreSql);
        var owner = await stage.PersonAsync();
        var replies = await Task.WhenAll(Enumerable.Range(0, 8).Select(_ => owner.PostAsync("/clients", _wish, ("Idempotency-Key", "one"))));
        replies.ShouldAllBe(reply => reply.Status == HttpStatusCode.Created || reply.Problem == "idempotency-under-way");
        replies.Where(reply => reply.Status == HttpStatusCode.Created).Select(reply => reply.Body).Distinct().Count().ShouldBe(1);
        (await owner.GetAsync("/clients")).Json.GetProperty("items").GetArrayLength().ShouldBe(1);
    }

    // A caller who is gone at the very moment from which the server does not care any more.
    private sealed class Leaver : IStartupFilter
    {
        public const string Header = "X-Leaves";

        public Action<IApplicationBuilder> Configure(Action<IApplicationBuilder> next) => app =>
        {
            app.Use(async (context, rest) =>
            {
                using var gone = new CancellationTokenSource();
                if (context.Request.Headers.ContainsKey(Header))
                {
                    context.Features.Set<IHttpRequestLifetimeFeature>(new Lifetime(gone));
                }

                await rest(context);
            });
            next(app);
        };

        private sealed class Lifetime(CancellationTokenSource gone) : IHttpRequestLifetimeFeature
        {
            private CancellationToken _token = gone.Token;

            public CancellationToken RequestAborted
            {
                get => _token;
                set
                {
                    _token = value;
                    if (!value.CanBeCanceled)
                    {
                        gone.Cancel();
                    }
                }
            }

            public void Abort() => gone.Cancel();
        }
    }
}
