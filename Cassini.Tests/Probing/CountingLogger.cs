using Cassini.Streams.Probing;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Probing;

/// <summary>Tells when so many accept probes have failed: they publish nothing, silence being the sign.</summary>
internal sealed class CountingLogger(int failures) : ILogger<Prober>
{
    private readonly TaskCompletionSource _reached = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _count;

    public Task Reached => _reached.Task;

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == 1301 && Interlocked.Increment(ref _count) == failures)
        {
            _reached.TrySetResult();
        }
    }
}
