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
internal sealed class KeyRingGuard(IServiceScopeFactory scopes, InstallationLock installationLock, IDataProtectionProvider protection, RootSecret secret)
{
    /// <exception cref="ConfigurationException">The database's keys are wrapped under another root secret.</exception>
    public Task<bool> PrepareAsync(CancellationToken cancellationToken) =>
        installationLock.RunAsync(async token =>
        {
            await using var scope = scopes.CreateAsyncScope();
            var rows = await scope.ServiceProvider.GetRequiredService<IdentityServerDbContext>().DataProtectionKeys.AsNoTracking()
                .Select(key => key.Xml).ToListAsync(token);
            var wrappedUnder = rows.OfType<string>().SelectMany(SecretIds).Distinct(StringComparer.Ordinal).ToList();
            if (wrappedUnder.Count > 0 && !wrappedUnder.Contains(secret.Id, StringComparer.Ordinal))
            {
                throw new ConfigurationException(
                    nameof(RootSecret),
                    "is not the one that this database's keys are wrapped under.",
                    "Give the root secret that belongs to this database (RootSecret:File or RootSecret:Value), from its backup if need be.");
            }

            // The first use loads the ring, or makes its first key.
            protection.CreateProtector("IdentityServer.KeyRingGuard").Protect("ready");
            return true;
        }, cancellationToken);

    private static IEnumerable<string> SecretIds(string xml) =>
        XElement.Parse(xml).Descendants(RootSecretWrap.Element).Select(wrapped => (string?)wrapped.Attribute(RootSecretWrap.SecretId)).OfType<string>();
}
