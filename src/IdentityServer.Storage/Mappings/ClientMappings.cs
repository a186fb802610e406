using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Storage.Mappings;

internal sealed class ClientSecretMapping : IEntityTypeConfiguration<ClientSecretEntry>
{
    public void Configure(EntityTypeBuilder<ClientSecretEntry> builder)
    {
        builder.ToTable("client_secrets");
        builder.Property(secret => secret.Id).ValueGeneratedNever();
        builder.Property(secret => secret.ClientRowId).HasMaxLength(100);
        builder.Property(secret => secret.Hash).HasMaxLength(200);
        builder.Property(secret => secret.Label).HasMaxLength(100);
        builder.HasIndex(secret => secret.RetiredAt).HasFilter("\"RetiredAt\" IS NOT NULL");
        builder.HasOne<Client>().WithMany(client => client.Secrets).HasForeignKey(secret => secret.ClientRowId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ClientKeyUseMapping : IEntityTypeConfiguration<ClientKeyUse>
{
    public void Configure(EntityTypeBuilder<ClientKeyUse> builder)
    {
        builder.ToTable("client_key_uses");
        builder.HasKey(use => new { use.ClientRowId, use.Thumbprint });
        builder.Property(use => use.ClientRowId).HasMaxLength(100);
        builder.Property(use => use.Thumbprint).HasMaxLength(43);
        builder.HasOne<Client>().WithMany().HasForeignKey(use => use.ClientRowId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ClientOwnerMapping : IEntityTypeConfiguration<ClientOwner>
{
    public void Configure(EntityTypeBuilder<ClientOwner> builder)
    {
        builder.ToTable("client_owners");
        builder.HasKey(owner => new { owner.ClientRowId, owner.UserId });
        builder.Property(owner => owner.ClientRowId).HasMaxLength(100);
        builder.HasIndex(owner => owner.UserId);
        builder.HasOne<Client>().WithMany().HasForeignKey(owner => owner.ClientRowId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<User>().WithMany().HasForeignKey(owner => owner.UserId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ClientInvitationMapping : IEntityTypeConfiguration<ClientInvitation>
{
    public void Configure(EntityTypeBuilder<ClientInvitation> builder)
    {
        builder.ToTable("client_invitations");
        builder.Property(invitation => invitation.Id).ValueGeneratedNever();
        builder.Property(invitation => invitation.ClientRowId).HasMaxLength(100);
        builder.Property(invitation => invitation.Email).HasMaxLength(254);
        builder.Property(invitation => invitation.NormalizedEmail).HasMaxLength(254);
        builder.HasIndex(invitation => new { invitation.ClientRowId, invitation.NormalizedEmail }).IsUnique();
        builder.HasIndex(invitation => invitation.NormalizedEmail);
        builder.HasIndex(invitation => invitation.ExpiresAt);
        builder.HasOne<Client>().WithMany().HasForeignKey(invitation => invitation.ClientRowId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<User>().WithMany().HasForeignKey(invitation => invitation.InvitedBy).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ClientAgentMapping : IEntityTypeConfiguration<ClientAgent>
{
    public void Configure(EntityTypeBuilder<ClientAgent> builder)
    {
        builder.ToTable("client_agents");
        builder.HasKey(agent => new { agent.ClientRowId, agent.AgentRowId });
        builder.Property(agent => agent.ClientRowId).HasMaxLength(100);
        builder.Property(agent => agent.AgentRowId).HasMaxLength(100);
        builder.HasIndex(agent => agent.AgentRowId);
        builder.HasOne<Client>().WithMany().HasForeignKey(agent => agent.ClientRowId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<Client>().WithMany().HasForeignKey(agent => agent.AgentRowId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ClientStandingMapping : IEntityTypeConfiguration<ClientStanding>
{
    public void Configure(EntityTypeBuilder<ClientStanding> builder)
    {
        builder.ToTable("client_standings");
        builder.HasKey(standing => standing.ClientRowId);
        builder.Property(standing => standing.ClientRowId).HasMaxLength(100);
        builder.Property(standing => standing.ApprovalWish).HasMaxLength(1_000);
        builder.Property(standing => standing.Refusal).HasMaxLength(1_000);
        builder.HasIndex(standing => standing.ApprovalAskedAt).HasFilter("\"ApprovalAskedAt\" IS NOT NULL");
        builder.HasOne<Client>().WithOne().HasForeignKey<ClientStanding>(standing => standing.ClientRowId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ClientLogoMapping : IEntityTypeConfiguration<ClientLogoImage>
{
    public void Configure(EntityTypeBuilder<ClientLogoImage> builder)
    {
        builder.ToTable("client_logos");
        builder.HasKey(logo => logo.ClientRowId);
        builder.Property(logo => logo.ClientRowId).HasMaxLength(100);
        builder.HasOne<Client>().WithOne().HasForeignKey<ClientLogoImage>(logo => logo.ClientRowId).OnDelete(DeleteBehavior.Cascade);
    }
}
