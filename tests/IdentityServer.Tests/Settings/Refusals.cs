using IdentityServer.Settings;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Tests.Settings;

/// <summary>Puts the whole server together with a configuration and says why it was refused.</summary>
internal static class Refusals
{
    /// <summary>A configuration that Production accepts.</summary>
    public static Dictionary<string, string?> ForProduction() => new(StringComparer.OrdinalIgnoreCase)
    {
        ["Issuer"] = "https://id.example.com",
        ["Proxy:KnownAddresses:0"] = "192.0.2.1",
        ["Mail:From"] = "sign-in@example.com",
        ["Mail:Relays:0:Host"] = "relay.example.com",
    };

    /// <summary>The refusal; null when the server was built.</summary>
    public static async Task<ConfigurationException?> OfAsync(string environment, IEnumerable<KeyValuePair<string, string?>> settings, params string[] args)
    {
        var directory = Directory.CreateTempSubdirectory("identityserver-settings-").FullName;
        try
        {
            await using var app = IdentityServerHost.Build([$"--environment={environment}", .. args], builder =>
            {
                builder.Logging.ClearProviders();
                builder.Configuration.AddInMemoryCollection([new("Storage:DataDirectory", directory), .. settings]);
            });
            return null;
        }
        catch (ConfigurationException refused)
        {
            return refused;
        }
        finally
        {
            Directory.Delete(directory, recursive: true);
        }
    }

    /// <summary>The keys that are refused after these changes to what is accepted; null takes a key away.</summary>
    public static async Task<IReadOnlyList<string>> KeysAsync(string environment, params (string Key, string? Value)[] changes)
    {
        var settings = ForProduction();
        foreach (var (key, value) in changes)
        {
            if (value is null)
            {
                settings.Remove(key);
            }
            else
            {
                settings[key] = value;
            }
        }

        return (await OfAsync(environment, settings))?.Problems.Select(problem => problem.Key).ToList() ?? [];
    }
}
