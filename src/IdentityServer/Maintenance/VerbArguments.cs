namespace IdentityServer.Maintenance;

/// <summary>
/// Splits a command line into configuration, which the server and the verbs take alike (<c>--Storage:DataDirectory=/srv/id</c>,
/// <c>--environment Production</c>), and the verb with its own options.
/// </summary>
/// <param name="Configuration">What the host is built with.</param>
/// <param name="Verb">What remains.</param>
internal sealed record VerbArguments(string[] Configuration, string[] Verb)
{
    // Keys without a section that the host reads from the command line.
    private static readonly string[] PlainKeys = ["Issuer", "environment", "contentRoot", "applicationName", "urls"];

    private static readonly string[] Help = ["-?", "-h", "--help", "--version"];

    /// <summary>True when no verb is named: the server is meant.</summary>
    public bool NamesNoVerb =>
        Verb.Length == 0 || (Verb[0].StartsWith('-') && !Help.Contains(Verb[0], StringComparer.Ordinal))
        || Verb[0].StartsWith('/') || Verb[0].Contains('=', StringComparison.Ordinal);

    public static VerbArguments Split(string[] args)
    {
        var configuration = new List<string>();
        var verb = new List<string>();
        for (var index = 0; index < args.Length; index++)
        {
            if (!IsConfiguration(args[index]))
            {
                verb.Add(args[index]);
                continue;
            }

            configuration.Add(args[index]);
            if (!args[index].Contains('=', StringComparison.Ordinal) && index + 1 < args.Length)
            {
                configuration.Add(args[++index]);
            }
        }

        return new([.. configuration], [.. verb]);
    }

    private static bool IsConfiguration(string argument)
    {
        if (!argument.StartsWith("--", StringComparison.Ordinal))
        {
            return false;
        }

        var key = argument[2..].Split('=')[0];
        return key.Contains(':', StringComparison.Ordinal) || PlainKeys.Contains(key, StringComparer.OrdinalIgnoreCase);
    }
}
