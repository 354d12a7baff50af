using Cassini.Streams.Events;

namespace Cassini.Tests.Tls;

/// <summary>A wall clock that stands still until it is moved; its timestamps move along.</summary>
internal sealed class SettableTime(DateTimeOffset now) : TimeProvider
{
    public SettableTime()
        : this(System.GetUtcNow())
    {
    }

    public DateTimeOffset Now { get; set; } = now;

    public override DateTimeOffset GetUtcNow() => Now;

    public override long GetTimestamp() => Now.UtcTicks;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;
}

/// <summary>Keeps what was published, and tells when something was.</summary>
internal sealed class PublishedEvents : IEventPublisher
{
    private readonly Lock _gate = new();
    private readonly List<BrokerEvent> _events = [];
    private TaskCompletionSource _more = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public BrokerEvent[] All
    {
        get
        {
            lock (_gate)
            {
                return [.. _events];
            }
        }
    }

    public void Publish(BrokerEvent brokerEvent)
    {
        TaskCompletionSource told;
        lock (_gate)
        {
            _events.Add(brokerEvent);
            (told, _more) = (_more, new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously));
        }

        told.SetResult();
    }

    public T[] Of<T>() => [.. All.OfType<T>()];

    /// <summary>Takes what was published since the last time.</summary>
    public BrokerEvent[] Take()
    {
        lock (_gate)
        {
            BrokerEvent[] taken = [.. _events];
            _events.Clear();
            return taken;
        }
    }

    public async Task<T> WaitForAsync<T>(Func<T, bool> wanted, string step)
    {
        while (true)
        {
            Task more;
            lock (_gate)
            {
                more = _more.Task;
            }

            if (Of<T>().FirstOrDefault(wanted) is { } found)
            {
                return found;
            }

            try
            {
                await more.WaitAsync(TimeSpan.FromSeconds(20), TimeProvider.System);
            }
            catch (TimeoutException e)
            {
                throw new TimeoutException($"{step}: not seen; there was {string.Join("; ", All.AsEnumerable())}", e);
            }
        }
    }
}

/// <summary>A directory that is gone after the test.</summary>
internal sealed class ScratchDirectory : IDisposable
{
    public string Path { get; } = Directory.CreateTempSubdirectory("cassini-tls-").FullName;

    public string this[string file] => System.IO.Path.Combine(Path, file);

    public void Dispose() => Directory.Delete(Path, recursive: true);
}
