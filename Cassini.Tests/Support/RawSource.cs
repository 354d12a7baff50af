using System.Reactive.Disposables;

namespace Cassini.Tests.Support;

/// <summary>A source without Rx's safety nets: whatever a test says reaches the observer, legal or not.</summary>
internal sealed class RawSource<T> : IObservable<T>
{
    public IObserver<T>? Observer { get; private set; }

    public bool IsUnsubscribed { get; private set; }

    public IDisposable Subscribe(IObserver<T> observer)
    {
        Observer = observer;
        return Disposable.Create(() => IsUnsubscribed = true);
    }
}
