using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;

namespace IdentityServer.Benchmarks.Figures;

/// <summary>How long the server takes from its process's start to its first answer.</summary>
/// <param name="Seconds">On the wall.</param>
/// <param name="CpuSeconds">CPU time until then.</param>
internal sealed record StartFigure(double Seconds, double CpuSeconds);

/// <summary>The server's memory after its work, in MiB.</summary>
/// <param name="SignIns">The work.</param>
/// <param name="Own">What is the process's own.</param>
/// <param name="Resident">With mapped files: program and database.</param>
internal sealed record MemoryFigure(int SignIns, double Own, double Resident);

/// <summary>Everything that a run found out.</summary>
internal sealed class Results(SignatureUnit unit)
{
    private const double MostMemory = 200;

    public List<Figure> Operations { get; } = [];

    public StartFigure? FirstStart { get; set; }

    public StartFigure? NextStart { get; set; }

    public MemoryFigure? Memory { get; set; }

    /// <summary>The tables.</summary>
    public string ToMarkdown()
    {
        var text = new StringBuilder();
        if (Operations.Count > 0)
        {
            text.AppendLine("| operation | server CPU | in S | a second | mark | met |").AppendLine("| --- | --- | --- | --- | --- | --- |");
            Operations.ForEach(figure => text.AppendLine(figure.ToMarkdown(unit)));
            text.AppendLine();
        }

        text.AppendLine("| | figure | mark | met |").AppendLine("| --- | --- | --- | --- |");
        Append(text, "start to first 200, empty data directory", FirstStart);
        Append(text, "start to first 200, afterwards", NextStart);
        if (Memory is { } memory)
        {
            text.AppendLine(
                CultureInfo.InvariantCulture,
                $"| memory after {memory.SignIns:N0} sign-ins | {memory.Resident:0} MiB resident, {memory.Own:0} MiB of it the process's own | {MostMemory} MiB | {(memory.Resident <= MostMemory ? "yes" : "**no**")} |");
        }

        return text.AppendLine().AppendLine(Conditions()).ToString();
    }

    private static void Append(StringBuilder text, string name, StartFigure? figure)
    {
        if (figure is not null)
        {
            text.AppendLine(CultureInfo.InvariantCulture, $"| {name} | {figure.Seconds:0.00} s, {figure.CpuSeconds:0.00} s CPU | - | - |");
        }
    }

    private string Conditions() => string.Create(
        CultureInfo.InvariantCulture,
        $"""
        S is the CPU time of one RSA-2048 signature in .NET on one core in the same run: {unit.Milliseconds:0.000} ms. Medians over batches, two
        concurrent callers, after warm-up; {RuntimeInformation.FrameworkDescription}, {RuntimeInformation.ProcessArchitecture}, {Environment.ProcessorCount} processors. The server is a
        process of its own in Production, started once before, behind a proxy that ends TLS, on a SQLite file with durable commits; ES256 tokens,
        `client_secret_basic`, scopes `openid profile email offline_access`, so with refresh tokens. A sign-in is everything from the
        authorization request in a browser that was never here to the tokens: eight HTTP requests and one mail over SMTP.
        """);
}
