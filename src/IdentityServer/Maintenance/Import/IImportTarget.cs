using System.Text.Json;

namespace IdentityServer.Maintenance.Import;

/// <summary>What lines are imported into.</summary>
internal interface IImportTarget
{
    /// <summary>Takes lines in, in one transaction.</summary>
    /// <param name="lines">JSON objects.</param>
    /// <param name="cancellationToken">Stops before the transaction is committed.</param>
    /// <returns>What became of each, in the same order.</returns>
    Task<IReadOnlyList<LineOutcome>> ApplyAsync(IReadOnlyList<JsonElement> lines, CancellationToken cancellationToken);
}

/// <summary>What became of a line.</summary>
internal abstract record LineOutcome
{
    private LineOutcome()
    {
    }

    /// <summary>It is in.</summary>
    /// <param name="Result">What must be told about it now or never, as a line of JSON for standard output; null when nothing.</param>
    /// <param name="Notices">What the operator should know though nothing is wrong.</param>
    public sealed record Added(string? Result = null, IReadOnlyList<string>? Notices = null) : LineOutcome
    {
        /// <summary>Hidden: the result holds a secret.</summary>
        public override string ToString() => nameof(Added);
    }

    /// <summary>It was there already, as the line says it.</summary>
    public sealed record Unchanged : LineOutcome;

    /// <summary>It was there already, and is now as the line says it.</summary>
    public sealed record Changed : LineOutcome;

    /// <summary>It was there already and differs from the line; it stays as it is.</summary>
    /// <param name="What">What differs; values are not shown.</param>
    public sealed record Differs(string What) : LineOutcome;

    /// <summary>The line cannot be taken.</summary>
    /// <param name="Reason">Field, rule and mend; never a secret.</param>
    public sealed record Refused(string Reason) : LineOutcome;
}
