using System.Collections.Concurrent;
using System.Diagnostics;
using Cassini.Tests.Support;

namespace Cassini.Tests.Broker;

/// <summary>A source of spans and everything that ended there. Follows the parent's decision; records what has none.</summary>
internal sealed class RecordedSpans : IDisposable
{
    private readonly ConcurrentQueue<Activity> _ended = new();
    private readonly ActivityListener _listener;

    public RecordedSpans()
    {
        _listener = new ActivityListener
        {
            ShouldListenTo = source => ReferenceEquals(source, Source),
            Sample = (ref ActivityCreationOptions<ActivityContext> _) => ActivitySamplingResult.AllDataAndRecorded,
            ActivityStopped = _ended.Enqueue,
        };
        ActivitySource.AddActivityListener(_listener);
    }

    public ActivitySource Source { get; } = new("Cassini");

    public IReadOnlyCollection<Activity> Ended => _ended;

    /// <summary>Spans end on the thread pool.</summary>
    public Task<Activity> EndsAsync(string name, Func<Activity, bool>? condition = null) => Eventually.BecomesAsync(
        $"the span {name} ends", () => _ended.FirstOrDefault(span => span.OperationName == name && condition?.Invoke(span) != false)!,
        span => span is not null);

    public void Dispose()
    {
        _listener.Dispose();
        Source.Dispose();
    }
}
