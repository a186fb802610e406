using System.Text.RegularExpressions;
using Mono.Cecil;
using Mono.Cecil.Cil;

namespace IdentityServer.ArchitectureTests;

/// <summary>One instruction of the compiled house, and the method that a person wrote around it.</summary>
/// <param name="Method">Class and method, such as <c>SessionIssuer.Issue</c>; what the compiler made of a method counts as that method.</param>
/// <param name="Instruction">The instruction.</param>
internal sealed record Step(string Method, Instruction Instruction)
{
    /// <summary>The method that is called or made an object with, if this is a call.</summary>
    public MethodReference? Called => Instruction.Operand as MethodReference;

    /// <summary>The text that is loaded, if one is.</summary>
    public string? Text => Instruction.Operand as string;

    /// <summary>The field that is read or written, if one is.</summary>
    public FieldReference? Field => Instruction.Operand as FieldReference;
}

/// <summary>Everything that the three projects of <c>src</c> do, instruction by instruction: constants, closures and async methods included.</summary>
internal static partial class Instructions
{
    public static IReadOnlyList<Step> All { get; } =
        [.. new[] { House.Domain, House.Storage, House.Host }.SelectMany(assembly => Read(assembly.Location))];

    /// <summary>The methods that call another, named by its class and name.</summary>
    public static IEnumerable<string> CallersOf(string type, params string[] methods) => All
        .Where(step => step.Called is { } called && NameOf(called.DeclaringType) == type && methods.Contains(called.Name, StringComparer.Ordinal))
        .Select(step => step.Method).Distinct();

    /// <summary>The methods that make an object of a class.</summary>
    public static IEnumerable<string> MakersOf(string type) => All
        .Where(step => step.Instruction.OpCode == OpCodes.Newobj && NameOf(step.Called!.DeclaringType) == type)
        .Select(step => step.Method).Distinct();

    /// <summary>The methods in which a text stands that fits.</summary>
    public static IEnumerable<string> MethodsWithText(Predicate<string> fits) => All
        .Where(step => step.Text is { } text && fits(text)).Select(step => step.Method).Distinct();

    /// <summary>A type's name without what is special about one use of it.</summary>
    public static string NameOf(TypeReference type) => type.GetElementType().Name;

    private static IEnumerable<Step> Read(string path)
    {
        using var module = ModuleDefinition.ReadModule(path);
        foreach (var method in module.GetTypes().SelectMany(type => type.Methods).Where(method => method.HasBody))
        {
            foreach (var instruction in method.Body.Instructions)
            {
                yield return new(Written(method), instruction);
            }
        }
    }

    private static string Written(MethodDefinition method)
    {
        var (type, name) = (method.DeclaringType, method.Name);
        while (type.DeclaringType is { } outer && type.Name.Contains('<', StringComparison.Ordinal))
        {
            name = Original().Match(type.Name) is { Success: true } match ? match.Groups[1].Value : name;
            type = outer;
        }

        return $"{type.Name}.{(Original().Match(name) is { Success: true } local ? local.Groups[1].Value : name)}";
    }

    // The compiler names what it makes of Issue "<Issue>d__3", "<Issue>b__3_0" and "<<Issue>b__3_0>d".
    [GeneratedRegex("^<+([^<>]+)>")]
    private static partial Regex Original();
}
