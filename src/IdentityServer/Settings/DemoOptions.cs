namespace IdentityServer.Settings;

/// <summary>The section <c>Demo</c>: what a first start in Development brings along. The rooms that seed it check their part.</summary>
internal sealed class DemoOptions : ISettings
{
    public static string Section => "Demo";

    /// <summary>A list of accounts, see the Users room.</summary>
    public IConfigurationSection? Users { get; set; }

    /// <summary>A list of clients, see the Clients room.</summary>
    public IConfigurationSection? Clients { get; set; }

    /// <summary>A list of resources, see the Clients room.</summary>
    public IConfigurationSection? Resources { get; set; }

    public void Check(SettingsCheck check)
    {
        const string Problem = "is demo data, which exists in Development only.";
        const string Mend = "Remove it; make accounts, clients and resources with the verbs `users`, `clients` and `resources`.";
        check.Require(check.Development || Users?.Exists() is not true, nameof(Users), Problem, Mend);
        check.Require(check.Development || Clients?.Exists() is not true, nameof(Clients), Problem, Mend);
        check.Require(check.Development || Resources?.Exists() is not true, nameof(Resources), Problem, Mend);
    }
}
