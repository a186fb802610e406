using IdentityServer.Settings;
using IdentityServer.Storage;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption;
using Microsoft.AspNetCore.DataProtection.AuthenticatedEncryption.ConfigurationModel;
using Microsoft.AspNetCore.DataProtection.KeyManagement;

namespace IdentityServer.Secrets;

/// <summary>What the installation keeps secret, and the one root it all hangs from.</summary>
internal static class SecretsRoom
{
    // Part of every protected payload's purpose: another name makes all of them unreadable.
    private const string ApplicationName = "IdentityServer";

    public static WebApplicationBuilder AddSecrets(this WebApplicationBuilder builder, StorageOptions storage, DataDirectory directory)
    {
        var options = builder.AddSettings<RootSecretOptions>();
        var development = builder.Environment.IsDevelopment();
        var given = CheckFile(options, builder.SettingsReport());
        if (!options.IsGiven && !development && storage.Provider == StorageProvider.PostgreSql)
        {
            builder.SettingsReport().Add(new ConfigurationProblem(
                nameof(RootSecret),
                "is not given, and every node needs the same one.",
                "Give RootSecret:File or RootSecret:Value. Make one with: head -c 32 /dev/urandom | base64"));
        }

        builder.Services.AddSingleton(_ => given ?? Find(options, directory));
        builder.Services.AddSingleton<KeyRingGuard>();
        builder.Services.AddSingleton<InstallationSecrets>();
        builder.Services.AddDataProtection()
            .SetApplicationName(ApplicationName)
            .UseCryptographicAlgorithms(new AuthenticatedEncryptorConfiguration { EncryptionAlgorithm = EncryptionAlgorithm.AES_256_GCM })
            .PersistKeysToDbContext<IdentityServerDbContext>();
        builder.Services.AddOptions<KeyManagementOptions>()
            .Configure<RootSecret>((keys, secret) => keys.XmlEncryptor = new RootSecretXmlEncryptor(secret));
        return builder;
    }

    // A file that is named must be there: making one in its place would hide that the right one is missing.
    private static RootSecret? CheckFile(RootSecretOptions options, SettingsReport report)
    {
        if (string.IsNullOrWhiteSpace(options.File))
        {
            return null;
        }

        try
        {
            return RootSecretFile.Read(Path.GetFullPath(options.File));
        }
        catch (ConfigurationException refused)
        {
            refused.Problems.ToList().ForEach(report.Add);
            return null;
        }
    }

    private static RootSecret Find(RootSecretOptions options, DataDirectory directory)
    {
        if (RootSecret.TryParse(options.Value, out var secret))
        {
            return secret;
        }

        directory.Ensure();
        return RootSecretFile.ReadOrMake(directory.File(RootSecretFile.DefaultName));
    }
}
