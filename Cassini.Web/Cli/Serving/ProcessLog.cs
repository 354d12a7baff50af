using System.Collections.Concurrent;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Serving;

/// <summary>
/// Writes the log on a thread of its own. A terminal whose output is not read must not stop the broker: when too many lines wait, further
/// ones are dropped, and the log says how many. Any thread.
/// </summary>
internal sealed class ProcessLog : ILoggerProvider, ISupportExternalScope
{
    private const int Capacity = 2_500;
    private static readonly TimeSpan LastWrites = TimeSpan.FromSeconds(1.5);

    private readonly BlockingCollection<string> _lines = new(Capacity);
    private readonly Lock _writing = new();
    private readonly ILogLayout _layout;
    private readonly TextWriter _output;
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();
    private long _dropped;

    /// <param name="layout">The form of an entry.</param>
    /// <param name="output">Where to; not disposed.</param>
    /// <param name="time">The clock.</param>
    public ProcessLog(ILogLayout layout, TextWriter output, TimeProvider time)
    {
        _layout = layout;
        _output = output;
        _time = time;
        _thread = new Thread(WriteAll) { Name = "cassini log", IsBackground = true };
        _thread.Start();
    }

    public ILogger CreateLogger(string categoryName) => new CategoryLog(this, categoryName);

    public void SetScopeProvider(IExternalScopeProvider scopeProvider) => _scopes = scopeProvider;

    /// <summary>Writes something else while no line of the log is being written, because both may go to the same terminal.</summary>
    public void WriteApart(Action write)
    {
        lock (_writing)
        {
            write();
        }
    }

    /// <summary>Writes what waits, and ends.</summary>
    public void Dispose()
    {
        _lines.CompleteAdding();
        if (_thread.Join(LastWrites))
        {
            _lines.Dispose();
        }
    }

    private void Add(LogEntry entry)
    {
        try
        {
            if (!_lines.TryAdd(_layout.Of(entry, _scopes)))
            {
                Interlocked.Increment(ref _dropped);
            }
        }
        catch (InvalidOperationException)
        {
            // The log has ended.
        }
    }

    private void WriteAll()
    {
        foreach (var line in _lines.GetConsumingEnumerable())
        {
            Write(line);
            if (Interlocked.Exchange(ref _dropped, 0) is > 0 and var dropped)
            {
                var message = $"{Quantity.Of(dropped, "line")} of the log dropped: they were not read in time";
                Write(_layout.Of(
                    new LogEntry(_time.GetUtcNow(), LogLevel.Warning, typeof(ProcessLog).FullName!, ServingLog.LinesDropped, message),
                    _scopes));
            }
        }
    }

    private void Write(string line)
    {
        try
        {
            lock (_writing)
            {
                _output.Write(line);
            }
        }
        catch (IOException)
        {
            // Nothing is left to report it on.
        }
    }

    private sealed class CategoryLog(ProcessLog owner, string category) : ILogger
    {
        public IDisposable? BeginScope<TState>(TState state)
            where TState : notnull => owner._scopes.Push(state);

        public bool IsEnabled(LogLevel logLevel) => logLevel != LogLevel.None;

        public void Log<TState>(
            LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
        {
            if (IsEnabled(logLevel))
            {
                owner.Add(new LogEntry(owner._time.GetUtcNow(), logLevel, category, eventId.Id, formatter(state, exception))
                {
                    Exception = exception,
                    Values = state as IEnumerable<KeyValuePair<string, object?>>,
                });
            }
        }
    }
}
