using System.Reflection;
using ArchUnitNET.Domain;
using ArchUnitNET.Loader;
using Assembly = System.Reflection.Assembly;
using Type = System.Type;

namespace IdentityServer.ArchitectureTests;

/// <summary>The projects of <c>src</c>, as compiled.</summary>
internal static class House
{
    private const string HostNamespace = "IdentityServer";
    private const string ViewNamespace = "AspNetCoreGeneratedDocument";

    public static readonly Assembly Domain = typeof(Domain.OneTimeCodes.OneTimeCode).Assembly;
    public static readonly Assembly Storage = typeof(Storage.IdentityServerDbContext).Assembly;
    public static readonly Assembly Host = typeof(IdentityServerHost).Assembly;
    public static readonly Assembly CommandLine = typeof(Cli.Shell.Tool).Assembly;

    public static readonly Architecture Architecture = new ArchLoader().LoadAssemblies(Domain, Storage, Host, CommandLine).Build();

    /// <summary>The host's own types: compiled pages included, what generators made for the framework left out.</summary>
    public static IEnumerable<IType> HostTypes { get; } = [.. Architecture.Types.Where(type => RoomOf(type) is not null)];

    /// <summary>The room that a type of the host belongs to; null for types that are not the host's.</summary>
    public static string? RoomOf(IType type)
    {
        // What is not loaded, such as the framework, has no assembly here.
        if (type.Assembly is not { } assembly || (assembly.Name != Host.GetName().Name && assembly.FullName != Host.FullName))
        {
            return null;
        }

        var name = type.FullName;

        // A compiled page: SignIn/Code.cshtml is AspNetCoreGeneratedDocument.SignIn_Code.
        if (name.StartsWith(ViewNamespace + ".", StringComparison.Ordinal))
        {
            var view = name[(ViewNamespace.Length + 1)..];
            return view.StartsWith('_') ? FloorPlan.Entrance : view.Split('_')[0];
        }

        if (!name.StartsWith(HostNamespace + ".", StringComparison.Ordinal))
        {
            return name.StartsWith("Program", StringComparison.Ordinal) ? FloorPlan.Entrance : null;
        }

        var segments = name.Split('.');
        return segments.Length > 2 ? segments[1] : FloorPlan.Entrance;
    }

    /// <summary>Classes that a person wrote.</summary>
    public static IEnumerable<Type> WrittenClasses(Assembly assembly) => assembly.GetTypes().Where(type =>
        type.IsClass
        && type.GetCustomAttribute<System.Runtime.CompilerServices.CompilerGeneratedAttribute>() is null
        && !type.FullName!.Contains('<', StringComparison.Ordinal)
        && type.Namespace?.StartsWith(HostNamespace, StringComparison.Ordinal) == true
        && !type.Namespace.Contains(".Migrations", StringComparison.Ordinal)
        && !type.Namespace.Contains(".CompiledModels", StringComparison.Ordinal));
}
