namespace IdentityServer.ArchitectureTests;

/// <summary>
/// The one place that says who may know whom. A room uses strictly lower floors only; rooms on one floor meet through a URL, a row or
/// an outbox message. A folder of the host that is missing here fails the test.
/// </summary>
internal static class FloorPlan
{
    /// <summary>Stands for types outside every room: the program and the class that puts the rooms together.</summary>
    public const string Entrance = "(program)";

    private static readonly string[][] Floors =
    [
        ["Settings", "Pages", "Languages"],
        ["Outbox", "Audit", "Secrets", "Egress", "Diagnostics"],
        ["Mail"],
        ["Users", "Sessions", "Clients"],
        ["Grants", "Alerts", "Ownership", "TestUsers", "Trials"],
        ["SignIn", "Protocol"],
        ["Home", "Account", "Portal", "Api", "Admin"],
        ["Hosting"],
        [Entrance],
        ["Maintenance"], // verbs build the whole host
    ];

    /// <summary>The only rooms that name OpenIddict, beside the storage's registration.</summary>
    public static IReadOnlyCollection<string> OpenIddictRooms { get; } = ["Protocol", "Clients", "Grants"];

    /// <summary>The floor of a room, from the ground up; null for a room that is not in the plan.</summary>
    public static int? FloorOf(string room)
    {
        var floor = Array.FindIndex(Floors, rooms => rooms.Contains(room, StringComparer.Ordinal));
        return floor < 0 ? null : floor;
    }
}
