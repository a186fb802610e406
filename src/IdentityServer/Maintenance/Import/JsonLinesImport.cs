using System.Globalization;
using System.Text.Json;

namespace IdentityServer.Maintenance.Import;

/// <summary>
/// Imports JSON Lines: streams the file, hands good lines on in batches, each in a scope and transaction of its own, and reports bad ones.
/// A run that is cut short has lost nothing: the next one finds what is in and goes on.
/// </summary>
internal sealed class JsonLinesImport(IServiceScopeFactory scopes, Func<IServiceProvider, IImportTarget> target, ImportReport report)
{
    /// <summary>Lines in a transaction: few enough to keep nobody waiting, neither other writers nor who watches; many enough to be fast.</summary>
    public const int BatchSize = 100;

    // Claims nest two deep and a client's keys four; nothing legitimate is deeper.
    private static readonly JsonDocumentOptions Strict = new() { MaxDepth = 16, AllowDuplicateProperties = false };

    /// <summary>Reads it all.</summary>
    public async Task RunAsync(Stream stream, CancellationToken cancellationToken)
    {
        var batch = new List<(int Number, JsonDocument? Content, LineOutcome? Outcome)>(BatchSize);
        try
        {
            await foreach (var line in JsonLinesReader.ReadAsync(stream, cancellationToken))
            {
                batch.Add(Parse(line));
                if (batch.Count == BatchSize)
                {
                    await ApplyAsync(batch, cancellationToken);
                }
            }

            await ApplyAsync(batch, cancellationToken);
        }
        catch
        {
            await report.StopAsync();
            throw;
        }
        finally
        {
            batch.ForEach(line => line.Content?.Dispose());
        }
    }

    private async Task ApplyAsync(List<(int Number, JsonDocument? Content, LineOutcome? Outcome)> batch, CancellationToken cancellationToken)
    {
        await using var scope = scopes.CreateAsyncScope();
        var readable = batch.Where(line => line.Content is not null).Select(line => line.Content!.RootElement).ToList();
        var outcomes = new Queue<LineOutcome>(await target(scope.ServiceProvider).ApplyAsync(readable, cancellationToken));
        foreach (var line in batch)
        {
            await report.AddAsync(line.Number, line.Outcome ?? outcomes.Dequeue());
            line.Content?.Dispose();
        }

        batch.Clear();
        await report.ShowProgressAsync();
    }

    private static (int Number, JsonDocument? Content, LineOutcome? Outcome) Parse(FileLine line)
    {
        if (line.Content is not { } bytes)
        {
            return Refuse(line, string.Create(CultureInfo.InvariantCulture, $"has more than {JsonLinesReader.LongestLine} bytes; shorten it"));
        }

        JsonDocument? document = null;
        try
        {
            // A copy: the reader's buffer moves on.
            document = JsonDocument.Parse(bytes.ToArray(), Strict);
            if (document.RootElement.ValueKind == JsonValueKind.Object)
            {
                ReadTexts(document.RootElement);
                return (line.Number, document, null);
            }

            document.Dispose();
            return Refuse(line, "is not a JSON object; write one {...} a line");
        }
        catch (InvalidOperationException)
        {
            document?.Dispose();
            return Refuse(line, "has text that is not well-formed Unicode; write UTF-8, and each surrogate with its other half");
        }
        catch (JsonException exception)
        {
            // The parser's own message can quote the line, and the line can hold a password.
            var at = exception.BytePositionInLine is { } position ? string.Create(CultureInfo.InvariantCulture, $" at byte {position + 1}") : "";
            return Refuse(line, $"is not a JSON object{at}; write one {{...}} a line, each member once");
        }
    }

    // JSON can hold bytes and escapes that no text has. Whoever reads the line later need not expect that.
    private static void ReadTexts(JsonElement element)
    {
        switch (element.ValueKind)
        {
            case JsonValueKind.String:
                _ = element.GetString();
                break;
            case JsonValueKind.Array:
                foreach (var item in element.EnumerateArray())
                {
                    ReadTexts(item);
                }

                break;
            case JsonValueKind.Object:
                foreach (var member in element.EnumerateObject())
                {
                    _ = member.Name;
                    ReadTexts(member.Value);
                }

                break;
        }
    }

    private static (int Number, JsonDocument? Content, LineOutcome? Outcome) Refuse(FileLine line, string reason) =>
        (line.Number, null, new LineOutcome.Refused(reason));
}
