using System.Reactive;
using System.Reactive.Disposables;

namespace Cassini.Tests.Support;

/// <summary>
/// Not built with Observable.Create, whose observers hide from us what comes after the end.
/// </summary>
internal sealed class SynchronizationValidator<T>(IObservable<T> source, Action<SynchronizationViolationException>? onViolation)
    : IObservable<T>
{
    public IDisposable Subscribe(IObserver<T> observer)
    {
        var gate = new Gate(observer, onViolation);
        gate.Subscription.Disposable = source.Subscribe(gate);
        return gate.Subscription;
    }

    private sealed class Gate(IObserver<T> observer, Action<SynchronizationViolationException>? onViolation) : IObserver<T>
    {
        private readonly Lock _gate = new();
        private Notification<T>? _inFlight;
        private int _inFlightThread;
        private Notification<T>? _end;
        private SynchronizationViolationException? _violation;

        public SingleAssignmentDisposable Subscription { get; } = new();

        public void OnNext(T value) => Pass(Notification.CreateOnNext(value));

        public void OnError(Exception error) => Pass(Notification.CreateOnError<T>(error));

        public void OnCompleted() => Pass(Notification.CreateOnCompleted<T>());

        private void Pass(Notification<T> notification)
        {
            if (!TryEnter(notification, out var violation))
            {
                // Null: the sequence was failed before, and its observer has heard the last of it.
                if (violation is not null)
                {
                    onViolation?.Invoke(violation);
                    throw violation;
                }

                return;
            }

            try
            {
                notification.Accept(observer);
            }
            finally
            {
                Leave();
            }
        }

        private bool TryEnter(Notification<T> notification, out SynchronizationViolationException? violation)
        {
            violation = null;
            lock (_gate)
            {
                if (_violation is not null)
                {
                    return false;
                }

                if (_inFlight is null && _end is null)
                {
                    _inFlight = notification;
                    _inFlightThread = Environment.CurrentManagedThreadId;
                    _end = notification.Kind == NotificationKind.OnNext ? null : notification;
                    return true;
                }

                _violation = violation = new SynchronizationViolationException(_inFlight is null
                    ? $"{notification} came after {_end}."
                    : $"{notification} came while {_inFlight} was being delivered {Where()}.");
                return false;
            }
        }

        private string Where() => _inFlightThread == Environment.CurrentManagedThreadId
            ? "further up on the same thread"
            : $"on another thread ({_inFlightThread}; this one is {Environment.CurrentManagedThreadId})";

        private void Leave()
        {
            SynchronizationViolationException? violation;
            lock (_gate)
            {
                _inFlight = null;
                violation = _end is null ? _violation : null;
            }

            if (violation is not null)
            {
                Subscription.Dispose();
                observer.OnError(violation);
            }
        }
    }
}
