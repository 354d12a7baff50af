using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Support;

/// <summary>A log that keeps every line, whatever its level and category. Any thread.</summary>
internal sealed class RecordingLoggers : ILoggerFactory, ILogger
{
    /// <summary>The lines so far, in order.</summary>
    public ConcurrentQueue<LogLine> Lines { get; } = new();

    /// <summary>Called with each line after it is kept. The component that logs waits for it and gets what it throws.</summary>
    public Action<LogLine>? Logged { get; set; }

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public ILogger CreateLogger(string categoryName) => this;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        var line = new LogLine(eventId.Id, logLevel, formatter(state, exception), exception);
        Lines.Enqueue(line);
        Logged?.Invoke(line);
    }

    public void Dispose()
    {
        // Nothing to release.
    }
}
