using System.Collections.Concurrent;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Serving;

/// <summary>
/// Writes the log on a thread of its own. A terminal whose output is not read must not stop the broker: when too many lines wait, further
/// ones are dropped until half of those are written, and the log says where how many are missing. Any thread.
/// </summary>
internal sealed class ProcessLog : ILoggerProvider, ISupportExternalScope
{
    private const int Capacity = 2_500;
    private static readonly TimeSpan LastWrites = TimeSpan.FromSeconds(1.5);

    private readonly BlockingCollection<(Action Write, long DroppedBefore)> _waiting = new(Capacity);
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

    /// <summary>
    /// Writes something else, in its turn and between two lines of the log, because both may go to the same terminal. Waits for a place
    /// among what is to be written, but not for long.
    /// </summary>
    /// <param name="write">Writes it, on the thread of the log.</param>
    public void WriteApart(Action write) => Add(write, LastWrites);

    /// <summary>Writes what waits, and ends.</summary>
    public void Dispose()
    {
        _waiting.CompleteAdding();
        if (_thread.Join(LastWrites))
        {
            _waiting.Dispose();
        }
    }

    private void Add(LogEntry entry)
    {
        if (Volatile.Read(ref _dropped) > 0 && _waiting.Count > Capacity / 2)
        {
            Interlocked.Increment(ref _dropped);
            return;
        }

        var line = _layout.Of(entry, _scopes);
        Add(() => _output.Write(line), TimeSpan.Zero);
    }

    private void Add(Action write, TimeSpan patience)
    {
        var dropped = Interlocked.Exchange(ref _dropped, 0);
        try
        {
            if (!_waiting.TryAdd((write, dropped), patience))
            {
                Interlocked.Add(ref _dropped, dropped + 1);
            }
        }
        catch (InvalidOperationException)
        {
            // The log has ended.
        }
    }

    private void WriteAll()
    {
        foreach (var (write, dropped) in _waiting.GetConsumingEnumerable())
        {
            WriteDropped(dropped);
            Try(write);
            if (_waiting.Count == 0)
            {
                WriteDropped(Interlocked.Exchange(ref _dropped, 0));
            }
        }
    }

    private void WriteDropped(long count)
    {
        if (count > 0)
        {
            var message = $"{Quantity.Of(count, "line")} of the log dropped: they were not read in time";
            var entry = new LogEntry(_time.GetUtcNow(), LogLevel.Warning, typeof(ProcessLog).FullName!, ServingLog.LinesDropped, message);
            Try(() => _output.Write(_layout.Of(entry, _scopes)));
        }
    }

    private static void Try(Action write)
    {
        try
        {
            write();
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
