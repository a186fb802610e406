using IdentityServer.Protocol;
using IdentityServer.Protocol.SigningKeys;
using IdentityServer.Secrets;
using IdentityServer.Settings;
using IdentityServer.Users;

namespace IdentityServer.Hosting;

/// <summary>Makes the installation ready before the host starts anything, and before a verb works.</summary>
internal sealed class Preparation(
    DatabasePreparation database, KeyRingGuard keyRing, SigningKeyRing signingKeys, PairwiseSubjects subjects, DemoUsers demoUsers) : IHostedLifecycleService
{
    /// <summary>Brings up what every verb needs: the database and what its secrets are wrapped under.</summary>
    /// <exception cref="ConfigurationException">The database is behind the program, or the root secret is another's.</exception>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        await database.PrepareAsync(cancellationToken);
        await keyRing.PrepareAsync(cancellationToken);
    }

    /// <summary>Brings up what the server needs beside that, before it listens.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        await PrepareAsync(cancellationToken);
        await signingKeys.LookAsync(TimeSpan.Zero, cancellationToken);
        await subjects.PrepareAsync(cancellationToken);
        await demoUsers.SeedAsync(cancellationToken);
    }

    public Task StartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StoppedAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
