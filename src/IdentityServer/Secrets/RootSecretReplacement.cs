using System.Xml.Linq;
using IdentityServer.Storage;
using IdentityServer.Storage.Operations;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Secrets;

/// <summary>What became of a wish to replace the root secret.</summary>
internal abstract record ReplacementOutcome(int Rewrapped, string Present)
{
    /// <summary>A new secret was made in the data directory.</summary>
    /// <param name="Rewrapped">How many keys were wrapped anew.</param>
    /// <param name="Present">The new secret's id.</param>
    /// <param name="Previous">The file that the one before is kept in.</param>
    public sealed record Made(int Rewrapped, string Present, string Previous) : ReplacementOutcome(Rewrapped, Present);

    /// <summary>The secret is given by the configuration; whatever was wrapped under another is under it now.</summary>
    /// <param name="Rewrapped">How many keys were wrapped anew.</param>
    /// <param name="Present">The secret's id.</param>
    /// <param name="HasPrevious">Whether the configuration gives one before it.</param>
    public sealed record Given(int Rewrapped, string Present, bool HasPrevious) : ReplacementOutcome(Rewrapped, Present);
}

/// <summary>
/// Replaces the root secret. All that hangs on it directly is Data Protection's keys, a few rows; these are wrapped anew, and are the same
/// keys as before, so whatever hangs on them notices nothing. Killed between any two steps, both secrets are where they are looked for.
/// </summary>
internal sealed class RootSecretReplacement(IServiceScopeFactory scopes, InstallationLock installationLock, RootSecrets secrets)
{
    /// <summary>Replaces the secret that is ours to make, or brings everything under the one that is given.</summary>
    /// <param name="tell">Adds to what is saved with it.</param>
    /// <param name="cancellationToken">Stops waiting for the lock.</param>
    public Task<ReplacementOutcome> ReplaceAsync(Action<IServiceProvider, RootSecret> tell, CancellationToken cancellationToken) =>
        installationLock.RunAsync<ReplacementOutcome>(
            async token =>
            {
                if (secrets is not RootSecretFiles files)
                {
                    return new ReplacementOutcome.Given(
                        await RewrapAsync(tell, token), secrets.Current.Id, secrets is GivenRootSecrets { HasPrevious: true });
                }

                // First what is under the one before: its file gives way.
                await RewrapAsync(tell: null, token);
                files.KeepPresent();
                files.PutNew();
                return new ReplacementOutcome.Made(await RewrapAsync(tell, token), secrets.Current.Id, files.Previous);
            },
            cancellationToken);

    /// <summary>Wraps under the present secret what is wrapped under another, all of it or nothing. Whoever calls holds the installation's lock.</summary>
    /// <returns>How many keys that were.</returns>
    /// <exception cref="System.Security.Cryptography.CryptographicException">One is wrapped under a secret that is not known here.</exception>
    public async Task<int> RewrapAsync(Action<IServiceProvider, RootSecret>? tell, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var db = scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>();
        var present = secrets.Current;
        var changed = 0;
        foreach (var row in await db.DataProtectionKeys.Where(row => row.Xml != null).ToListAsync(cancellationToken))
        {
            var xml = XElement.Parse(row.Xml!);
            var stale = xml.Descendants(RootSecretWrap.Element).Where(wrapped => RootSecretWrap.SecretOf(wrapped) != present.Id).ToList();
            stale.ForEach(wrapped => wrapped.ReplaceWith(RootSecretWrap.Wrap(present, RootSecretWrap.Unwrap(secrets, wrapped))));
            if (stale.Count > 0)
            {
                row.Xml = xml.ToString(SaveOptions.DisableFormatting);
                changed++;
            }
        }

        if (changed > 0)
        {
            tell?.Invoke(scope.ServiceProvider, present);
            await db.SaveChangesAsync(cancellationToken);
        }

        return changed;
    }
}
