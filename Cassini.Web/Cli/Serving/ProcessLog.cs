using System.Collections.Concurrent;
using Cassini.Streams.Primitives;

namespace Cassini.Web.Cli.Serving;

/// <summary>
/// Writes the log on a thread of its own. A terminal whose output is not read must not stop the broker: when too many lines wait, further
/// ones are dropped until half of those are written, and the log says where how many are missing. What waits is written when the process
/// ends, also when it ends because of an exception that nothing handled. Any thread.
/// </summary>
internal sealed class ProcessLog : ILoggerProvider, ISupportExternalScope
{
    private const int Capacity = 2_500;
    private const int LongestFlush = 6;
    private static readonly TimeSpan LastWrites = TimeSpan.FromSeconds(1.5);
    private static readonly LoggerExternalScopeProvider NoScopes = new();

    private readonly BlockingCollection<(Action Write, long DroppedBefore)> _waiting = new(Capacity);
    private readonly ILogLayout _layout;
    private readonly TextWriter _output;
    private readonly TimeProvider _time;
    private readonly Thread _thread;
    private IExternalScopeProvider _scopes = new LoggerExternalScopeProvider();
    private long _dropped;
    private long _written;

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
        AppDomain.CurrentDomain.UnhandledException += OnUnhandledException;
        AppDomain.CurrentDomain.ProcessExit += OnProcessExit;
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
        AppDomain.CurrentDomain.UnhandledException -= OnUnhandledException;
        AppDomain.CurrentDomain.ProcessExit -= OnProcessExit;
        _waiting.CompleteAdding();
        if (_thread.Join(LastWrites))
        {
            _waiting.Dispose();
        }
    }

    /// <summary>
    /// Waits until what waits is written, but not when nothing is written for 1.5 s, and at most about 10 s: the process ends.
    /// </summary>
    internal void Flush()
    {
        // Not disposed: it may be set after this has given up.
        var isWritten = new ManualResetEventSlim();
        if (Thread.CurrentThread == _thread || !Add(isWritten.Set, LastWrites))
        {
            return;
        }

        for (var i = 0; i < LongestFlush; i++)
        {
            var before = Volatile.Read(ref _written);
            if (isWritten.Wait(LastWrites) || Volatile.Read(ref _written) == before)
            {
                return;
            }
        }
    }

    private void OnProcessExit(object? sender, EventArgs exit) => Flush();

    private void OnUnhandledException(object sender, UnhandledExceptionEventArgs unhandled)
    {
        var entry = new LogEntry(
            _time.GetUtcNow(), LogLevel.Critical, typeof(ProcessLog).FullName!, ServingLog.ProcessEnds,
            "The process ends because of an exception that nothing handled")
        {
            Exception = unhandled.ExceptionObject as Exception,
        };
        Add(() => _output.Write(_layout.Of(entry, NoScopes)), LastWrites);
        Flush();
    }

    private void Add(LogEntry entry, IExternalScopeProvider scopes)
    {
        if (Volatile.Read(ref _dropped) > 0 && _waiting.Count > Capacity / 2)
        {
            Interlocked.Increment(ref _dropped);
            return;
        }

        var line = _layout.Of(entry, scopes);
        Add(() => _output.Write(line), TimeSpan.Zero);
    }

    /// <returns>Whether it will be written.</returns>
    private bool Add(Action write, TimeSpan patience)
    {
        var dropped = Interlocked.Exchange(ref _dropped, 0);
        try
        {
            if (_waiting.TryAdd((write, dropped), patience))
            {
                return true;
            }

            Interlocked.Add(ref _dropped, dropped + 1);
        }
        catch (InvalidOperationException)
        {
            // The log has ended.
        }

        return false;
    }

    private void WriteAll()
    {
        foreach (var (write, dropped) in _waiting.GetConsumingEnumerable())
        {
            WriteDropped(dropped);
            Try(write);
            Volatile.Write(ref _written, _written + 1);
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
        catch (Exception)
        {
            // Nothing is left to report it on, and no broker may end because of its log: an output that is closed, to which this user may
            // not write, or whose encoding lacks a character fails in other ways than a full disk.
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
            if (!IsEnabled(logLevel))
            {
                return;
            }

            var now = owner._time.GetUtcNow();
            try
            {
                owner.Add(
                    new LogEntry(now, logLevel, category, eventId.Id, formatter(state, exception))
                    {
                        Exception = exception,
                        Values = state as IEnumerable<KeyValuePair<string, object?>>,
                    },
                    owner._scopes);
            }
            catch (Exception failure)
            {
                // A value that cannot be written as text. It is not the work's failure that this line was to be about.
                var message = $"This line cannot be written: {failure.GetType()}";
                owner.Add(new LogEntry(now, logLevel, category, eventId.Id, message), NoScopes);
            }
        }
    }
}
