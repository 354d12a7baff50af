namespace Cassini.Web.Management;

/// <summary>
/// The web framework's own log: warnings and worse, and nothing before it has started, since a failed start is thrown
/// to whoever starts it.
/// </summary>
internal sealed class FrameworkLoggers(ILoggerFactory inner) : ILoggerFactory
{
    private volatile bool _isOpen;

    public void Open() => _isOpen = true;

    public ILogger CreateLogger(string categoryName) => new Filter(this, inner.CreateLogger(categoryName));

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public void Dispose()
    {
        // The loggers belong to whoever made them.
    }

    private sealed class Filter(FrameworkLoggers owner, ILogger inner) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) => logLevel >= LogLevel.Warning && owner._isOpen && inner.IsEnabled(logLevel);

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                inner.Log(logLevel, eventId, state, exception, formatter);
            }
        }
    }
}
