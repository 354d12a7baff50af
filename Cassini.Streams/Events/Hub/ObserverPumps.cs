using System.Reactive.Disposables;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Events.Hub;

/// <summary>Runs one pump for each observer, and the hub's other work on the thread pool. Owns the tasks.</summary>
/// <param name="hub">Where a failure of an observer is published.</param>
/// <param name="logger">Where it is logged.</param>
internal sealed class ObserverPumps(IEventPublisher hub, ILogger logger)
{
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _running = [];

    public IDisposable Start(string name, IObserver<Delivery> observer, EventCursor cursor)
    {
        var subscription = new BooleanDisposable();
        Own(Task.Run(() => PumpAsync(name, observer, cursor, subscription)));
        return new CompositeDisposable(subscription, cursor);
    }

    /// <summary>Logs the failure of an inline fold on the thread pool, because a log that blocks or throws must not stop the hub.</summary>
    public void LogFoldFailure(Exception failure) => Own(Task.Run(() => EventsLog.FoldFailed(logger, failure)));

    public Task WhenAllEnded()
    {
        lock (_gate)
        {
            return Task.WhenAll(_running);
        }
    }

    private async Task PumpAsync(string name, IObserver<Delivery> observer, EventCursor cursor, BooleanDisposable subscription)
    {
        try
        {
            while (!subscription.IsDisposed && !cursor.IsCompleted)
            {
                while (!subscription.IsDisposed && cursor.TryRead(out var delivery))
                {
                    observer.OnNext(delivery);
                }

                await cursor.WaitAsync().ConfigureAwait(false);
            }

            if (!subscription.IsDisposed)
            {
                observer.OnCompleted();
            }
        }
        catch (Exception failure)
        {
            // Published before it is logged, because a log that blocks must not hide the failure from health.
            hub.Publish(Crashed.Of(new Component(ComponentKind.Observer, name), failure, attempt: 1, restartIn: null));
            EventsLog.ObserverFailed(logger, name, failure);
        }
        finally
        {
            cursor.Dispose();
        }
    }

    private void Own(Task task)
    {
        lock (_gate)
        {
            _running.Add(task);
        }

        _ = task.ContinueWith(Forget, TaskContinuationOptions.ExecuteSynchronously);
    }

    private void Forget(Task task)
    {
        lock (_gate)
        {
            _running.Remove(task);
        }
    }
}
