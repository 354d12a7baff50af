using System.Reactive;
using System.Reactive.Concurrency;
using System.Reactive.Disposables;

// This folder stands in for the package Microsoft.Reactive.Testing, whose current versions cannot be restored from the
// feed that this project builds with. Names, namespace and behaviour are the package's own, so that adopting it is
// deleting this folder; the tests beside it then run against the package. Only what Cassini needs of it is here.
namespace Microsoft.Reactive.Testing;

/// <summary>
/// A scheduler whose clock moves only when it is told to, and runs work at exact ticks. Work that is due now or in the
/// past runs one tick later, so that nothing ever runs at the tick that scheduled it.
/// </summary>
public class TestScheduler : VirtualTimeScheduler<long, long>
{
    /// <inheritdoc/>
    public override IDisposable ScheduleAbsolute<TState>(TState state, long dueTime, Func<IScheduler, TState, IDisposable> action) =>
        base.ScheduleAbsolute(state, Math.Max(dueTime, Clock + 1), action);

    /// <summary>
    /// Runs a whole test: calls <paramref name="create"/> at <paramref name="created"/>, subscribes to the result at
    /// <paramref name="subscribed"/>, unsubscribes at <paramref name="disposed"/>, and runs until no work is left.
    /// </summary>
    public ITestableObserver<T> Start<T>(
        Func<IObservable<T>> create,
        long created = ReactiveTest.Created,
        long subscribed = ReactiveTest.Subscribed,
        long disposed = ReactiveTest.Disposed)
    {
        ArgumentNullException.ThrowIfNull(create);
        var observer = CreateObserver<T>();
        IObservable<T>? source = null;
        IDisposable? subscription = null;

        At(created, () => source = create());
        At(subscribed, () => subscription = source!.Subscribe(observer));
        At(disposed, () => subscription!.Dispose());
        Start();
        return observer;
    }

    /// <summary>A sequence that sends its messages at their absolute times to whoever is subscribed then.</summary>
    public ITestableObservable<T> CreateHotObservable<T>(params Recorded<Notification<T>>[] messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return new HotObservable<T>(this, messages);
    }

    /// <summary>A sequence that sends its messages to each subscriber, their times counted from its subscription.</summary>
    public ITestableObservable<T> CreateColdObservable<T>(params Recorded<Notification<T>>[] messages)
    {
        ArgumentNullException.ThrowIfNull(messages);
        return new ColdObservable<T>(this, messages);
    }

    /// <summary>An observer that records what it receives, and when.</summary>
    public ITestableObserver<T> CreateObserver<T>() => new RecordingObserver<T>(this);

    /// <inheritdoc/>
    protected override long Add(long absolute, long relative) => absolute + relative;

    /// <inheritdoc/>
    protected override DateTimeOffset ToDateTimeOffset(long absolute) => new(absolute, TimeSpan.Zero);

    /// <inheritdoc/>
    protected override long ToRelative(TimeSpan timeSpan) => timeSpan.Ticks;

    private void At(long time, Action action) => ScheduleAbsolute(action, time, static (_, run) =>
    {
        run();
        return Disposable.Empty;
    });
}
