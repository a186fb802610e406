using System.Collections.Frozen;
using System.Collections.Immutable;
using System.Text.Json;
using IdentityServer.Domain.Clients;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Clients;

/// <summary>
/// A client's row as committed, with all that its JSON columns say parsed. Shared between requests: nobody may change the entity,
/// and no context tracks it.
/// </summary>
internal sealed class CachedClient
{
    /// <exception cref="FormatException">The row was not written by <see cref="ClientRegistry"/>, or is damaged.</exception>
    public CachedClient(Client entity, IReadOnlyList<StoredSecret> secrets, bool hasStoredLogo)
    {
        Entity = entity;
        Secrets = secrets;
        Properties = ReadProperties(entity.Properties);
        Settings = ClientSettings.From(entity.Id!, ReadMetadata(entity, Properties)) with { HasStoredLogo = hasStoredLogo };
        Permissions = ReadList(entity.Permissions);
        Requirements = ReadList(entity.Requirements);
        RedirectUris = ReadList(entity.RedirectUris);
        PostLogoutRedirectUris = ReadList(entity.PostLogoutRedirectUris);
        PermissionSet = Permissions.ToFrozenSet(StringComparer.Ordinal);
        RequirementSet = Requirements.ToFrozenSet(StringComparer.Ordinal);
    }

    public Client Entity { get; }

    /// <summary>The secrets that were not retired when the row was read, the youngest first.</summary>
    public IReadOnlyList<StoredSecret> Secrets { get; }

    public ClientSettings Settings { get; }

    public ImmutableArray<string> Permissions { get; }

    public FrozenSet<string> PermissionSet { get; }

    public ImmutableArray<string> Requirements { get; }

    public FrozenSet<string> RequirementSet { get; }

    public ImmutableArray<string> RedirectUris { get; }

    public ImmutableArray<string> PostLogoutRedirectUris { get; }

    public ImmutableDictionary<string, JsonElement> Properties { get; }

    /// <summary>The secrets that are taken at a moment.</summary>
    public IEnumerable<StoredSecret> SecretsAt(DateTimeOffset now) => Secrets.Where(secret => secret.IsTaken(now));

    /// <summary>What a row says about its client. Reads tracked rows as well as cached ones.</summary>
    /// <exception cref="FormatException">The row was not written by <see cref="ClientRegistry"/>, or is damaged.</exception>
    public static ClientMetadata MetadataOf(Client entity) => ReadMetadata(entity, ReadProperties(entity.Properties));

    private static ClientMetadata ReadMetadata(Client entity, ImmutableDictionary<string, JsonElement> properties)
    {
        return properties.TryGetValue(ClientDescriptor.MetadataProperty, out var json)
            ? ClientMetadata.Restore(json) with { ClientId = entity.ClientId }
            : throw new FormatException($"The row of the client {entity.ClientId} lacks its metadata.");
    }

    private static ImmutableDictionary<string, JsonElement> ReadProperties(string? json)
    {
        if (string.IsNullOrEmpty(json))
        {
            return ImmutableDictionary<string, JsonElement>.Empty;
        }

        using var document = JsonDocument.Parse(json);
        return document.RootElement.EnumerateObject().ToImmutableDictionary(member => member.Name, member => member.Value.Clone());
    }

    private static ImmutableArray<string> ReadList(string? json)
    {
        if (string.IsNullOrEmpty(json))
        {
            return [];
        }

        using var document = JsonDocument.Parse(json);
        return [.. document.RootElement.EnumerateArray().Select(item => item.GetString()!)];
    }
}

/// <summary>A secret as it is kept.</summary>
/// <param name="Id">Its row.</param>
/// <param name="Hash">See <see cref="ClientSecretHash"/>.</param>
/// <param name="ExpiresAt">Not taken from here on; null when never.</param>
internal sealed record StoredSecret(Guid Id, string Hash, DateTimeOffset? ExpiresAt)
{
    /// <summary>Whether it is taken at a moment.</summary>
    public bool IsTaken(DateTimeOffset now) => ExpiresAt is null || ExpiresAt > now;

    public override string ToString() => $"secret {Id}";
}
