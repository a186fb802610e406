namespace IdentityServer.Settings;

/// <summary>
/// Refuses keys that try to configure the mailed one-time code. Such a key would do nothing, since nothing reads it; but whoever
/// set it believes that it does, so the start stops and says that the code is mandatory.
/// </summary>
internal static class MandatoryCode
{
    private const string Mend = "Remove it: the mailed one-time code is mandatory at every sign-in and cannot be configured.";

    /// <summary>Reports every such key, whatever source it comes from: files, environment variables, the command line.</summary>
    public static void Check(IConfiguration configuration, SettingsReport report)
    {
        var reported = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        foreach (var (key, _) in configuration.AsEnumerable())
        {
            // The shortest path that tries is reported, not each key below it.
            var segments = key.Split(ConfigurationPath.KeyDelimiter);
            var tries = Enumerable.Range(0, segments.Length).FirstOrDefault(index => TriesAt(segments, index), -1);
            if (tries >= 0 && reported.Add(string.Join(ConfigurationPath.KeyDelimiter, segments[..(tries + 1)])))
            {
                report.Add(new ConfigurationProblem(
                    string.Join(ConfigurationPath.KeyDelimiter, segments[..(tries + 1)]), "tries to configure the one-time code.", Mend));
            }
        }
    }

    // Whole segments only: environment variables of the machine (OTP_VERSION, AWS_MFA_SERIAL) are not ours to judge. Nor is a bare "code",
    // until the segment below it says what of the code is meant.
    private static bool TriesAt(string[] segments, int index)
    {
        var name = NameOf(segments[index]);
        var above = index > 0 ? NameOf(segments[index - 1]) : "";
        return !IsBare(name)
            && (StepNames.Contains(name)
                || name is "passwordonly" or "allowpasswordonly"
                || (IsBare(above) && name.Length > 0 && StepNames.Contains(above + name)));
    }

    private static string NameOf(string segment)
    {
        var name = string.Concat(segment.Where(char.IsAsciiLetterOrDigit)).ToLowerInvariant();
        return name.StartsWith("identityserver", StringComparison.Ordinal) ? name["identityserver".Length..] : name;
    }

    private static bool IsBare(string name) => name is "code" or "codes";
}
