using System.Globalization;

namespace IdentityServer.Maintenance.Import;

/// <summary>
/// Tells how an import goes. Who watches sees one line that changes; a log gets a line now and then. Each bad line is named by number
/// and reason as it is found.
/// </summary>
internal sealed class ImportReport(VerbConsole console)
{
    /// <summary>In a log, lines of the file between two lines of progress.</summary>
    public const int Stride = 1000;

    private int _read;
    private int _added;
    private int _changed;
    private int _unchanged;
    private int _different;
    private int _refused;
    private int _shown;
    private int _width;

    /// <summary>Takes a line's outcome.</summary>
    public async Task AddAsync(int number, LineOutcome outcome)
    {
        _read++;
        switch (outcome)
        {
            case LineOutcome.Added added:
                _added++;
                await TellAsync(number, added);
                break;
            case LineOutcome.Changed:
                _changed++;
                break;
            case LineOutcome.Unchanged:
                _unchanged++;
                break;
            case LineOutcome.Differs differs:
                _different++;
                await SayAsync(number, $"is there already and stays as it is, though it differs in {differs.What}");
                break;
            case LineOutcome.Refused refused:
                _refused++;
                await SayAsync(number, refused.Reason);
                break;
        }
    }

    /// <summary>Shows how far it is, if that is due.</summary>
    public async Task ShowProgressAsync()
    {
        if (console.RewritesLines)
        {
            var text = Summary();
            await console.Error.WriteAsync($"\r{text.PadRight(_width)}");
            _width = text.Length;
        }
        else if (_read / Stride > _shown / Stride)
        {
            await console.Error.WriteLineAsync(Summary());
        }

        _shown = _read;
    }

    /// <summary>Says what became of it all.</summary>
    /// <returns>The exit code.</returns>
    public async Task<int> FinishAsync(string things)
    {
        await ClearAsync();
        await console.Out.WriteLineAsync(string.Create(
            CultureInfo.InvariantCulture,
            $"{things}: {_added} added,{Changed()} {_unchanged + _different} already there{(_different > 0 ? $" ({_different} of them differ)" : "")}, {_refused} refused."));
        return _refused > 0 ? ExitCode.Refused : ExitCode.Done;
    }

    /// <summary>Says how far it came, when it cannot go on.</summary>
    public async Task StopAsync()
    {
        await ClearAsync();
        await console.Error.WriteLineAsync($"Stopped. So far {Summary()}. Run it again: what is in stays in, the rest follows.");
    }

    private async Task TellAsync(int number, LineOutcome.Added added)
    {
        foreach (var notice in added.Notices ?? [])
        {
            await SayAsync(number, notice);
        }

        if (added.Result is { } result)
        {
            await ClearAsync();
            await console.Out.WriteLineAsync(result);
        }
    }

    private string Summary() => string.Create(
        CultureInfo.InvariantCulture, $"{_read} lines: {_added} added,{Changed()} {_unchanged + _different} already there, {_refused} refused");

    private string Changed() => _changed > 0 ? string.Create(CultureInfo.InvariantCulture, $" {_changed} changed,") : "";

    private async Task SayAsync(int number, string reason)
    {
        await ClearAsync();
        await console.Error.WriteLineAsync(string.Create(CultureInfo.InvariantCulture, $"line {number}: {reason}"));
    }

    private async Task ClearAsync()
    {
        if (_width > 0)
        {
            await console.Error.WriteAsync($"\r{new string(' ', _width)}\r");
            _width = 0;
        }
    }
}
