using IdentityServer.Domain.Clients;
using IdentityServer.Settings;
using IdentityServer.Storage.Entities;

namespace IdentityServer.Ownership;

/// <summary>Who may register clients by themselves.</summary>
internal enum PortalAccess
{
    /// <summary>Every person with an account.</summary>
    Everyone,

    /// <summary>Administrators only; others keep what they own.</summary>
    Administrators,
}

/// <summary>The section <c>Portal</c>: what people who connect applications may do by themselves.</summary>
internal sealed class PortalOptions : ISettings
{
    /// <summary>The most that <see cref="ClientsPerPerson"/> can be.</summary>
    private const int MostClients = 10_000;

    private static readonly IReadOnlyList<string> _standard = StandardScopes.All;

    public static string Section => "Portal";

    /// <summary>Who may register clients.</summary>
    public PortalAccess Access { get; set; } = PortalAccess.Everyone;

    /// <summary>How many clients a person may own before they may register no more, and take no more invitations.</summary>
    public int ClientsPerPerson { get; set; } = 20;

    /// <summary>Scopes of registered resources that clients may ask for beside the standard ones.</summary>
    public List<string> Scopes { get; set; } = [];

    /// <summary>What clients that people register may ask for.</summary>
    public RegistrationPolicy Policy => new([.. _standard, .. ManagementScopes.All, .. Scopes], PkcePolicy.Optional);

    public void Check(SettingsCheck check)
    {
        ArgumentNullException.ThrowIfNull(check);
        check.Require(
            ClientsPerPerson is >= 0 and <= MostClients,
            nameof(ClientsPerPerson), "is not a number from 0 to 10000", "Set how many clients a person may own, such as 20.");
        for (var index = 0; index < Scopes.Count; index++)
        {
            check.Require(
                Scopes[index] is { Length: > 0 and <= 100 } scope && scope.All(c => c is > ' ' and <= '~' and not '"' and not '\\'),
                $"{nameof(Scopes)}:{index}", "is no scope name", "Write the name of one scope of a registered resource, such as notes.read.");
        }
    }

    /// <summary>Whether a person may register a client at all; the number is judged elsewhere.</summary>
    public bool Admits(User user) => user.TestOfClientId is null && (Access == PortalAccess.Everyone || user.Administrator);
}
