using Cassini.Streams.Events;

namespace Cassini.Streams.Store;

/// <summary>
/// Whether the store keeps new messages, and if not, why. Each change is an event. Changed by one thread at a time, read by any.
/// </summary>
/// <param name="bytes">How large the journal is.</param>
/// <param name="events">Where it publishes.</param>
/// <param name="time">The clock.</param>
internal sealed class StoreCondition(Func<long> bytes, IEventPublisher events, TimeProvider time)
{
    private StoreProblem? _problem;
    private long _since;
    private volatile string? _refusal;

    /// <summary>Why new messages cannot be kept; null when they can.</summary>
    public string? Refusal => _refusal;

    /// <summary>There is no room.</summary>
    public void Full(string message) => Fail(StoreProblem.Full, message);

    /// <summary>The disk fails, or the store does.</summary>
    /// <returns>Whether that is news.</returns>
    public bool Failing(Exception failure) => Fail(StoreProblem.Failing, failure.Message);

    /// <summary>It works.</summary>
    public void Good()
    {
        if (_problem is not null)
        {
            _problem = null;
            _refusal = null;
            events.Publish(new StoreResumed(time.GetElapsedTime(_since)) { Bytes = bytes() });
        }
    }

    private bool Fail(StoreProblem problem, string message)
    {
        var isNews = _problem != problem;
        if (isNews)
        {
            // Before the first message is refused for it.
            _since = _problem is null ? time.GetTimestamp() : _since;
            _problem = problem;
            events.Publish(new StoreFailed(problem, message) { Bytes = bytes() });
        }

        _refusal = message;
        return isNews;
    }
}
