using IdentityServer.Domain.Outbox;
using IdentityServer.Domain.Sessions;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.Maintenance;

/// <summary>Whoever runs a client sees whether it hears of sign-outs.</summary>
public sealed class ClientLogoutsVerbTests
{
    private static readonly DateTimeOffset _now = new(2026, 3, 2, 9, 0, 0, TimeSpan.Zero);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_last_notices_of_a_client_are_listed_with_what_became_of_them()
    {
        using var installation = new VerbRun();
        var clients = installation.Write(
            "clients.jsonl",
            """{"client_id":"shop","client_name":"Shop","redirect_uris":["https://shop.example.com/cb"],"backchannel_logout_uri":"https://shop.example.com/out","token_endpoint_auth_method":"none"}""",
            """{"client_id":"bank","client_name":"Bank","redirect_uris":["https://bank.example.com/cb"],"token_endpoint_auth_method":"none"}""");
        (await installation.RunAsync("clients", "import", clients)).ExitCode.ShouldBe(0);
        await AddAsync(
            installation,
            Notice(1, DeliveryState.HandedOver, 0, null, "it answered with the status 200"),
            Notice(2, DeliveryState.Deferred, 3, _now.AddMinutes(5), "its host takes no connection at port 443"),
            Notice(3, DeliveryState.Queued, 0, _now.AddMinutes(3), null));

        var all = await installation.RunAsync("clients", "logouts", "--client-id", "shop");
        var last = await installation.RunAsync("clients", "logouts", "--client-id", "shop", "--last", "1");
        var none = await installation.RunAsync("clients", "logouts", "--client-id", "bank");

        all.ShouldBe(new VerbAnswer(
            0,
            """
            enqueued              jti                               state      failures  next try              last reply
            2026-03-02T09:03:00Z  00000003000000000000000000000000  waiting           0  2026-03-02T09:03:00Z  -
            2026-03-02T09:02:00Z  00000002000000000000000000000000  retried           3  2026-03-02T09:05:00Z  its host takes no connection at port 443
            2026-03-02T09:01:00Z  00000001000000000000000000000000  delivered         0  -                     it answered with the status 200

            """,
            "Notices go to https://shop.example.com/out\n"));
        last.Out.Split('\n').Length.ShouldBe(3);
        none.Error.ShouldBe("No backchannel_logout_uri is registered: nothing is sent.\n");
        none.Out.Split('\n').Length.ShouldBe(2);
    }

    [Fact]
    public async Task An_unknown_client_is_told_apart_from_one_without_notices()
    {
        using var installation = new VerbRun();
        (await installation.RunAsync("clients", "logouts", "--client-id", "nobody"))
            .ShouldBe(new VerbAnswer(1, "", "No client has this identifier. Look for a typing mistake.\n"));
    }

    private static async Task AddAsync(VerbRun installation, params OutboxMessage[] notices)
    {
        // A context of its own: no server runs that would send them.
        await using var services = new ServiceCollection()
            .AddIdentityServerStorage(new(StorageProvider.Sqlite, $"Data Source={Path.Combine(installation.Directory, "identityserver.db")}"))
            .BuildServiceProvider();
        await using var scope = services.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
        var shop = await db.Clients.Where(client => client.ClientId == "shop").Select(client => client.Id).SingleAsync(Cancel);
        foreach (var notice in notices)
        {
            notice.ClientRowId = shop;
        }

        db.AddRange(notices);
        await db.SaveChangesAsync(Cancel);
    }

    private static OutboxMessage Notice(int number, DeliveryState state, int failures, DateTimeOffset? dueAt, string? reply) => new()
    {
        Id = new Guid(number, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0),
        Kind = LogoutNotification.Kind,
        Queue = OutboxQueue.Notifications,
        State = state,
        Failures = failures,
        CreatedAt = _now.AddMinutes(number),
        DueAt = dueAt,
        ExpiresAt = _now + LogoutNotification.Lifetime,
        LastReply = reply,
    };
}
