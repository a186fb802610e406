using IdentityServer.Settings;

namespace IdentityServer.Secrets;

/// <summary>The section <c>RootSecret</c>: where the one secret is that lies outside the database.</summary>
internal sealed class RootSecretOptions : ISettings
{
    public static string Section => "RootSecret";

    /// <summary>A file that holds it in base64, readable by the server's user alone.</summary>
    public string? File { get; set; }

    /// <summary>The secret itself in base64: at least 32 random bytes. For platforms that hand secrets over in environment variables.</summary>
    public string? Value { get; set; }

    public bool IsGiven => !string.IsNullOrWhiteSpace(File) || !string.IsNullOrWhiteSpace(Value);

    public void Check(SettingsCheck check)
    {
        if (string.IsNullOrWhiteSpace(Value))
        {
            return;
        }

        check.Require(string.IsNullOrWhiteSpace(File), nameof(File), "is set beside RootSecret:Value.", "Keep one of the two.");
        check.Require(
            RootSecret.TryParse(Value, out _),
            nameof(Value),
            $"is not base64 of at least {RootSecret.LeastBytes} bytes.",
            "Make one with: head -c 32 /dev/urandom | base64");
    }
}
