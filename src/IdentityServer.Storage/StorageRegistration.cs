using IdentityServer.Storage.Connections;
using IdentityServer.Storage.Entities;
using IdentityServer.Storage.Operations;
using IdentityServer.Storage.Stores;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using OpenIddict.Abstractions;

namespace IdentityServer.Storage;

/// <summary>Puts the storage into a program.</summary>
public static class StorageRegistration
{
    // Contexts kept for reuse; more are made under load and thrown away after it. On SQLite each kept one holds the file open.
    private const int KeptContexts = 64;

    /// <summary>Registers the context (pooled), the unit of work and the operations, all for the given database.</summary>
    public static IServiceCollection AddIdentityServerStorage(this IServiceCollection services, StorageSettings settings)
    {
        ArgumentNullException.ThrowIfNull(services);
        ArgumentNullException.ThrowIfNull(settings);
        services.AddSingleton(settings);
        services.AddSingleton(_ => new SqliteWriteGate(settings)); // made by the container, which closes it
        services.AddSingleton<StorageMigrator>();
        services.AddSingleton<InstallationLock>();
        services.AddDbContextPool<IdentityServerDbContext>((provider, builder) =>
        {
            StorageOptions.Apply(builder, settings);
            if (settings.Provider == StorageProvider.Sqlite)
            {
                builder.AddInterceptors(new SqliteSavesQueue(provider.GetRequiredService<SqliteWriteGate>()));
            }
        }, KeptContexts);
        services.AddScoped<UnitOfWork>();
        services.AddScoped<SqlRunner>();
        services.AddScoped<LoadedRows<Token>>();
        services.AddScoped<LoadedRows<Authorization>>();
        services.AddScoped(provider => new CeremonyReads(provider.GetRequiredService<SqlRunner>()));
        services.AddScoped(provider => new AccountReads(provider.GetRequiredService<SqlRunner>()));
        services.AddScoped(provider => new CeremonyWrites(provider.GetRequiredService<SqlRunner>()));
        services.AddScoped(provider => new CounterOperations(provider.GetRequiredService<SqlRunner>()));
        services.AddScoped(provider => new ExpiredRows(provider.GetRequiredService<SqlRunner>()));
        services.AddScoped(provider => new OutboxOperations(provider.GetRequiredService<SqlRunner>()));
        services.AddScoped(provider => new OwnershipOperations(provider.GetRequiredService<SqlRunner>()));
        services.AddScoped(provider => new TestUserOperations(provider.GetRequiredService<SqlRunner>()));
        services.AddScoped(provider => new RegistrationOperations(
            provider.GetRequiredService<SqlRunner>(), provider.GetRequiredService<TestUserOperations>()));
        services.AddScoped(provider => new IdempotencyOperations(
            provider.GetRequiredService<SqlRunner>(), provider.GetRequiredService<IdentityServerDbContext>()));
        services.AddScoped(provider => new LogoutOperations(
            provider.GetRequiredService<SqlRunner>(), provider.GetRequiredService<CeremonyWrites>()));
        services.AddScoped(provider => new InsightOperations(
            provider.GetRequiredService<SqlRunner>(), provider.GetRequiredService<UnitOfWork>()));
        services.AddScoped(provider => new GuessBudgetOperations(provider.GetRequiredService<SqlRunner>()));
        services.AddScoped(provider => new SignInProofOperations(
            provider.GetRequiredService<SqlRunner>(), provider.GetRequiredService<UnitOfWork>()));
        services.AddScoped(provider => new ProofGuesses(provider.GetRequiredService<CounterOperations>()));
        services.AddScoped(provider => new ChallengeOperations(
            provider.GetRequiredService<UnitOfWork>(),
            provider.GetRequiredService<GuessBudgetOperations>(),
            provider.GetRequiredService<CounterOperations>(),
            provider.GetRequiredService<ProofGuesses>(),
            provider.GetRequiredService<SqlRunner>()));
        services.AddScoped(provider => new TokenOperations(
            provider.GetRequiredService<SqlRunner>(),
            provider.GetRequiredService<UnitOfWork>(),
            provider.GetRequiredService<LoadedRows<Token>>(),
            provider.GetRequiredService<IOpenIddictTokenStore<Token>>()));
        services.AddScoped(provider => new SessionOperations(
            provider.GetRequiredService<SqlRunner>(),
            provider.GetRequiredService<UnitOfWork>(),
            provider.GetRequiredService<GuessBudgetOperations>(),
            provider.GetRequiredService<LoadedRows<Token>>(),
            provider.GetRequiredService<LoadedRows<Authorization>>()));
        return services;
    }
}
