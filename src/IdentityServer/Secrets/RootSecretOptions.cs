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

    /// <summary>The one before, to be read while it is being replaced.</summary>
    public PreviousSecretOptions? Previous { get; set; }

    public bool IsGiven => !string.IsNullOrWhiteSpace(File) || !string.IsNullOrWhiteSpace(Value);

    public void Check(SettingsCheck check)
    {
        Check(check, File, Value, "");
        Check(check, Previous?.File, Previous?.Value, $"{nameof(Previous)}:");
    }

    private static void Check(SettingsCheck check, string? file, string? value, string prefix)
    {
        if (string.IsNullOrWhiteSpace(value))
        {
            return;
        }

        check.Require(string.IsNullOrWhiteSpace(file), $"{prefix}{nameof(File)}", $"is set beside {Section}:{prefix}{nameof(Value)}.", "Keep one of the two.");
        check.Require(
            RootSecret.TryParse(value, out _),
            $"{prefix}{nameof(Value)}",
            $"is not base64 of at least {RootSecret.LeastBytes} bytes.",
            "Make one with: head -c 32 /dev/urandom | base64");
    }
}

/// <summary>A root secret that was the present one until lately.</summary>
internal sealed class PreviousSecretOptions
{
    /// <summary>A file that holds it, as <see cref="RootSecretOptions.File"/>.</summary>
    public string? File { get; set; }

    /// <summary>The secret itself, as <see cref="RootSecretOptions.Value"/>.</summary>
    public string? Value { get; set; }
}
