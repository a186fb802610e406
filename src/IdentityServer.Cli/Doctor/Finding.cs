using System.Text.Json.Nodes;
using IdentityServer.Cli.Shell;

namespace IdentityServer.Cli.Doctor;

/// <summary>How a check went.</summary>
internal enum FindingState
{
    /// <summary>As it should be.</summary>
    Fine,

    /// <summary>Works, and is worth a look.</summary>
    Note,

    /// <summary>Not looked at, and why.</summary>
    Skipped,

    /// <summary>Keeps people or programs from getting in.</summary>
    Problem,
}

/// <summary>What a check found.</summary>
/// <param name="Check">The check's name: stable, because scripts look for it.</param>
/// <param name="State">How it went.</param>
/// <param name="Text">What was seen.</param>
/// <param name="Mend">What to do; null when there is nothing to do.</param>
internal sealed record Finding(string Check, FindingState State, string Text, string? Mend = null)
{
    public static Finding Fine(string check, string text) => new(check, FindingState.Fine, text);

    public static Finding Note(string check, string text, string? mend = null) => new(check, FindingState.Note, text, mend);

    public static Finding Skipped(string check, string text, string? mend = null) => new(check, FindingState.Skipped, text, mend);

    public static Finding Problem(string check, string text, string mend) => new(check, FindingState.Problem, text, mend);
}

/// <summary>Gathers findings, and shows each to people as soon as it is there.</summary>
internal sealed class Report(Output output)
{
    private const int Widest = 22;

    private readonly List<Finding> _findings = [];

    /// <summary>Whether nothing keeps anybody out.</summary>
    public bool IsHealthy => _findings.TrueForAll(finding => finding.State != FindingState.Problem);

    /// <summary>Adds a finding.</summary>
    /// <returns>False for a problem.</returns>
    public async Task<bool> AddAsync(Finding finding)
    {
        _findings.Add(finding);
        if (!output.Json)
        {
            var (mark, tone) = finding.State switch
            {
                FindingState.Fine => ("ok", Tone.Good),
                FindingState.Note => ("note", Tone.Plain),
                FindingState.Skipped => ("skipped", Tone.Quiet),
                FindingState.Problem => ("PROBLEM", Tone.Bad),
                _ => throw new System.Diagnostics.UnreachableException($"Unmapped state {finding.State}."),
            };
            await output.LineAsync($"{output.Paint(mark.PadRight(8), tone)} {finding.Check.PadRight(Widest)} {Printable.Of(finding.Text)}");
            if (finding.Mend is { } mend)
            {
                await output.LineAsync($"{new string(' ', 9 + Widest)} -> {Printable.Of(mend)}");
            }
        }

        return finding.State != FindingState.Problem;
    }

    /// <summary>The whole, for scripts.</summary>
    public JsonObject ToJson(string server, string clientId) => new()
    {
        ["server"] = server,
        ["client_id"] = clientId,
        ["healthy"] = IsHealthy,
        ["checks"] = new JsonArray([.. _findings.Select(finding => (JsonNode)new JsonObject
        {
            ["check"] = finding.Check,
            ["state"] = finding.State switch
            {
                FindingState.Fine => "ok",
                FindingState.Note => "note",
                FindingState.Skipped => "skipped",
                _ => "problem",
            },
            ["text"] = finding.Text,
            ["mend"] = finding.Mend,
        })]),
    };
}
