namespace IdentityServer.Domain.Clients;

/// <summary>The scopes of the management API: what a token lets its holder do with the clients that are its own.</summary>
public static class ManagementScopes
{
    /// <summary>Read clients, their secrets' labels and dates, failures and activity.</summary>
    public const string Read = "clients.read";

    /// <summary>Register, change and delete clients.</summary>
    public const string Write = "clients.write";

    /// <summary>Make and retire secrets.</summary>
    public const string Secrets = "clients.secrets";

    /// <summary>Make and delete test users, and read their mail.</summary>
    public const string TestUsers = "clients.test-users";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> All { get; } = [Read, Write, Secrets, TestUsers];
}
