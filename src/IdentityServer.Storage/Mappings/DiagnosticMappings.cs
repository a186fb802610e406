using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Storage.Mappings;

internal sealed class ClientFailureMapping : IEntityTypeConfiguration<ClientFailure>
{
    public void Configure(EntityTypeBuilder<ClientFailure> builder)
    {
        builder.ToTable("client_failures");
        builder.Property(failure => failure.Id).HasMaxLength(32);
        builder.Property(failure => failure.ClientRowId).HasMaxLength(100);
        builder.Property(failure => failure.Code).HasMaxLength(60);
        builder.Property(failure => failure.Endpoint).HasMaxLength(100);
        builder.HasIndex(failure => new { failure.ClientRowId, failure.At });
        builder.HasIndex(failure => failure.At);
        builder.HasOne<Client>().WithMany().HasForeignKey(failure => failure.ClientRowId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ClientActivityMapping : IEntityTypeConfiguration<ClientActivityCount>
{
    public void Configure(EntityTypeBuilder<ClientActivityCount> builder)
    {
        builder.ToTable("client_activity");
        builder.HasKey(count => new { count.ClientRowId, count.Day, count.Kind });
        builder.Property(count => count.ClientRowId).HasMaxLength(100);
        builder.Property(count => count.Kind).HasMaxLength(80);
        builder.HasIndex(count => count.Day);
        builder.HasOne<Client>().WithMany().HasForeignKey(count => count.ClientRowId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class TestMailMapping : IEntityTypeConfiguration<TestMail>
{
    public void Configure(EntityTypeBuilder<TestMail> builder)
    {
        builder.ToTable("test_mails");
        builder.Property(mail => mail.Id).ValueGeneratedNever();
        builder.Property(mail => mail.ClientRowId).HasMaxLength(100);
        builder.HasIndex(mail => new { mail.ClientRowId, mail.At });
        builder.HasIndex(mail => mail.UserId);
        builder.HasIndex(mail => mail.ExpiresAt);
        builder.HasOne<Client>().WithMany().HasForeignKey(mail => mail.ClientRowId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<User>().WithMany().HasForeignKey(mail => mail.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class TrialRunMapping : IEntityTypeConfiguration<TrialRun>
{
    public void Configure(EntityTypeBuilder<TrialRun> builder)
    {
        builder.ToTable("trial_runs");
        builder.Property(run => run.Id).ValueGeneratedNever();
        builder.Property(run => run.ClientRowId).HasMaxLength(100);
        builder.HasIndex(run => run.ClientRowId);
        builder.HasIndex(run => run.UserId);
        builder.HasIndex(run => run.ExpiresAt);
        builder.HasOne<Client>().WithMany().HasForeignKey(run => run.ClientRowId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<User>().WithMany().HasForeignKey(run => run.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class IdempotencyMapping : IEntityTypeConfiguration<IdempotencyRecord>
{
    public void Configure(EntityTypeBuilder<IdempotencyRecord> builder)
    {
        builder.ToTable("idempotency_records");
        builder.HasKey(record => record.Key);
        builder.Property(record => record.Key).HasMaxLength(64);
        builder.Property(record => record.RequestHash).HasMaxLength(64);
        builder.HasIndex(record => record.ExpiresAt);
    }
}
