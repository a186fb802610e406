using ArchUnitNET.Domain;

namespace IdentityServer.ArchitectureTests;

public sealed class FloorPlanTests
{
    [Fact]
    public void Every_room_is_in_the_plan() =>
        House.HostTypes.Select(type => House.RoomOf(type)!).Distinct().Where(room => FloorPlan.FloorOf(room) is null).ShouldBeEmpty();

    [Fact]
    public void A_room_knows_strictly_lower_floors_only()
    {
        var wrong =
            from type in House.HostTypes
            let room = House.RoomOf(type)!
            from dependency in type.Dependencies
            let other = House.RoomOf(dependency.Target)
            where other is not null && other != room && FloorPlan.FloorOf(other) >= FloorPlan.FloorOf(room)
            select $"{type.FullName} in {room} (floor {FloorPlan.FloorOf(room)}) uses {dependency.Target.FullName} in {other} (floor {FloorPlan.FloorOf(other)})";

        wrong.Distinct().ShouldBeEmpty();
    }

    [Fact]
    public void The_plan_is_held_against_real_dependencies() =>

        // If the loader ever stopped to see into methods, the rule above would pass on nothing.
        House.HostTypes.Single(type => type.FullName == "IdentityServer.IdentityServerHost").Dependencies
            .Select(dependency => House.RoomOf(dependency.Target)).ShouldContain("SignIn");

    [Fact]
    public void Only_the_protocols_rooms_name_OpenIddict()
    {
        var wrong =
            from type in House.HostTypes
            let room = House.RoomOf(type)!
            where !FloorPlan.OpenIddictRooms.Contains(room)
            from dependency in type.Dependencies
            let name = dependency.Target.FullName
            where name.StartsWith("OpenIddict", StringComparison.Ordinal)

                // Our rows inherit their columns from these: whoever reads a client's key names them without meaning to.
                && !name.StartsWith("OpenIddict.EntityFrameworkCore.Models.", StringComparison.Ordinal)
            select $"{type.FullName} uses {dependency.Target.FullName}";

        wrong.Distinct().ShouldBeEmpty();
    }

    [Fact]
    public void The_domain_knows_the_base_class_library_only() =>
        House.Domain.GetReferencedAssemblies().Select(assembly => assembly.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal)).ShouldBeEmpty();

    [Fact]
    public void The_command_line_tool_knows_no_project_of_the_house_and_no_server_framework() =>
        House.CommandLine.GetReferencedAssemblies().Select(assembly => assembly.Name!)
            .Where(name => !name.StartsWith("System.", StringComparison.Ordinal) && name is not ("AngleSharp" or "Microsoft.Win32.Primitives")).ShouldBeEmpty();

    [Fact]
    public void The_storage_knows_the_domain_and_not_the_host() =>
        House.Storage.GetReferencedAssemblies().Select(assembly => assembly.Name).ShouldNotContain(House.Host.GetName().Name);
}
