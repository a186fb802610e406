using ArchUnitNET.Domain;
using ArchUnitNET.Domain.Dependencies;

namespace IdentityServer.ArchitectureTests;

public sealed class StyleTests
{
    private static readonly string[] Clocks =
        ["System.DateTime::get_UtcNow", "System.DateTime::get_Now", "System.DateTime::get_Today", "System.DateTimeOffset::get_UtcNow", "System.DateTimeOffset::get_Now"];

    [Fact]
    public void Classes_are_sealed_unless_something_derives_from_them()
    {
        var assemblies = new[] { House.Domain, House.Storage, House.Host, House.CommandLine };
        var bases = assemblies.SelectMany(assembly => assembly.GetTypes()).Select(type => type.BaseType).OfType<Type>().Select(Open).ToHashSet();

        assemblies.SelectMany(House.WrittenClasses).Where(type => !type.IsSealed && !type.IsAbstract && !bases.Contains(Open(type)))
            .Select(type => type.FullName).ShouldBeEmpty();
    }

    [Fact]
    public void Nobody_reads_the_clock_past_the_time_provider()
    {
        var wrong =
            from type in House.Architecture.Types
            from call in type.Dependencies.OfType<MethodCallDependency>()
            where Array.Exists(Clocks, clock => call.TargetMember.FullName.Contains(clock, StringComparison.Ordinal))
            select $"{type.FullName} calls {call.TargetMember.FullName}";

        wrong.Distinct().ShouldBeEmpty();
    }

    private static Type Open(Type type) => type.IsGenericType ? type.GetGenericTypeDefinition() : type;
}
