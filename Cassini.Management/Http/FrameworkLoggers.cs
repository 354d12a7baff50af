namespace Cassini.Management.Http;

/// <summary>
/// The web framework's own log: warnings and worse, and nothing before it has started, because a failed start is thrown
/// to its caller. What any stranger can provoke is logged at Debug only: refused connections are counted, and a call
/// that cannot be read affects its sender alone.
/// </summary>
internal sealed class FrameworkLoggers(ILoggerFactory inner) : ILoggerFactory
{
    private static readonly string[] OfStrangers =
    [
        "Microsoft.AspNetCore.Server.Kestrel.Connections",
        "Grpc.AspNetCore.Server",
        "Microsoft.AspNetCore.Server.Kestrel.Http2",
    ];

    private volatile bool _isOpen;

    public void Open() => _isOpen = true;

    public ILogger CreateLogger(string categoryName) =>
        new Filter(this, inner.CreateLogger(categoryName), OfStrangers.Any(prefix =>
            categoryName.StartsWith(prefix, StringComparison.Ordinal)));

    public void AddProvider(ILoggerProvider provider) => inner.AddProvider(provider);

    public void Dispose()
    {
        // The caller that made the loggers disposes them.
    }

    private sealed class Filter(FrameworkLoggers owner, ILogger inner, bool isOfStrangers) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => null;

        public bool IsEnabled(LogLevel logLevel) =>
            logLevel >= LogLevel.Warning && owner._isOpen && inner.IsEnabled(LevelOf(logLevel));

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                inner.Log(LevelOf(logLevel), eventId, state, exception, formatter);
            }
        }

        private LogLevel LevelOf(LogLevel logLevel) => isOfStrangers ? LogLevel.Debug : logLevel;
    }
}
