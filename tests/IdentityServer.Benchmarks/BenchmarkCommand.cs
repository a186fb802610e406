using System.CommandLine;

namespace IdentityServer.Benchmarks;

/// <summary>The command line.</summary>
internal static class BenchmarkCommand
{
    private const int SignIns = 10_000;
    private const int QuickSignIns = 500;

    /// <summary>The command that measures.</summary>
    public static RootCommand Describe()
    {
        var signIns = new Option<int?>("--sign-ins") { Description = $"How many sign-ins to measure, and to have behind the server when its memory is read. {SignIns} when left out." };
        signIns.Validators.Add(result =>
        {
            if (result.GetValueOrDefault<int?>() is < 2 * Plan.SignInBatch)
            {
                result.AddError($"--sign-ins takes at least {2 * Plan.SignInBatch}.");
            }
        });
        var quick = new Option<bool>("--quick") { Description = $"Fewer and shorter batches, and {QuickSignIns} sign-ins: a first idea in a minute, not a figure to quote." };
        var only = new Option<string[]>("--only")
        {
            Description = "Measures these alone.",
            AllowMultipleArgumentsPerToken = true,
        };
        only.AcceptOnlyFromAmong(Plan.Names);
        var root = new RootCommand("Measures the server's CPU time per operation, its throughput, its start and its memory. Prints a table in Markdown.")
        {
            signIns,
            quick,
            only,
        };
        root.SetAction(async (parsed, cancellationToken) =>
        {
            var isQuick = parsed.GetValue(quick);
            var plan = new Plan(parsed.GetValue(signIns) ?? (isQuick ? QuickSignIns : SignIns), isQuick, parsed.GetValue(only) ?? []);
            Console.Out.Write((await new Session(plan, cancellationToken).RunAsync()).ToMarkdown());
        });
        return root;
    }
}
