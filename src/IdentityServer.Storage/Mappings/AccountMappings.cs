using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Storage.Mappings;

internal sealed class UserMapping : IEntityTypeConfiguration<User>
{
    public void Configure(EntityTypeBuilder<User> builder)
    {
        builder.ToTable("users");
        builder.Property(user => user.Email).HasMaxLength(254);
        builder.Property(user => user.NormalizedEmail).HasMaxLength(254);
        builder.HasIndex(user => user.NormalizedEmail).IsUnique();
        builder.Property(user => user.PasswordHash).HasMaxLength(512);
        builder.Property(user => user.TestOfClientId).HasMaxLength(100);
        builder.HasIndex(user => user.TestOfClientId).HasFilter("\"TestOfClientId\" IS NOT NULL");

        // Whoever ends a client ends its test users first, with all that hangs on them.
        builder.HasOne<Client>().WithMany().HasForeignKey(user => user.TestOfClientId).OnDelete(DeleteBehavior.Restrict);
    }
}

internal sealed class AccountGuessBudgetMapping : IEntityTypeConfiguration<AccountGuessBudget>
{
    public void Configure(EntityTypeBuilder<AccountGuessBudget> builder)
    {
        builder.ToTable("account_guess_budgets");
        builder.HasKey(budget => budget.UserId);
        builder.Property(budget => budget.CodeMails).HasMaxLength(200);
        builder.HasOne<User>().WithOne().HasForeignKey<AccountGuessBudget>(budget => budget.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class PendingAddressMapping : IEntityTypeConfiguration<PendingAddress>
{
    public void Configure(EntityTypeBuilder<PendingAddress> builder)
    {
        builder.ToTable("pending_addresses");
        builder.HasKey(address => address.ChallengeId);
        builder.Property(address => address.Email).HasMaxLength(254);
        builder.HasIndex(address => address.UserId);
        builder.HasIndex(address => address.ExpiresAt);
        builder.HasOne<User>().WithMany().HasForeignKey(address => address.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class FormerAddressMapping : IEntityTypeConfiguration<FormerAddress>
{
    public void Configure(EntityTypeBuilder<FormerAddress> builder)
    {
        builder.ToTable("former_addresses");
        builder.HasKey(address => new { address.UserId, address.NormalizedEmail });
        builder.Property(address => address.Email).HasMaxLength(254);
        builder.Property(address => address.NormalizedEmail).HasMaxLength(254);
        builder.HasIndex(address => address.NormalizedEmail);
        builder.HasIndex(address => address.ExpiresAt);
        builder.HasOne<User>().WithMany().HasForeignKey(address => address.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ConsentGrantMapping : IEntityTypeConfiguration<ConsentGrant>
{
    public void Configure(EntityTypeBuilder<ConsentGrant> builder)
    {
        builder.ToTable("consent_grants");
        builder.HasKey(grant => new { grant.UserId, grant.ClientId });
        builder.Property(grant => grant.ClientId).HasMaxLength(100);
        builder.HasIndex(grant => grant.ClientId);
        builder.HasOne<User>().WithMany().HasForeignKey(grant => grant.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ConsentQuestionMapping : IEntityTypeConfiguration<ConsentQuestion>
{
    public void Configure(EntityTypeBuilder<ConsentQuestion> builder)
    {
        builder.ToTable("consent_questions");
        builder.HasKey(question => new { question.RequestUri, question.UserId });
        builder.Property(question => question.RequestUri).HasMaxLength(256);
        builder.Property(question => question.ClientId).HasMaxLength(100);
        builder.Property(question => question.RedirectUri).HasMaxLength(2000);
        builder.HasIndex(question => question.ExpiresAt);
        builder.HasIndex(question => question.ClientId);
    }
}
