using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Nats;

/// <summary>
/// What NATS.Net logs about one connection. It tells why a server cannot be reached to its log alone, so the last failure is kept. Its
/// warnings and errors go to the log of Cassini as details, because what they mean for Cassini is said there once. Any thread.
/// </summary>
internal sealed class NatsClientLog(ILogger logger) : ILoggerFactory, ILogger
{
    private volatile Exception? _lastFailure;
    private volatile bool _isQuiet;

    /// <summary>The exception that was logged last; null for none.</summary>
    public Exception? LastFailure => _lastFailure;

    /// <summary>From now on, what the connection says is a consequence of closing it.</summary>
    public void Quieten() => _isQuiet = true;

    public ILogger CreateLogger(string categoryName) => this;

    public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && !_isQuiet;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (!IsEnabled(logLevel))
        {
            return;
        }

        _lastFailure = exception ?? _lastFailure;
        NatsLog.Said(logger, SafeText.Line(formatter(state, exception)), SafeText.Line(exception?.Message), exception);
    }

    public void AddProvider(ILoggerProvider provider) => throw new NotSupportedException();

    public void Dispose()
    {
        // Nothing to release.
    }
}
