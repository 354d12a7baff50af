using System.Reactive.Disposables;

namespace Cassini.Streams.Events;

/// <summary>Runs one pump per observer and owns their tasks.</summary>
internal sealed class ObserverPumps
{
    private readonly Lock _gate = new();
    private readonly HashSet<Task> _running = [];

    public IDisposable Start(string name, IObserver<Delivery> observer, EventCursor cursor, IEventPublisher hub)
    {
        var subscription = new BooleanDisposable();
        var pump = Task.Run(() => PumpAsync(name, observer, cursor, subscription, hub));
        lock (_gate)
        {
            _running.Add(pump);
        }

        _ = pump.ContinueWith(Forget, TaskContinuationOptions.ExecuteSynchronously);
        return new CompositeDisposable(subscription, cursor);
    }

    public Task WhenAllEnded()
    {
        lock (_gate)
        {
            return Task.WhenAll(_running);
        }
    }

    private static async Task PumpAsync(
        string name, IObserver<Delivery> observer, EventCursor cursor, BooleanDisposable subscription, IEventPublisher hub)
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
        catch (Exception exception)
        {
            hub.Publish(new Crashed(
                new Component(ComponentKind.Observer, name), exception.GetType().Name, Bounded(exception.Message), 1, null));
        }
        finally
        {
            cursor.Dispose();
        }
    }

    private static string Bounded(string message) => message.Length <= 500 ? message : message[..500] + "…";

    private void Forget(Task pump)
    {
        lock (_gate)
        {
            _running.Remove(pump);
        }
    }
}
