using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace IdentityServer.Tests.Support;

/// <summary>What the server itself calls an unhandled failure, whatever status it was answered with.</summary>
internal sealed class FailureLog : ILoggerProvider
{
    private readonly ConcurrentQueue<string> _failures = new();

    public IReadOnlyCollection<string> Failures => _failures;

    public ILogger CreateLogger(string categoryName) => new Listener(
        categoryName == "Microsoft.AspNetCore.Diagnostics.ExceptionHandlerMiddleware" ? _failures : null);

    public void Dispose()
    {
    }

    private sealed class Listener(ConcurrentQueue<string>? failures) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => failures is not null && logLevel >= LogLevel.Error;

        public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                failures!.Enqueue($"{exception?.GetType().Name}: {exception?.Message}");
            }
        }
    }
}
