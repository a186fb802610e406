using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;
using Microsoft.AspNetCore.DataProtection.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Infrastructure;
using Microsoft.EntityFrameworkCore.Storage;
using Microsoft.EntityFrameworkCore.Storage.ValueConversion;

namespace IdentityServer.Storage;

/// <summary>The one model, on SQLite and on PostgreSQL.</summary>
public class IdentityServerDbContext : DbContext, IDataProtectionKeyContext
{
    public IdentityServerDbContext(DbContextOptions<IdentityServerDbContext> options)
        : this((DbContextOptions)options)
    {
    }

    private protected IdentityServerDbContext(DbContextOptions options)
        : base(options)
    {
        // A statement that fails voids its unit of work, so nobody needs the savepoint that EF would set before each save.
        Database.AutoSavepointsEnabled = false;
        Kept = this.GetService<IRelationalConnection>() as KeptSqliteConnection;
    }

    public DbSet<User> Users => Set<User>();

    public DbSet<AccountGuessBudget> AccountGuessBudgets => Set<AccountGuessBudget>();

    public DbSet<OtpChallenge> OtpChallenges => Set<OtpChallenge>();

    public DbSet<AuthenticationSession> AuthenticationSessions => Set<AuthenticationSession>();

    public DbSet<OutboxMessage> OutboxMessages => Set<OutboxMessage>();

    public DbSet<Counter> Counters => Set<Counter>();

    public DbSet<AuditEvent> AuditEvents => Set<AuditEvent>();

    public DbSet<SigningKey> SigningKeys => Set<SigningKey>();

    public DbSet<InstallationSecret> InstallationSecrets => Set<InstallationSecret>();

    public DbSet<ConsentGrant> ConsentGrants => Set<ConsentGrant>();

    public DbSet<ConsentQuestion> ConsentQuestions => Set<ConsentQuestion>();

    public DbSet<PendingAccount> PendingAccounts => Set<PendingAccount>();

    public DbSet<PendingAddress> PendingAddresses => Set<PendingAddress>();

    public DbSet<FormerAddress> FormerAddresses => Set<FormerAddress>();

    public DbSet<Client> Clients => Set<Client>();

    public DbSet<RegistrationToken> RegistrationTokens => Set<RegistrationToken>();

    public DbSet<ClientRegistration> ClientRegistrations => Set<ClientRegistration>();

    public DbSet<ClientOrigin> ClientOrigins => Set<ClientOrigin>();

    public DbSet<ClientSecretEntry> ClientSecrets => Set<ClientSecretEntry>();

    public DbSet<ClientKeyUse> ClientKeyUses => Set<ClientKeyUse>();

    public DbSet<ClientOwner> ClientOwners => Set<ClientOwner>();

    public DbSet<ClientInvitation> ClientInvitations => Set<ClientInvitation>();

    public DbSet<ClientAgent> ClientAgents => Set<ClientAgent>();

    public DbSet<ClientStanding> ClientStandings => Set<ClientStanding>();

    public DbSet<ClientLogoImage> ClientLogos => Set<ClientLogoImage>();

    public DbSet<ClientFailure> ClientFailures => Set<ClientFailure>();

    public DbSet<ClientActivityCount> ClientActivity => Set<ClientActivityCount>();

    public DbSet<TestMail> TestMails => Set<TestMail>();

    public DbSet<TrialRun> TrialRuns => Set<TrialRun>();

    public DbSet<IdempotencyRecord> IdempotencyRecords => Set<IdempotencyRecord>();

    public DbSet<Authorization> Authorizations => Set<Authorization>();

    public DbSet<Token> Tokens => Set<Token>();

    public DbSet<Scope> Scopes => Set<Scope>();

    public DbSet<Resource> Resources => Set<Resource>();

    public DbSet<DataProtectionKey> DataProtectionKeys => Set<DataProtectionKey>();

    /// <summary>True while a unit of work is open: what is written now becomes durable with it, or not at all.</summary>
    public bool InUnitOfWork { get; internal set; }

    /// <summary>True when a statement now would commit by itself: neither a unit of work is open nor a transaction of EF's own.</summary>
    internal bool CommitsAlone => !InUnitOfWork && Database.CurrentTransaction is null;

    /// <summary>The connection, on SQLite; null on PostgreSQL.</summary>
    internal KeptSqliteConnection? Kept { get; }

    /// <summary>A statement failed since the unit of work began: it can only be rolled back.</summary>
    internal bool StatementFailed { get; set; }

    /// <summary>
    /// Refuses a further statement in a unit of work that can only be rolled back. PostgreSQL does so by itself; SQLite may have rolled back
    /// already, and would then keep what comes after.
    /// </summary>
    /// <exception cref="InvalidOperationException">A statement of the open unit of work failed.</exception>
    internal void RefuseAfterFailure()
    {
        if (InUnitOfWork && StatementFailed)
        {
            throw new InvalidOperationException("A statement of this unit of work failed, so nothing more is written in it.");
        }
    }

    protected override void OnModelCreating(ModelBuilder modelBuilder)
    {
        modelBuilder.UseOpenIddict<Client, Authorization, Scope, Token, string>();
        modelBuilder.ApplyConfigurationsFromAssembly(typeof(IdentityServerDbContext).Assembly);
    }

    // Moments are whole milliseconds since the Unix epoch on both databases: they sort, compare and index alike, and cost eight bytes.
    protected override void ConfigureConventions(ModelConfigurationBuilder configurationBuilder)
    {
        configurationBuilder.Properties<DateTimeOffset>().HaveConversion<MomentConverter>();
        configurationBuilder.Properties<DateTime>().HaveConversion<UtcMomentConverter>();
    }

    internal sealed class MomentConverter() : ValueConverter<DateTimeOffset, long>(
        moment => moment.ToUnixTimeMilliseconds(), value => DateTimeOffset.FromUnixTimeMilliseconds(value));

    internal sealed class UtcMomentConverter() : ValueConverter<DateTime, long>(
        moment => new DateTimeOffset(DateTime.SpecifyKind(moment, DateTimeKind.Utc)).ToUnixTimeMilliseconds(),
        value => DateTimeOffset.FromUnixTimeMilliseconds(value).UtcDateTime);
}
