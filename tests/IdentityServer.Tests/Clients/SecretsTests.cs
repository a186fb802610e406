using IdentityServer.Clients;
using IdentityServer.Clients.Credentials;
using IdentityServer.Domain.Clients;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Clients;

/// <summary>A client has several secrets, each for a time: a change of secrets is no outage, and what is over is over.</summary>
public sealed class SecretsTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_second_secret_is_taken_beside_the_first()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();

        await world.AdvanceAsync(TimeSpan.FromSeconds(1)); // the newest is listed first
        var made = await world.Server.HaveSecretAsync(client.Id, "  deployment of May  ");

        (await client.With(world, made.Secret.Reveal()).IsTakenAsync()).ShouldBeTrue();
        (await client.IsTakenAsync()).ShouldBeTrue();
        (await client.With(world, made.Secret.Reveal() + "x").IsTakenAsync()).ShouldBeFalse();
        (await world.Server.SecretsAsync(client.Id)).Select(secret => secret.Label).ShouldBe(["deployment of May", ""]);
    }

    [Fact]
    public async Task A_secret_of_another_client_is_wrong()
    {
        await using var world = await World.StartAsync();
        var (client, other) = (await world.AddClientAsync(), await world.AddClientAsync());
        var made = await world.Server.HaveSecretAsync(other.Id);

        (await client.With(world, made.Secret.Reveal()).IsTakenAsync()).ShouldBeFalse();
        (await world.Server.RetireSecretAsync(client.Id, made.Shown.Id, evenIfUnsafe: true)).ShouldBeOfType<SecretRetired.Gone>();
        (await other.With(world, made.Secret.Reveal()).IsTakenAsync()).ShouldBeTrue();
    }

    [Fact]
    public async Task A_secret_is_taken_up_to_its_end_and_not_after()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var made = await world.Server.HaveSecretAsync(client.Id, expiresAt: world.Clock.GetUtcNow().AddHours(1));
        var holder = client.With(world, made.Secret.Reveal());

        await world.AdvanceAsync(TimeSpan.FromHours(1) - TimeSpan.FromMilliseconds(1));
        (await holder.IsTakenAsync()).ShouldBeTrue();
        await world.AdvanceAsync(TimeSpan.FromMilliseconds(1));
        (await holder.IsTakenAsync()).ShouldBeFalse();
        (await client.IsTakenAsync()).ShouldBeTrue();
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_change_of_secrets_under_traffic_on_two_nodes_loses_no_request(bool postgreSql)
    {
        await using var world = await World.StartAsync(postgreSql);
        await using var other = await world.Server.StartAnotherNodeAsync();
        var client = await world.AddClientAsync();
        TestServer[] nodes = [world.Server, other];
        var secret = client.Secret!;
        var answers = 0;

        // Both nodes are asked without a pause by whoever holds the secret of the moment, also at the moment of the change.
        for (var rotation = 0; rotation < 3; rotation++)
        {
            var old = (await world.Server.SecretsAsync(client.Id)).First(shown => shown.Retirement != Retirement.Over);
            using var stop = new CancellationTokenSource();
            var holders = nodes.Select(node => client.With(world, secret, node)).Select(holder => Task.Run(async () =>
            {
                while (!stop.IsCancellationRequested)
                {
                    (await holder.IsTakenAsync()).ShouldBeTrue();
                    Interlocked.Increment(ref answers);
                }
            }, Cancel)).ToList();

            var made = await nodes[rotation % 2].HaveSecretAsync(client.Id);
            secret = made.Secret.Reveal();
            foreach (var node in nodes)
            {
                (await client.With(world, secret, node).IsTakenAsync()).ShouldBeTrue("a new secret is good at once, on every node");
            }

            await stop.CancelAsync();
            await Task.WhenAll(holders);
            (await world.Server.RetireSecretAsync(client.Id, old.Id, evenIfUnsafe: true)).ShouldBeOfType<SecretRetired.Done>();
            (await client.With(world, secret, other).IsTakenAsync()).ShouldBeTrue();
        }

        answers.ShouldBeGreaterThan(6);
    }

    [Fact]
    public async Task A_retired_secret_is_refused_here_at_once_and_elsewhere_within_the_freshness()
    {
        await using var world = await World.StartAsync();
        await using var other = await world.Server.StartAnotherNodeAsync();
        var client = await world.AddClientAsync();
        var made = await world.Server.HaveSecretAsync(client.Id);
        var leaked = (await world.Server.SecretsAsync(client.Id)).Single(shown => shown.Id != made.Shown.Id);
        (await client.With(world, client.Secret!, other).IsTakenAsync()).ShouldBeTrue();

        (await world.Server.RetireSecretAsync(client.Id, leaked.Id)).ShouldBeOfType<SecretRetired.NotSafe>().Why.ShouldBe(Retirement.SuccessorUnused);
        (await world.Server.RetireSecretAsync(client.Id, leaked.Id, evenIfUnsafe: true)).ShouldBeOfType<SecretRetired.Done>();

        (await client.IsTakenAsync()).ShouldBeFalse();
        await world.AdvanceAsync(ClientCache.Freshness);
        (await client.With(world, client.Secret!, other).IsTakenAsync()).ShouldBeFalse();
        (await client.With(world, made.Secret.Reveal(), other).IsTakenAsync()).ShouldBeTrue();
        (await world.Server.RetireSecretAsync(client.Id, leaked.Id, evenIfUnsafe: true)).ShouldBeOfType<SecretRetired.Gone>();
    }

    [Fact]
    public async Task Of_two_owners_who_retire_the_last_two_secrets_at_once_one_is_told_that_it_is_the_only_one()
    {
        await using var world = await World.StartAsync(postgreSql: true);
        var client = await world.AddClientAsync();
        await world.Server.HaveSecretAsync(client.Id);
        var secrets = await world.Server.SecretsAsync(client.Id);
        await MarkUsedAsync(world, secrets[0].Id, TimeSpan.Zero);
        await MarkUsedAsync(world, secrets[1].Id, TimeSpan.FromDays(8));
        await world.AdvanceAsync(TimeSpan.FromDays(8));
        await MarkUsedAsync(world, secrets[0].Id, TimeSpan.Zero);

        var outcomes = await Task.WhenAll(
            world.Server.RetireSecretAsync(client.Id, secrets[1].Id),
            world.Server.RetireSecretAsync(client.Id, secrets[1].Id));

        outcomes.OfType<SecretRetired.Done>().Count().ShouldBe(1);
        outcomes.OfType<SecretRetired.Gone>().Count().ShouldBe(1);
        (await world.Server.RetireSecretAsync(client.Id, secrets[0].Id)).ShouldBeOfType<SecretRetired.NotSafe>().Why.ShouldBe(Retirement.OnlyOne);
    }

    [Fact]
    public async Task A_secret_that_may_retires_itself_once_another_has_replaced_it_and_no_other_does()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var first = (await world.Server.SecretsAsync(client.Id)).Single();
        var made = await world.Server.HaveSecretAsync(client.Id);
        (await world.Server.WithSecretsAsync(client.Id, (desk, settings) => desk.LetRetireItselfAsync(settings, first.Id, true, Cancel))).ShouldBeTrue();
        var sweep = ActivatorUtilities.CreateInstance<SecretRetirement>(world.Server.Services);

        (await sweep.RunOnceAsync(Cancel)).ShouldBe(0, "nobody has used the new one");
        await world.AdvanceAsync(SecretRotation.Idle);
        await MarkUsedAsync(world, made.Shown.Id, TimeSpan.Zero);
        await MarkUsedAsync(world, first.Id, SecretRotation.Idle - TimeSpan.FromDays(1));
        (await sweep.RunOnceAsync(Cancel)).ShouldBe(0, "something still holds the old one");
        await MarkUsedAsync(world, first.Id, SecretRotation.Idle);
        (await sweep.RunOnceAsync(Cancel)).ShouldBe(1);

        (await client.IsTakenAsync()).ShouldBeFalse();
        (await client.With(world, made.Secret.Reveal()).IsTakenAsync()).ShouldBeTrue();
        (await world.ReadAsync(db => db.AuditEvents.CountAsync(told => told.Name == "client.secret-retired", Cancel))).ShouldBe(1);
    }

    [Fact]
    public async Task There_are_five_at_most_and_what_is_over_does_not_count()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var soonOver = await world.Server.HaveSecretAsync(client.Id, expiresAt: world.Clock.GetUtcNow().AddMinutes(1));
        for (var more = 2; more < SecretRotation.MostActive; more++)
        {
            await world.Server.HaveSecretAsync(client.Id);
        }

        (await world.Server.MakeSecretAsync(client.Id)).ShouldBeOfType<SecretMade.TooMany>();
        await world.AdvanceAsync(TimeSpan.FromMinutes(1));
        (await world.Server.MakeSecretAsync(client.Id)).ShouldBeOfType<SecretMade.Done>();
        (await client.With(world, soonOver.Secret.Reveal()).IsTakenAsync()).ShouldBeFalse();
    }

    [Fact]
    public async Task A_client_without_secrets_gets_none_and_an_end_must_be_ahead()
    {
        await using var world = await World.StartAsync();
        var (open, client) = (await world.AddClientAsync("none"), await world.AddClientAsync());
        var now = world.Clock.GetUtcNow();

        (await world.Server.MakeSecretAsync(open.Id)).ShouldBeOfType<SecretMade.NotTaken>();
        foreach (var (label, end, field) in new[] { ("", now, "expires_at"), ("", now.AddDays(1_200), "expires_at"), (new string('x', 101), now.AddDays(1), "label"), ("a\nb", now.AddDays(1), "label") })
        {
            (await world.Server.MakeSecretAsync(client.Id, label, end)).ShouldBeOfType<SecretMade.Refused>().Problem.Field.ShouldBe(field);
        }
    }

    [Fact]
    public async Task No_secret_stands_in_the_database_nor_in_a_text_about_it()
    {
        await using var world = await World.StartAsync();
        var client = await world.AddClientAsync();
        var made = await world.Server.HaveSecretAsync(client.Id);

        made.ToString().ShouldNotContain(made.Secret.Reveal());
        var rows = await world.ReadAsync(db => db.ClientSecrets.AsNoTracking().ToListAsync(Cancel));
        rows.ShouldAllBe(row => row.Hash.StartsWith("1$sha256$"));
        (await world.ReadAsync(db => db.Clients.Select(row => row.ClientSecret).Distinct().ToListAsync(Cancel))).ShouldBe([null]);
    }

    private static Task<int> MarkUsedAsync(World world, Guid secret, TimeSpan ago)
    {
        var at = world.Clock.GetUtcNow() - ago;
        return world.ReadAsync(db => db.ClientSecrets.Where(row => row.Id == secret)
            .ExecuteUpdateAsync(set => set.SetProperty(row => row.LastUsedAt, at), Cancel));
    }
}
