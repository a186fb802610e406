using System.Collections;
using System.ComponentModel;
using System.Globalization;
using System.Reflection;
using Microsoft.Extensions.Configuration.EnvironmentVariables;

namespace IdentityServer.Settings;

/// <summary>
/// Holds a section of the configuration against the class it is bound to. The framework's binder skips keys it does not know: a
/// mistyped key would silently leave its default in force.
/// </summary>
internal static class SettingsReader
{
    /// <summary>Reads a section. With problems that keep it from being bound, the answer holds defaults and the report says why.</summary>
    public static T Read<T>(IConfiguration configuration, SettingsReport report, bool development)
        where T : class, ISettings, new()
    {
        var section = configuration.GetSection(T.Section);
        var shape = new SettingsReport();
        CompareSection(configuration, section, shape);
        CompareChildren(section, typeof(T), report, shape);
        if (shape.Count > 0)
        {
            report.AddAll(shape);
            return new T();
        }

        var settings = section.Get<T>() ?? new T();
        settings.Check(new SettingsCheck(report, T.Section, development));
        return settings;
    }

    // Shells and containers set variables such as MAIL and PROXY for purposes of their own: from there a bare name means nothing to us.
    private static void CompareSection(IConfiguration configuration, IConfigurationSection section, SettingsReport shape)
    {
        if (configuration is IConfigurationRoot root && root.Providers.Any(provider =>
            provider is not EnvironmentVariablesConfigurationProvider && provider.TryGet(section.Path, out var value) && !string.IsNullOrEmpty(value)))
        {
            shape.Add(SectionNotValue(section));
        }
    }

    private static ConfigurationProblem SectionNotValue(IConfigurationSection section) =>
        new(section.Path, "is a section, not a value.", $"Set the keys below {section.Path} instead.");

    private static void CompareChildren(IConfigurationSection section, Type type, SettingsReport unknown, SettingsReport shape)
    {
        var properties = type.GetProperties(BindingFlags.Public | BindingFlags.Instance).Where(property => property.CanWrite).ToArray();
        foreach (var child in section.GetChildren())
        {
            var property = Array.Find(properties, known => known.Name.Equals(child.Key, StringComparison.OrdinalIgnoreCase));
            if (property is null)
            {
                unknown.Add(new ConfigurationProblem(
                    child.Path,
                    "is not a setting of this server.",
                    $"Remove it, or use one of: {string.Join(", ", properties.Select(known => $"{section.Path}:{known.Name}"))}."));
                continue;
            }

            Compare(child, property.PropertyType, unknown, shape);
        }
    }

    private static void Compare(IConfigurationSection value, Type type, SettingsReport unknown, SettingsReport shape)
    {
        if (type == typeof(IConfigurationSection))
        {
            return; // Checked by the room that reads it.
        }

        if (ElementOf(type) is { } element)
        {
            CompareItems(value, element, unknown, shape);
        }
        else if (IsScalar(type))
        {
            CompareScalar(value, Nullable.GetUnderlyingType(type) ?? type, shape);
        }
        else if (!string.IsNullOrEmpty(value.Value))
        {
            shape.Add(SectionNotValue(value));
        }
        else
        {
            CompareChildren(value, type, unknown, shape);
        }
    }

    private static void CompareItems(IConfigurationSection list, Type element, SettingsReport unknown, SettingsReport shape)
    {
        if (!string.IsNullOrEmpty(list.Value))
        {
            shape.Add(new ConfigurationProblem(list.Path, "is a list, not a value.", $"Number its items: {list.Path}:0, {list.Path}:1 and so on."));
        }

        // Without a gap, or what is said later of the second item would name another key than the one that was set.
        var items = list.GetChildren().ToList();
        var numbers = Enumerable.Range(0, items.Count).Select(number => number.ToString(CultureInfo.InvariantCulture)).ToHashSet(StringComparer.Ordinal);
        foreach (var item in items)
        {
            if (!numbers.Contains(item.Key))
            {
                shape.Add(new ConfigurationProblem(item.Path, "is not an item of the list.", $"Number the items without a gap: {list.Path}:0, {list.Path}:1 and so on."));
                continue;
            }

            Compare(item, element, unknown, shape);
        }
    }

    private static void CompareScalar(IConfigurationSection value, Type type, SettingsReport shape)
    {
        if (value.GetChildren().Any())
        {
            shape.Add(new ConfigurationProblem(value.Path, "is one value, not a section.", $"Set {value.Path} itself and nothing below it."));
            return;
        }

        if (value.Value is not { } text || type == typeof(string))
        {
            return;
        }

        // The binder would also take numbers and lists for an enumeration.
        if (type.IsEnum)
        {
            if (!Enum.GetNames(type).Contains(text, StringComparer.OrdinalIgnoreCase))
            {
                shape.Add(new ConfigurationProblem(value.Path, "has a value that is not known.", $"Use one of: {string.Join(", ", Enum.GetNames(type))}."));
            }

            return;
        }

        try
        {
            TypeDescriptor.GetConverter(type).ConvertFromInvariantString(text);
        }
        catch (Exception thrown) when (thrown is FormatException or ArgumentException or NotSupportedException or InvalidCastException)
        {
            shape.Add(new ConfigurationProblem(value.Path, $"is not {ShapeOf(type)}.", $"Give {ShapeOf(type)}."));
        }
    }

    private static string ShapeOf(Type type) => type switch
    {
        _ when type == typeof(int) => "a whole number",
        _ when type == typeof(bool) => "true or false",
        _ when type == typeof(TimeSpan) => "a duration such as 00:00:30",
        _ => $"a value of the kind {type.Name}",
    };

    private static bool IsScalar(Type type) =>
        type == typeof(string) || type.IsValueType || type == typeof(Uri);

    private static Type? ElementOf(Type type) => type switch
    {
        { IsArray: true } => type.GetElementType(),
        { IsGenericType: true } when typeof(IEnumerable).IsAssignableFrom(type) => type.GetGenericArguments()[0],
        _ => null,
    };
}
