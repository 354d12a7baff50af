using Cassini.Streams.Probing;
using Microsoft.Extensions.Logging;

namespace Cassini.Tests.Probing;

/// <summary>Counts the accept probes that failed: they publish nothing, silence being the sign.</summary>
internal sealed class CountingLogger : ILogger<Prober>
{
    private const int AcceptProbeFailed = 1450;
    private readonly SemaphoreSlim _failures = new(0);

    /// <summary>Ends with the next failure that was not waited for yet.</summary>
    public Task NextFailureAsync() => _failures.WaitAsync();

    public IDisposable? BeginScope<TState>(TState state)
        where TState : notnull => null;

    public bool IsEnabled(LogLevel logLevel) => true;

    public void Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter)
    {
        if (eventId.Id == AcceptProbeFailed)
        {
            _failures.Release();
        }
    }
}
