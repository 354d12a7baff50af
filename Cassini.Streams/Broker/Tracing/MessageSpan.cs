using System.Diagnostics;

namespace Cassini.Streams.Broker.Tracing;

/// <summary>
/// A span of a traced message. It may be ended under a lock, because the thread pool calls the listeners. It is never the current
/// activity of one of the broker's threads.
/// </summary>
internal sealed class MessageSpan : IThreadPoolWorkItem
{
    private readonly Activity _activity;
    private readonly TimeProvider _time;
    private readonly Action<Exception> _listenerFailed;
    private int _ended;

    private MessageSpan(Activity activity, TimeProvider time, Action<Exception> listenerFailed)
    {
        _activity = activity;
        _time = time;
        _listenerFailed = listenerFailed;
    }

    public ActivityContext Context => _activity.Context;

    /// <summary>Begins a span. Do not call it under a lock, because it calls listeners.</summary>
    /// <param name="source">Where it begins.</param>
    /// <param name="name">Its name.</param>
    /// <param name="kind">Its kind.</param>
    /// <param name="parent">Its parent.</param>
    /// <param name="time">The clock.</param>
    /// <param name="listenerFailed">Called on the thread pool when a listener throws at the end of the span. Must not throw.</param>
    /// <returns>Null when nothing records it.</returns>
    public static MessageSpan? Start(
        ActivitySource source, string name, ActivityKind kind, ActivityContext parent, TimeProvider time, Action<Exception> listenerFailed)
    {
        // A current activity would not be the broker's, and must not become the parent.
        var current = Activity.Current;
        Activity.Current = null;
        try
        {
            var activity = source.StartActivity(name, kind, parent, startTime: time.GetUtcNow());
            if (activity is { Recorded: true })
            {
                return new MessageSpan(activity, time, listenerFailed);
            }

            activity?.Dispose();
            return null;
        }
        finally
        {
            Activity.Current = current;
        }
    }

    public MessageSpan Tag(string name, object? value)
    {
        _activity.SetTag(name, value);
        return this;
    }

    /// <summary>Ends the span, unless it has already ended. Any thread.</summary>
    /// <param name="error">What went wrong; null when nothing did.</param>
    public void End(string? error = null)
    {
        if (Interlocked.Exchange(ref _ended, 1) != 0)
        {
            return;
        }

        if (error is not null)
        {
            _activity.SetStatus(ActivityStatusCode.Error, error);
        }

        _activity.SetEndTime(_time.GetUtcNow().UtcDateTime);
        ThreadPool.UnsafeQueueUserWorkItem(this, preferLocal: false);
    }

    void IThreadPoolWorkItem.Execute()
    {
        try
        {
            _activity.Stop();
        }
        catch (Exception failure)
        {
            // An exception on a pool thread would end the process.
            _listenerFailed(failure);
        }
    }
}
