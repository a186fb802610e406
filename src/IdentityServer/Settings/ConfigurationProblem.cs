using System.Globalization;
using System.Text;

namespace IdentityServer.Settings;

/// <summary>Something in the configuration that must be mended before the server starts.</summary>
/// <param name="Key">The key, as in <c>Mail:Relays:0:Port</c>.</param>
/// <param name="Problem">What is wrong, as the rest of a sentence that begins with the key. Never the value: it may be a secret.</param>
/// <param name="Mend">What to do about it, as a sentence.</param>
internal sealed record ConfigurationProblem(string Key, string Problem, string Mend);

/// <summary>The configuration is refused. The message lists every problem at once, for a person to read.</summary>
internal sealed class ConfigurationException(IReadOnlyList<ConfigurationProblem> problems) : Exception(Describe(problems))
{
    /// <summary>What the process answers with when its configuration is refused.</summary>
    public const int ExitCode = 2;

    public ConfigurationException(string key, string problem, string mend)
        : this([new ConfigurationProblem(key, problem, mend)])
    {
    }

    public IReadOnlyList<ConfigurationProblem> Problems { get; } = problems;

    private static string Describe(IReadOnlyList<ConfigurationProblem> problems)
    {
        var text = new StringBuilder("The server did not start: ")
            .AppendLine(problems.Count == 1 ? "one setting must be mended." : $"{problems.Count} settings must be mended.");
        foreach (var problem in problems)
        {
            text.AppendLine()
                .AppendLine(CultureInfo.InvariantCulture, $"  {problem.Key}")
                .AppendLine(CultureInfo.InvariantCulture, $"    {problem.Problem}")
                .AppendLine(CultureInfo.InvariantCulture, $"    {problem.Mend}");
        }

        return text.ToString().TrimEnd();
    }
}
