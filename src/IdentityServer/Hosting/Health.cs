using IdentityServer.Protocol.SigningKeys;
using IdentityServer.Storage;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace IdentityServer.Hosting;

/// <summary>Where a supervisor asks whether the process lives and whether it can serve.</summary>
internal static class Health
{
    public const string Root = "/health";

    // A node that is cut off from its database must leave the balancer's list within five seconds.
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(3);

    public static void AddHealth(this IServiceCollection services) =>
        services.AddHealthChecks()
            .AddCheck<DatabaseHealth>("database", timeout: Patience)
            .AddCheck<SigningKeyHealth>("signing keys", timeout: Patience);

    /// <summary>Live: the process answers. Ready: it has its keys, and the database answers. The body is one word; reasons are in the log.</summary>
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks($"{Root}/live", new() { Predicate = _ => false });
        endpoints.MapHealthChecks($"{Root}/ready");
    }

    private sealed class DatabaseHealth(IdentityServerDbContext db) : IHealthCheck
    {
        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            // A read that needs the schema, of a table that is never empty and never large.
            var answers = await db.InstallationSecrets.AsNoTracking().Select(secret => secret.Id).AnyAsync(cancellationToken);
            return answers ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The database holds no secrets of this installation.");
        }
    }

    private sealed class SigningKeyHealth(SigningKeyRing ring) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(ring.IsLoaded ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The signing keys are not loaded."));
    }
}
