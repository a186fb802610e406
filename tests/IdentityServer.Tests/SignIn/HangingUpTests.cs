using IdentityServer.Audit;
using IdentityServer.Domain.OneTimeCodes;
using IdentityServer.Sessions;
using IdentityServer.SignIn;
using IdentityServer.Storage;
using IdentityServer.Tests.Support;
using Microsoft.Data.Sqlite;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;

namespace IdentityServer.Tests.SignIn;

/// <summary>Who hangs up in the middle of a guess has guessed all the same, and it is known.</summary>
public sealed class HangingUpTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_guess_whose_caller_hangs_up_after_it_was_spent_is_audited_and_told_to_the_owner()
    {
        var hangUp = new HangUpAtCommit();
        await using var world = await World.StartAsync();
        await world.Server.InScopeAsync(async services =>
        {
            // A unit of work is all it takes to meet the connection that every other one writes over.
            await services.GetRequiredService<UnitOfWork>().BeginAsync(Cancel);
            hangUp.Watch((SqliteConnection)services.GetRequiredService<IdentityServerDbContext>().Database.GetDbConnection());
            return true;
        });
        var email = await world.AddUserAsync();
        for (var round = 0; round < 2; round++)
        {
            var browser = world.OpenBrowser();
            await browser.ReachCodePageAsync("/sign-in", email);
            var right = await browser.ReadCodeAsync(email);
            var cookie = browser.Cookies.GetAllCookies().Single(one => one.Name.StartsWith("idsrv.pending.", StringComparison.Ordinal));
            HandleCookie.TryParse(cookie.Value, out var pending).ShouldBeTrue();
            for (var guess = 1; guess <= ChallengePolicy.Attempts; guess++)
            {
                OneTimeCode.TryParse(Browser.WrongCode(right, guess), out var code).ShouldBeTrue();
                using var caller = new CancellationTokenSource();
                hangUp.Next = caller;
                await world.Server.InScopeAsync(async services =>
                {
                    await Should.ThrowAsync<OperationCanceledException>(
                        services.GetRequiredService<CodeStep>().AnswerAsync(pending!, code!, $"192.0.2.{(10 * round) + guess}", caller.Token));
                    return true;
                });
            }
        }

        var names = await world.ReadAsync(db => db.AuditEvents.Select(told => told.Name).ToListAsync(Cancel));
        names.Count(name => name == AuditEvents.CodeWrong).ShouldBe(10);
        names.Count(name => name == AuditEvents.GuessBudgetExhausted).ShouldBe(1);
        await world.Smtp.WaitForAsync(mail => mail.Message.Subject!.Contains("sign-in stopped after wrong codes", StringComparison.Ordinal), Cancel);
    }

    [Fact]
    public async Task A_guess_that_the_exhausted_budget_refuses_is_audited_too()
    {
        await using var world = await World.StartAsync();
        var email = await world.AddUserAsync();
        var pages = new List<(Browser Browser, Answer Page, string Right)>();
        for (var i = 0; i < 3; i++)
        {
            var browser = world.OpenBrowser();
            pages.Add((browser, await browser.ReachCodePageAsync("/sign-in", email), await browser.ReadCodeAsync(email)));
        }

        foreach (var (browser, page, right) in pages)
        {
            for (var shift = 1; shift <= 5; shift++)
            {
                await browser.EnterCodeAsync(page, Browser.WrongCode(right, shift));
            }
        }

        (await world.ReadAsync(db => db.AuditEvents.CountAsync(told => told.Name == AuditEvents.GuessRefused, Cancel))).ShouldBe(5);
    }

    /// <summary>
    /// Cancels the caller's token the moment that the next change of a challenge is committed, when nothing can stop it any more. Others,
    /// such as the outbox, commit over the same connection.
    /// </summary>
    private sealed class HangUpAtCommit
    {
        private CancellationTokenSource? _next;
        private bool _changed;

        public CancellationTokenSource Next
        {
            set => Volatile.Write(ref _next, value);
        }

        public void Watch(SqliteConnection connection)
        {
            SQLitePCL.raw.sqlite3_update_hook(
                connection.Handle, (_, _, _, table, _) => _changed |= table.utf8_to_string() == "otp_challenges", null);
            SQLitePCL.raw.sqlite3_rollback_hook(connection.Handle, _ => _changed = false, null);
            SQLitePCL.raw.sqlite3_commit_hook(
                connection.Handle,
                _ =>
                {
                    if (_changed)
                    {
                        _changed = false;
                        Interlocked.Exchange(ref _next, null)?.Cancel();
                    }

                    return 0; // Go on.
                },
                null);
        }
    }
}
