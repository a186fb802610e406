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
        var given = Given(options.File, options.Value, "", builder.SettingsReport());
        var previous = Given(options.Previous?.File, options.Previous?.Value, $"{nameof(options.Previous)}:", builder.SettingsReport());
        if (!options.IsGiven && !development && storage.Provider == StorageProvider.PostgreSql)
        {
            builder.SettingsReport().Add(new ConfigurationProblem(
                nameof(RootSecret),
                "is not given, and every node needs the same one.",
                "Give RootSecret:File or RootSecret:Value. Make one with: head -c 32 /dev/urandom | base64"));
        }

        builder.Services.AddSingleton<RootSecrets>(_ => given is not null ? new GivenRootSecrets(given, previous) : new RootSecretFiles(directory, previous));
        builder.Services.AddSingleton<RootSecretReplacement>();
        builder.Services.AddSingleton<KeyRingGuard>();
        builder.Services.AddSingleton<InstallationSecrets>();
        builder.Services.AddDataProtection()
            .SetApplicationName(ApplicationName)
            .UseCryptographicAlgorithms(new AuthenticatedEncryptorConfiguration { EncryptionAlgorithm = EncryptionAlgorithm.AES_256_GCM })
            .PersistKeysToDbContext<IdentityServerDbContext>();
        builder.Services.AddOptions<KeyManagementOptions>()
            .Configure<RootSecrets>((keys, secrets) => keys.XmlEncryptor = new RootSecretXmlEncryptor(secrets));
        return builder;
    }

    // A file that is named must be there: making one in its place would hide that the right one is missing.
    private static RootSecret? Given(string? file, string? value, string prefix, SettingsReport report)
    {
        if (string.IsNullOrWhiteSpace(file))
        {
            return RootSecret.TryParse(value, out var secret) ? secret : null;
        }

        try
        {
            return RootSecretFile.Read(Path.GetFullPath(file), $"{RootSecretOptions.Section}:{prefix}{nameof(RootSecretOptions.File)}");
        }
        catch (ConfigurationException refused)
        {
            refused.Problems.ToList().ForEach(report.Add);
            return null;
        }
    }
}
