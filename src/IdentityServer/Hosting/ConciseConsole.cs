using System.Globalization;
using Microsoft.Extensions.Configuration.Memory;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;
using Microsoft.Extensions.Options;

namespace IdentityServer.Hosting;

/// <summary>One line per entry for a person at a terminal. What collects logs asks for <c>Logging:Console:FormatterName=json</c> instead.</summary>
internal sealed class ConciseConsole(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "concise";

    private const string ChosenFormatter = "Logging:Console:FormatterName";
    private const string HostCategory = "Microsoft.Extensions.Hosting.Internal.Host";
    private const int StartFailed = 11;

    /// <summary>Sets what is logged and how, below every other source of configuration, so that each of them can say otherwise.</summary>
    public static void AddTo(WebApplicationBuilder builder)
    {
        builder.Configuration.Sources.Insert(0, new MemoryConfigurationSource
        {
            InitialData =
            [
                new("Logging:LogLevel:Default", "Information"),
                new("Logging:LogLevel:Microsoft", "Warning"),
                new("Logging:LogLevel:OpenIddict", "Warning"),
                new(ChosenFormatter, FormatterName),
            ],
        });
        builder.Logging.AddConsoleFormatter<ConciseConsole, ConsoleFormatterOptions>().AddEventSourceLogger();

        // The slim builder has named a formatter after it read the configuration, which has the last word.
        builder.Services.AddOptions<ConsoleLoggerOptions>()
            .Configure<IConfiguration>((console, configuration) => console.FormatterName = configuration[ChosenFormatter]);
    }

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        // The program itself says why it did not start, for a person and without a stack.
        if (logEntry.EventId.Id == StartFailed && logEntry.Category == HostCategory)
        {
            return;
        }

        textWriter.Write(time.GetUtcNow().ToString("HH:mm:ss", CultureInfo.InvariantCulture));
        textWriter.Write(Level(logEntry.LogLevel));
        textWriter.WriteLine(logEntry.Formatter(logEntry.State, logEntry.Exception));
        if (logEntry.Exception is { } exception)
        {
            textWriter.WriteLine($"{logEntry.Category}: {exception}");
        }
    }

    private static string Level(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => " ..    ",
        LogLevel.Information => "       ",
        LogLevel.Warning => " WARN  ",
        _ => " ERROR ",
    };
}
