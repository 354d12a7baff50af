using System.Reactive;
using System.Reactive.Disposables;

namespace Microsoft.Reactive.Testing;

internal sealed class ColdObservable<T>(TestScheduler scheduler, Recorded<Notification<T>>[] messages) : ITestableObservable<T>
{
    private readonly List<Subscription> _subscriptions = [];

    public IList<Subscription> Subscriptions => _subscriptions;

    public IList<Recorded<Notification<T>>> Messages => messages;

    public IDisposable Subscribe(IObserver<T> observer)
    {
        ArgumentNullException.ThrowIfNull(observer);
        var index = _subscriptions.Count;
        _subscriptions.Add(new Subscription(scheduler.Clock));

        var pending = new CompositeDisposable();
        foreach (var message in messages)
        {
            pending.Add(scheduler.ScheduleRelative(message.Value, message.Time, (_, notification) =>
            {
                notification.Accept(observer);
                return Disposable.Empty;
            }));
        }

        return Disposable.Create(() =>
        {
            _subscriptions[index] = new Subscription(_subscriptions[index].Subscribe, scheduler.Clock);
            pending.Dispose();
        });
    }
}
