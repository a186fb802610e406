using IdentityServer.Domain.Clients;
using IdentityServer.Storage.Entities;
using Microsoft.EntityFrameworkCore;
using Microsoft.EntityFrameworkCore.Metadata.Builders;

namespace IdentityServer.Storage.Mappings;

internal sealed class ClientMapping : IEntityTypeConfiguration<Client>
{
    public void Configure(EntityTypeBuilder<Client> builder)
    {
        builder.ToTable("clients");
        builder.Property(client => client.Id).HasMaxLength(100);

        // Whoever changes a client must have them at hand, or what it no longer registers would stay.
        builder.Navigation(client => client.Origins).AutoInclude();
    }
}

internal sealed class ClientOriginMapping : IEntityTypeConfiguration<ClientOrigin>
{
    public void Configure(EntityTypeBuilder<ClientOrigin> builder)
    {
        builder.ToTable("client_origins");
        builder.HasKey(origin => new { origin.Origin, origin.ApplicationId });
        builder.Property(origin => origin.Origin).HasMaxLength(WebOrigin.MaxLength);
        builder.Property(origin => origin.ApplicationId).HasMaxLength(100);
        builder.HasOne<Client>().WithMany(client => client.Origins).HasForeignKey(origin => origin.ApplicationId).OnDelete(DeleteBehavior.Cascade);
    }
}

internal sealed class ScopeMapping : IEntityTypeConfiguration<Scope>
{
    public void Configure(EntityTypeBuilder<Scope> builder)
    {
        builder.ToTable("scopes");
        builder.Property(scope => scope.Id).HasMaxLength(100);
    }
}

internal sealed class ResourceMapping : IEntityTypeConfiguration<Resource>
{
    public void Configure(EntityTypeBuilder<Resource> builder)
    {
        builder.ToTable("resources");
        builder.Property(resource => resource.Id).HasMaxLength(200);
        builder.Property(resource => resource.Name).HasMaxLength(100);
        builder.Property(resource => resource.AccessTokenSigningAlg).HasMaxLength(16);
    }
}

internal sealed class AuthorizationMapping : IEntityTypeConfiguration<Authorization>
{
    public void Configure(EntityTypeBuilder<Authorization> builder)
    {
        builder.ToTable("authorizations");
        builder.Property(authorization => authorization.Id).HasMaxLength(100);

        // The WHERE clause compares the status that was read instead: see AuthorizationStore.
        builder.Ignore(authorization => authorization.ConcurrencyToken);
        builder.Metadata.RemoveIndexOn("ApplicationId", "Status", "Subject", "Type");
        builder.HasIndex(authorization => authorization.Subject);
        builder.HasIndex(authorization => authorization.SessionId);

        // Of a session that is deleted with its account it goes on without, until its tokens have gone; none is made for one that is gone.
        builder.HasOne<AuthenticationSession>().WithMany().HasForeignKey(authorization => authorization.SessionId).OnDelete(DeleteBehavior.SetNull);
    }
}

internal sealed class TokenMapping : IEntityTypeConfiguration<Token>
{
    public void Configure(EntityTypeBuilder<Token> builder)
    {
        builder.ToTable("tokens");
        builder.Property(token => token.Id).HasMaxLength(100);

        // The WHERE clause compares the status that was read instead: see TokenStore.
        builder.Ignore(token => token.ConcurrencyToken);

        // Every index is written with every token, so each is as short as its use allows. Tokens of a person are found through
        // their authorization; only tokens without one (a client's own, stored requests) need more.
        builder.Metadata.RemoveIndexOn("ApplicationId", "Status", "Subject", "Type");
        builder.HasIndex(token => token.ReferenceId).IsUnique().HasFilter("\"ReferenceId\" IS NOT NULL");
        builder.HasIndex(token => token.AuthorizationId).HasFilter("\"AuthorizationId\" IS NOT NULL");
        builder.HasIndex(token => token.Subject).HasFilter("\"AuthorizationId\" IS NULL AND \"Subject\" IS NOT NULL");
        builder.HasIndex(token => token.ExpirationDate);
    }
}
