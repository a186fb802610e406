namespace IdentityServer.Settings;

/// <summary>One room's section of the configuration. Its settable properties are the section's keys; any other key stops the start.</summary>
internal interface ISettings
{
    /// <summary>The section's name, as in <c>Mail</c>.</summary>
    static abstract string Section { get; }

    /// <summary>Reports values that are well formed but do not do. Called once, before the server is built.</summary>
    void Check(SettingsCheck check);
}

/// <summary>What a section is checked against, and where it reports to.</summary>
/// <param name="report">Takes the problems.</param>
/// <param name="section">The section's name; keys are given relative to it.</param>
/// <param name="development">Whether the environment is Development; every other one is held to production's rules.</param>
internal sealed class SettingsCheck(SettingsReport report, string section, bool development)
{
    public bool Development => development;

    /// <summary>Reports a problem with a key of the section.</summary>
    /// <param name="key">Relative to the section, as in <c>Relays:0:Port</c>.</param>
    /// <param name="problem">What is wrong; never the value itself.</param>
    /// <param name="mend">What to do.</param>
    public void Refuse(string key, string problem, string mend) =>
        report.Add(new ConfigurationProblem($"{section}:{key}", problem, mend));

    /// <summary>Reports the problem unless the condition holds.</summary>
    public void Require(bool condition, string key, string problem, string mend)
    {
        if (!condition)
        {
            Refuse(key, problem, mend);
        }
    }
}

/// <summary>Collects what is wrong with the configuration, so that a start that is refused says everything at once.</summary>
internal sealed class SettingsReport
{
    private readonly List<ConfigurationProblem> _problems = [];

    public int Count => _problems.Count;

    public void Add(ConfigurationProblem problem) => _problems.Add(problem);

    public void AddAll(SettingsReport other) => _problems.AddRange(other._problems);

    /// <exception cref="ConfigurationException">Something was reported.</exception>
    public void ThrowIfAny()
    {
        if (_problems.Count > 0)
        {
            throw new ConfigurationException([.. _problems.Distinct()]);
        }
    }
}
