using System.Collections.Immutable;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Support;

/// <summary>Keeps what is logged. Any thread.</summary>
internal sealed class RecordingLogger<T> : ILogger<T>
{
    private ImmutableList<(LogLevel Level, string Message, Exception? Exception)> _entries = [];

    public ImmutableList<(LogLevel Level, string Message, Exception? Exception)> Entries => Volatile.Read(ref _entries);

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        ImmutableInterlocked.Update(ref _entries, entries => entries.Add((logLevel, formatter(state, exception), exception)));
}
