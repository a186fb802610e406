using System.Xml.Linq;
using IdentityServer.Settings;
using IdentityServer.Storage;
using IdentityServer.Storage.Operations;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.EntityFrameworkCore;

namespace IdentityServer.Secrets;

/// <summary>
/// Brings Data Protection up before anything uses it. The framework skips keys that it cannot unwrap and makes new ones: under a wrong
/// root secret the server would start, and every stored secret would be gone. And two nodes that start on an empty database would each
/// make a key that the other does not know for a day.
/// </summary>
internal sealed class KeyRingGuard(
    IServiceScopeFactory scopes, InstallationLock installationLock, IDataProtectionProvider protection, RootSecrets secrets, RootSecretReplacement replacement)
{
    /// <exception cref="ConfigurationException">The database's keys, or some of them, are wrapped under a root secret that is not given.</exception>
    public Task<bool> PrepareAsync(CancellationToken cancellationToken) =>
        installationLock.RunAsync(
            async token =>
            {
                RefuseUnknown(await WrappedUnderAsync(token));
                if (secrets is RootSecretFiles)
                {
                    // What a replacement left that was killed. Given secrets wait for the verb: another node may not have both yet.
                    await replacement.RewrapAsync(tell: null, token);
                }

                // The first use loads the ring, or makes its first key.
                protection.CreateProtector("IdentityServer.KeyRingGuard").Protect("ready");
                return true;
            },
            cancellationToken);

    private async Task<List<string>> WrappedUnderAsync(CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var rows = await scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>().DataProtectionKeys.AsNoTracking()
            .Select(key => key.Xml).ToListAsync(cancellationToken);
        return [.. rows.OfType<string>().SelectMany(xml => XElement.Parse(xml).Descendants(RootSecretWrap.Element)).Select(RootSecretWrap.SecretOf).OfType<string>()];
    }

    private void RefuseUnknown(List<string> wrappedUnder)
    {
        // The present one is made, or found not to be readable, in any case.
        var present = secrets.Current.Id;
        var unknown = wrappedUnder.Where(id => id != present && secrets.Find(id) is null).ToList();
        if (unknown.Count == 0)
        {
            return;
        }

        if (unknown.Count == wrappedUnder.Count)
        {
            throw new ConfigurationException(
                nameof(RootSecret),
                "is not the one that this database's keys are wrapped under.",
                "Give the root secret that belongs to this database (RootSecret:File or RootSecret:Value), from its backup if need be.");
        }

        throw new ConfigurationException(
            nameof(RootSecret),
            $"is not enough: {unknown.Count} of this database's {wrappedUnder.Count} keys are wrapped under another.",
            "Give that one beside it (RootSecret:Previous:File or RootSecret:Previous:Value) until the verb secrets rotate has run.");
    }
}
