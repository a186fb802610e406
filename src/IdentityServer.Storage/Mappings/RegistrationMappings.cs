using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Storage.Mappings;

internal sealed class RegistrationTokenMapping : IEntityTypeConfiguration<RegistrationToken>
{
    public void Configure(EntityTypeBuilder<RegistrationToken> builder)
    {
        builder.ToTable("registration_tokens");
        builder.Property(token => token.Id).HasMaxLength(40);
        builder.Property(token => token.Hash).HasMaxLength(32);
        builder.Property(token => token.Label).HasMaxLength(100);
        builder.Property(token => token.Scopes).HasMaxLength(6_000);
        builder.HasIndex(token => token.Hash).IsUnique();
    }
}

internal sealed class ClientRegistrationMapping : IEntityTypeConfiguration<ClientRegistration>
{
    public void Configure(EntityTypeBuilder<ClientRegistration> builder)
    {
        builder.ToTable("client_registrations");
        builder.HasKey(registration => registration.ClientRowId);
        builder.Property(registration => registration.ClientRowId).HasMaxLength(100);
        builder.Property(registration => registration.Hash).HasMaxLength(32);
        builder.HasIndex(registration => registration.Hash).IsUnique();
        builder.HasOne<Client>().WithOne().HasForeignKey<ClientRegistration>(registration => registration.ClientRowId).OnDelete(DeleteBehavior.Cascade);
        builder.HasOne<RegistrationToken>().WithMany().HasForeignKey(registration => registration.RegistrationTokenId).OnDelete(DeleteBehavior.Restrict);
    }
}
