using IdentityServer.Audit;
using IdentityServer.Domain.Users;
using IdentityServer.Storage;
using IdentityServer.Storage.Entities;
using IdentityServer.Tests.Support;
using IdentityServer.Users;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Time.Testing;

namespace IdentityServer.Tests.Users;

public abstract class UserDirectoryTests(bool postgreSql) : IAsyncLifetime
{
    private readonly FakeTimeProvider _time = new(new DateTimeOffset(2026, 5, 4, 12, 0, 0, TimeSpan.Zero));
    private TestServer _server = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => _server = await TestServer.StartAsync(setup => (setup.PostgreSql, setup.Time) = (postgreSql, _time));

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _server.DisposeAsync();
    }

    [Fact]
    public async Task An_account_is_found_by_every_spelling_of_its_address()
    {
        var made = await CreateAsync(" Ada@Example.COM");

        foreach (var spelling in new[] { "ada@example.com", "ADA@EXAMPLE.COM ", "ａｄａ@example.com" })
        {
            var found = await InDirectoryAsync(directory => directory.FindByEmailAsync(spelling, Cancel));
            found.ShouldNotBeNull().Id.ShouldBe(made.Id);
            found.Email.ShouldBe("Ada@Example.COM", "mail goes to the address as it was given");
        }

        (await InDirectoryAsync(directory => directory.FindAsync(made.Id, Cancel))).ShouldNotBeNull().NormalizedEmail.ShouldBe("ada@example.com");
    }

    [Theory]
    [InlineData("nobody@example.com")]
    [InlineData("")]
    [InlineData("\0")]
    [InlineData("a\0b@example.com")]
    [InlineData("\uD800@example.com")]
    [InlineData("' OR 1=1 --")]
    public async Task Whatever_is_typed_finds_nobody_without_failing(string typed) =>
        (await InDirectoryAsync(directory => directory.FindByEmailAsync(typed, Cancel))).ShouldBeNull();

    [Fact]
    public async Task An_account_is_made_with_its_guess_budget_and_an_audit_event()
    {
        var made = await CreateAsync("ada@example.com", "hash");

        made.CreatedAt.ShouldBe(_time.GetUtcNow());
        await InDatabaseAsync(async db =>
        {
            (await db.AccountGuessBudgets.SingleAsync(budget => budget.UserId == made.Id, Cancel)).PasswordSpent.ShouldBe(0);
            (await db.AuditEvents.SingleAsync(entry => entry.UserId == made.Id, Cancel)).Name.ShouldBe(AuditEvents.UserCreated);
            return true;
        });
    }

    [Fact]
    public async Task An_address_that_is_taken_changes_nothing_and_leaves_the_context_usable()
    {
        var first = await CreateAsync("ada@example.com", "hash");

        await InDirectoryAsync(async directory =>
        {
            (await directory.CreateAsync(New("ADA@example.com", "other"), Cancel)).ShouldBeOfType<UserCreation.AddressTaken>();
            (await directory.CreateAsync(New("carol@example.com", "hash"), Cancel)).ShouldBeOfType<UserCreation.Created>();
            return true;
        });

        (await InDirectoryAsync(directory => directory.FindByEmailAsync("ada@example.com", Cancel))).ShouldNotBeNull()
            .PasswordHash.ShouldBe(first.PasswordHash);
        (await InDatabaseAsync(db => db.AccountGuessBudgets.CountAsync(budget => budget.UserId == first.Id, Cancel))).ShouldBe(1);
    }

    [Fact]
    public async Task Of_many_who_take_an_address_at_once_one_gets_it()
    {
        var outcomes = await Task.WhenAll(Enumerable.Range(0, 16).Select(number => Task.Run(
            () => InDirectoryAsync(directory => directory.CreateAsync(New("race@example.com", $"hash {number}"), Cancel)), Cancel)));

        outcomes.Count(outcome => outcome is UserCreation.Created).ShouldBe(1);
        outcomes.Count(outcome => outcome is UserCreation.AddressTaken).ShouldBe(15);
        (await InDatabaseAsync(db => db.Users.CountAsync(user => user.NormalizedEmail == "race@example.com", Cancel))).ShouldBe(1);
    }

    [Fact]
    public async Task A_replaced_hash_leaves_open_challenges_valid()
    {
        var user = await CreateAsync("ada@example.com", "old");

        (await InChangesAsync(changes => changes.UpdatePasswordHashAsync(user.Id, "old", "new", Cancel))).ShouldBeTrue();

        var now = (await InDirectoryAsync(directory => directory.FindAsync(user.Id, Cancel)))!;
        now.PasswordHash.ShouldBe("new");
        now.CredentialVersion.ShouldBe(user.CredentialVersion);
        now.UpdatedAt.ShouldBe(user.UpdatedAt);
    }

    [Fact]
    public async Task A_replaced_hash_does_not_undo_a_password_that_was_changed_meanwhile()
    {
        var user = await CreateAsync("ada@example.com", "old");
        (await InChangesAsync(changes => changes.ChangePasswordAsync(user.Id, "changed", standing: null, Cancel))).ShouldBeTrue();

        (await InChangesAsync(changes => changes.UpdatePasswordHashAsync(user.Id, "old", "rehashed", Cancel))).ShouldBeFalse();

        (await InDirectoryAsync(directory => directory.FindAsync(user.Id, Cancel)))!.PasswordHash.ShouldBe("changed");
    }

    [Fact]
    public async Task A_changed_password_voids_challenges_and_starts_the_guess_budget_anew()
    {
        var user = await CreateAsync("ada@example.com", "old");
        await ExhaustAsync(user.Id);
        _time.Advance(TimeSpan.FromHours(1));

        (await InChangesAsync(changes => changes.ChangePasswordAsync(user.Id, "new", standing: null, Cancel))).ShouldBeTrue();

        var now = (await InDirectoryAsync(directory => directory.FindAsync(user.Id, Cancel)))!;
        now.CredentialVersion.ShouldBe(user.CredentialVersion + 1);
        now.UpdatedAt.ShouldBe(_time.GetUtcNow());
        await ShouldBeFreshAsync(user.Id, AuditEvents.PasswordChanged);
    }

    [Fact]
    public async Task An_operator_resets_every_bucket_of_a_guess_budget_and_is_audited()
    {
        var user = await CreateAsync("ada@example.com", "hash");
        await ExhaustAsync(user.Id);

        (await InChangesAsync(changes => changes.ResetGuessBudgetAsync(user.Id, Cancel))).ShouldBeTrue();

        await ShouldBeFreshAsync(user.Id, AuditEvents.GuessBudgetReset);
        (await InDirectoryAsync(directory => directory.FindAsync(user.Id, Cancel)))!.CredentialVersion.ShouldBe(user.CredentialVersion);
    }

    [Fact]
    public async Task What_does_not_exist_is_not_changed()
    {
        var nobody = Guid.NewGuid();

        (await InChangesAsync(changes => changes.UpdatePasswordHashAsync(nobody, "a", "b", Cancel))).ShouldBeFalse();
        (await InChangesAsync(changes => changes.ChangePasswordAsync(nobody, "b", standing: null, Cancel))).ShouldBeFalse();
        (await InChangesAsync(changes => changes.ResetGuessBudgetAsync(nobody, Cancel))).ShouldBeFalse();
        (await InDatabaseAsync(db => db.AuditEvents.AnyAsync(entry => entry.UserId == nobody, Cancel))).ShouldBeFalse();
    }

    [Fact]
    public async Task A_write_within_an_open_unit_of_work_counts_with_its_commit()
    {
        var user = await CreateAsync("ada@example.com", "old");
        await _server.InScopeAsync(async services =>
        {
            var unit = services.GetRequiredService<UnitOfWork>();
            await unit.BeginAsync(Cancel);
            (await services.GetRequiredService<AccountChanges>().UpdatePasswordHashAsync(user.Id, "old", "new", Cancel)).ShouldBeTrue();
            await unit.RollbackAsync(Cancel);
            return true;
        });

        (await InDirectoryAsync(directory => directory.FindAsync(user.Id, Cancel)))!.PasswordHash.ShouldBe("old");
    }

    [Fact]
    public async Task Demo_accounts_are_made_once_and_not_changed_back()
    {
        var demo = _server.Services.GetRequiredService<DemoUsers>();
        demo.Accounts.ShouldNotBeEmpty();
        var alice = (await InDirectoryAsync(directory => directory.FindByEmailAsync(demo.Accounts[0].Address.Value, Cancel))).ShouldNotBeNull();
        await InChangesAsync(changes => changes.ChangePasswordAsync(alice.Id, "changed", standing: null, Cancel));

        await demo.SeedAsync(Cancel);

        (await InDirectoryAsync(directory => directory.FindAsync(alice.Id, Cancel)))!.PasswordHash.ShouldBe("changed");
        var hasher = _server.Services.GetRequiredService<IPasswordHasher>();
        (await hasher.VerifyAsync(alice.PasswordHash, demo.Accounts[0].Password, alice.NormalizedEmail, Cancel)).ShouldBe(new PasswordVerdict.Right(NeedsRehash: false));
    }

    private static NewUser New(string email, string? hash)
    {
        EmailAddress.TryParse(email, out var address).ShouldBeTrue();
        return new(address!, hash, EmailVerified: false, StandardClaims.None);
    }

    private async Task<User> CreateAsync(string email, string? hash = null) =>
        (await InDirectoryAsync(directory => directory.CreateAsync(New(email, hash), Cancel))).ShouldBeOfType<UserCreation.Created>().User;

    private Task<int> ExhaustAsync(Guid userId) => InDatabaseAsync(db => db.AccountGuessBudgets
        .Where(budget => budget.UserId == userId)
        .ExecuteUpdateAsync(
            set => set.SetProperty(budget => budget.DaySpent, 10).SetProperty(budget => budget.PreviousDaySpent, 9)
                .SetProperty(budget => budget.MonthSpent, 20).SetProperty(budget => budget.PreviousMonthSpent, 19)
                .SetProperty(budget => budget.PasswordSpent, 40).SetProperty(budget => budget.ExhaustedAt, _time.GetUtcNow())
                .SetProperty(budget => budget.ExhaustedBy, Guid.NewGuid()),
            Cancel));

    private Task<bool> ShouldBeFreshAsync(Guid userId, string auditEvent) => InDatabaseAsync(async db =>
    {
        var budget = await db.AccountGuessBudgets.AsNoTracking().SingleAsync(row => row.UserId == userId, Cancel);
        new[] { budget.DaySpent, budget.PreviousDaySpent, budget.MonthSpent, budget.PreviousMonthSpent, budget.PasswordSpent }.ShouldAllBe(spent => spent == 0);
        budget.ExhaustedAt.ShouldBeNull();
        budget.ExhaustedBy.ShouldBeNull();
        (await db.AuditEvents.CountAsync(entry => entry.UserId == userId && entry.Name == auditEvent, Cancel)).ShouldBe(1);
        return true;
    });

    private Task<T> InDirectoryAsync<T>(Func<UserDirectory, Task<T>> work) =>
        _server.InScopeAsync(services => work(services.GetRequiredService<UserDirectory>()));

    private Task<T> InChangesAsync<T>(Func<AccountChanges, Task<T>> work) =>
        _server.InScopeAsync(services => work(services.GetRequiredService<AccountChanges>()));

    private Task<T> InDatabaseAsync<T>(Func<IdentityServerDbContext, Task<T>> work) =>
        _server.InScopeAsync(services => work(services.GetRequiredService<IdentityServerDbContext>()));
}

public sealed class UserDirectoryOnSqliteTests() : UserDirectoryTests(postgreSql: false);

public sealed class UserDirectoryOnPostgreSqlTests() : UserDirectoryTests(postgreSql: true);
