using System.Reactive;
using System.Reactive.Disposables;

namespace Microsoft.Reactive.Testing;

internal sealed class HotObservable<T> : ITestableObservable<T>
{
    private readonly TestScheduler _scheduler;
    private readonly List<IObserver<T>> _observers = [];
    private readonly List<Subscription> _subscriptions = [];

    public HotObservable(TestScheduler scheduler, Recorded<Notification<T>>[] messages)
    {
        _scheduler = scheduler;
        Messages = messages;
        foreach (var message in messages)
        {
            scheduler.ScheduleAbsolute(message.Value, message.Time, (_, notification) => Send(notification));
        }
    }

    public IList<Subscription> Subscriptions => _subscriptions;

    public IList<Recorded<Notification<T>>> Messages { get; }

    public IDisposable Subscribe(IObserver<T> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        var index = _subscriptions.Count;
        _subscriptions.Add(new Subscription(_scheduler.Clock));
        _observers.Add(observer);
        return Disposable.Create(() =>
        {
            _observers.Remove(observer);
            _subscriptions[index] = new Subscription(_subscriptions[index].Subscribe, _scheduler.Clock);
        });
    }

    private IDisposable Send(Notification<T> notification)
    {
        // A copy: an observer may subscribe or unsubscribe while it is told.
        foreach (var observer in _observers.ToArray())
        {
            notification.Accept(observer);
        }

        return Disposable.Empty;
    }
}
