using System.Reactive;

namespace Microsoft.Reactive.Testing;

internal sealed class RecordingObserver<T>(TestScheduler scheduler) : ITestableObserver<T>
{
    private readonly List<Recorded<Notification<T>>> _messages = [];

    public IList<Recorded<Notification<T>>> Messages => _messages;

    public void OnNext(T value) => Record(Notification.CreateOnNext(value));

    public void OnError(Exception error) => Record(Notification.CreateOnError<T>(error));

    public void OnCompleted() => Record(Notification.CreateOnCompleted<T>());

    private void Record(Notification<T> notification) => _messages.Add(new Recorded<Notification<T>>(scheduler.Clock, notification));
}
