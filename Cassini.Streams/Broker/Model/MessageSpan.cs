using System.Diagnostics;

namespace Cassini.Streams.Broker.Model;

/// <summary>
/// A span of a message that is traced. Ending it may be done under a lock: whoever listens is called from the thread pool, and the
/// span is never the current activity of a thread of the broker's.
/// </summary>
internal sealed class MessageSpan : IThreadPoolWorkItem
{
    private readonly Activity _activity;
    private readonly TimeProvider _time;
    private int _ended;

    private MessageSpan(Activity activity, TimeProvider time)
    {
        _activity = activity;
        _time = time;
    }

    public ActivityContext Context => _activity.Context;

    /// <summary>Begins a span. Not to be called under a lock.</summary>
    /// <returns>Null when nobody records it.</returns>
    public static MessageSpan? Start(ActivitySource source, string name, ActivityKind kind, ActivityContext parent, TimeProvider time)
    {
        // What is current belongs to whoever started the broker, or to nobody.
        var current = Activity.Current;
        Activity.Current = null;
        try
        {
            var activity = source.StartActivity(name, kind, parent, startTime: time.GetUtcNow());
            if (activity is { Recorded: true })
            {
                return new MessageSpan(activity, time);
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

    /// <summary>Ends it, unless it has ended. Any thread.</summary>
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

    void IThreadPoolWorkItem.Execute() => _activity.Stop();
}
