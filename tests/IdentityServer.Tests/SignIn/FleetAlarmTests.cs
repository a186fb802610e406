using IdentityServer.Audit;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.SignIn;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.SignIn;

/// <summary>Wrong codes over all accounts: an attack on many is seen though it exhausts none.</summary>
public sealed class FleetAlarmTests
{
    [Fact]
    public async Task Fifty_wrong_codes_in_ten_minutes_raise_one_alarm_and_the_next_window_another()
    {
        await using var world = await World.StartAsync();
        await GuessAsync(world, GuessBudget.FleetAlarmFloor - 1);
        (await AlarmsAsync(world)).ShouldBe(0);

        await GuessAsync(world, 20);
        (await AlarmsAsync(world)).ShouldBe(1, "once per alarm, not once per guess");

        await world.AdvanceAsync(TimeSpan.FromMinutes(20));
        await GuessAsync(world, GuessBudget.FleetAlarmFloor);
        (await AlarmsAsync(world)).ShouldBe(2);
    }

    [Fact]
    public async Task What_is_usual_at_this_hour_raises_no_alarm_and_four_times_as_much_does()
    {
        await using var world = await World.StartAsync();
        for (var day = 0; day < 7; day++)
        {
            // 120 an hour are 20 in ten minutes: the alarm is at 80.
            for (var sixth = 0; sixth < 6; sixth++)
            {
                await GuessAsync(world, 20);
                await world.AdvanceAsync(TimeSpan.FromMinutes(10));
            }

            await world.AdvanceAsync(TimeSpan.FromHours(23));
        }

        await GuessAsync(world, 79);
        (await AlarmsAsync(world)).ShouldBe(0);
        await GuessAsync(world, 1);
        (await AlarmsAsync(world)).ShouldBe(1);
    }

    // What the ceremony records of a wrong code, without the ceremony: its own limits would take hours of it.
    private static async Task GuessAsync(World world, int times)
    {
        var challenge = new OtpChallenge
        {
            Id = Guid.NewGuid(),
            UserId = Guid.NewGuid(),
            Purpose = "sign-in",
            Seed = new byte[32],
            BrowserHash = new byte[32],
            KeyId = "otp",
            Reference = "AAAA",
            AttemptsLeft = 2,
        };
        for (var guess = 0; guess < times; guess++)
        {
            await world.Server.InScopeAsync(async services =>
            {
                await services.GetRequiredService<WrongCode>().RecordAsync(new SpendOutcome.Spent(challenge, 1, ReachedLimit: false), "192.0.2.1");
                return true;
            });
        }
    }

    private static Task<int> AlarmsAsync(World world) => world.ReadAsync(db =>
        db.AuditEvents.CountAsync(told => told.Name == AuditEvents.FleetAlarm, TestContext.Current.CancellationToken));
}
