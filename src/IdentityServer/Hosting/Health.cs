using System.Diagnostics;
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

    public static void AddHealth(this IServiceCollection services)
    {
        services.AddSingleton<DatabaseHealth>();
        services.AddHealthChecks().AddCheck<DatabaseHealth>("database").AddCheck<SigningKeyHealth>("signing keys");
    }

    /// <summary>Live: the process answers. Ready: it has its keys, and the database answers. The body is one word; reasons are in the log.</summary>
    public static void MapHealth(this IEndpointRouteBuilder endpoints)
    {
        endpoints.MapHealthChecks($"{Root}/live", new() { Predicate = _ => false });
        endpoints.MapHealthChecks($"{Root}/ready");
    }

    // A driver waits long for an answer that never comes, and longer to give up on it. The question goes on by itself meanwhile, and who
    // asks within the same few seconds waits for the same one: a dead network is not asked more often for being asked about.
    private sealed class DatabaseHealth(IServiceScopeFactory scopes) : IHealthCheck
    {
        private readonly Lock _lock = new();
        private Task<bool> _question = Task.FromResult(false);
        private long _asked;

        public async Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default)
        {
            try
            {
                return await Question().WaitAsync(Patience, cancellationToken)
                    ? HealthCheckResult.Healthy()
                    : HealthCheckResult.Unhealthy("The database holds no secrets of this installation.");
            }
            catch (TimeoutException)
            {
                return HealthCheckResult.Unhealthy("The database does not answer.");
            }
        }

        private Task<bool> Question()
        {
            lock (_lock)
            {
                if (_question.IsCompleted || Stopwatch.GetElapsedTime(_asked) > Patience)
                {
                    _asked = Stopwatch.GetTimestamp();
                    _question = Task.Run(AskAsync);
                }

                return _question;
            }
        }

        // A read that needs the schema, of a table that is never empty and never large.
        private async Task<bool> AskAsync()
        {
            using var patience = new CancellationTokenSource(Patience);
            await using var scope = scopes.CreateAsyncScope();
            return await scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>().InstallationSecrets.AsNoTracking()
                .Select(secret => secret.Id).AnyAsync(patience.Token);
        }
    }

    private sealed class SigningKeyHealth(SigningKeyRing ring) : IHealthCheck
    {
        public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
            Task.FromResult(ring.IsLoaded ? HealthCheckResult.Healthy() : HealthCheckResult.Unhealthy("The signing keys are not loaded."));
    }
}
