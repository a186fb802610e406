namespace IdentityServer.Settings;

/// <summary>The section <c>SignUp</c>: whether people make accounts for themselves.</summary>
internal sealed class SignUpOptions : ISettings
{
    public static string Section => "SignUp";

    /// <summary>False leaves accounts to the operator: the pages do not exist then, and discovery does not offer <c>prompt=create</c>.</summary>
    public bool Enabled { get; set; } = true;

    public void Check(SettingsCheck check)
    {
        // Either value does.
    }
}
