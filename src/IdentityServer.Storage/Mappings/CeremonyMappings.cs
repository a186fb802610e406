using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Storage.Mappings;

internal sealed class OtpChallengeMapping : IEntityTypeConfiguration<OtpChallenge>
{
    public void Configure(EntityTypeBuilder<OtpChallenge> builder)
    {
        builder.ToTable("otp_challenges");
        builder.Property(challenge => challenge.Purpose).HasMaxLength(32);
        builder.Property(challenge => challenge.KeyId).HasMaxLength(64);
        builder.Property(challenge => challenge.Reference).HasMaxLength(16);
        builder.Property(challenge => challenge.ClientId).HasMaxLength(100);
        builder.Property(challenge => challenge.RequestUri).HasMaxLength(256);
        builder.Property(challenge => challenge.Language).HasMaxLength(16);
        builder.Property(challenge => challenge.Browser).HasMaxLength(100);
        builder.Property(challenge => challenge.Network).HasMaxLength(64);
        builder.HasIndex(challenge => challenge.UserId);

        // A consumed challenge lives as long as its session; only the others are found by their expiry.
        builder.HasIndex(challenge => challenge.ExpiresAt).HasFilter("\"State\" <> 1");
    }
}

internal sealed class PendingAccountMapping : IEntityTypeConfiguration<PendingAccount>
{
    public void Configure(EntityTypeBuilder<PendingAccount> builder)
    {
        builder.ToTable("pending_accounts");
        builder.HasKey(account => account.ChallengeId);
        builder.Property(account => account.Email).HasMaxLength(254);
        builder.Property(account => account.PasswordHash).HasMaxLength(512);
        builder.Property(account => account.Language).HasMaxLength(16);
        builder.HasIndex(account => account.ExpiresAt);
    }
}

internal sealed class AuthenticationSessionMapping : IEntityTypeConfiguration<AuthenticationSession>
{
    public void Configure(EntityTypeBuilder<AuthenticationSession> builder)
    {
        builder.ToTable("authentication_sessions");
        builder.Property(session => session.RequestUri).HasMaxLength(256);
        builder.Property(session => session.Browser).HasMaxLength(100);
        builder.Property(session => session.Network).HasMaxLength(64);
        builder.HasIndex(session => session.ChallengeId).IsUnique();
        builder.HasIndex(session => session.UserId);
        builder.HasIndex(session => session.ExpiresAt);
        builder.HasOne<User>().WithMany().HasForeignKey(session => session.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class OutboxMessageMapping : IEntityTypeConfiguration<OutboxMessage>
{
    public void Configure(EntityTypeBuilder<OutboxMessage> builder)
    {
        builder.ToTable("outbox_messages");
        builder.Property(message => message.Kind).HasMaxLength(40);
        builder.Property(message => message.LeasedBy).HasMaxLength(64);
        builder.Property(message => message.LastReply).HasMaxLength(200);
        builder.Property(message => message.ClientRowId).HasMaxLength(100);
        builder.HasIndex(message => new { message.Queue, message.DueAt }).HasFilter("\"DueAt\" IS NOT NULL");
        builder.HasIndex(message => message.ChallengeId);
        builder.HasIndex(message => new { message.Queue, message.ExpiresAt });

        // What a client was told, newest first.
        builder.HasIndex(message => new { message.ClientRowId, message.CreatedAt }).HasFilter("\"ClientRowId\" IS NOT NULL");
        builder.HasIndex(message => new { message.ClientRowId, message.DueAt }).HasFilter("\"ClientRowId\" IS NOT NULL AND \"DueAt\" IS NOT NULL");
    }
}

internal sealed class CounterMapping : IEntityTypeConfiguration<Counter>
{
    public void Configure(EntityTypeBuilder<Counter> builder)
    {
        builder.ToTable("counters");
        builder.HasKey(counter => counter.Key);
        builder.Property(counter => counter.Key).HasMaxLength(160);
        builder.HasIndex(counter => counter.ExpiresAt);
    }
}

internal sealed class AuditEventMapping : IEntityTypeConfiguration<AuditEvent>
{
    public void Configure(EntityTypeBuilder<AuditEvent> builder)
    {
        builder.ToTable("audit_events");
        builder.Property(entry => entry.Name).HasMaxLength(64);
        builder.Property(entry => entry.ClientId).HasMaxLength(100);
        builder.Property(entry => entry.Network).HasMaxLength(64);
        builder.HasIndex(entry => entry.At);

        // A person reads their own, newest first.
        builder.HasIndex(entry => new { entry.UserId, entry.At });
    }
}

internal sealed class SigningKeyMapping : IEntityTypeConfiguration<SigningKey>
{
    public void Configure(EntityTypeBuilder<SigningKey> builder)
    {
        builder.ToTable("signing_keys");
        builder.Property(key => key.Id).HasMaxLength(64);
        builder.Property(key => key.Algorithm).HasMaxLength(16);
    }
}

internal sealed class InstallationSecretMapping : IEntityTypeConfiguration<InstallationSecret>
{
    public void Configure(EntityTypeBuilder<InstallationSecret> builder)
    {
        builder.ToTable("installation_secrets");
        builder.Property(secret => secret.Id).HasMaxLength(64);
        builder.Property(secret => secret.Purpose).HasMaxLength(32);
        builder.HasIndex(secret => new { secret.Purpose, secret.CreatedAt });
    }
}
