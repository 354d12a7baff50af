using System.Reactive;

namespace Microsoft.Reactive.Testing;

/// <summary>The grammar of a test of an observable: notifications and subscriptions with their virtual times.</summary>
public class ReactiveTest
{
    /// <summary>When <see cref="TestScheduler.Start{T}"/> creates the sequence, unless told otherwise.</summary>
    public const long Created = 100;

    /// <summary>When it subscribes.</summary>
    public const long Subscribed = 200;

    /// <summary>When it unsubscribes.</summary>
    public const long Disposed = 1000;

    /// <summary>A value at a time.</summary>
    public static Recorded<Notification<T>> OnNext<T>(long ticks, T value) => At(ticks, Notification.CreateOnNext(value));

    /// <summary>Equal to any value at that time that satisfies the predicate; for expectations only.</summary>
    public static Recorded<Notification<T>> OnNext<T>(long ticks, Func<T, bool> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return At(ticks, new PredicateNotification<T>(other => other.Kind == NotificationKind.OnNext && predicate(other.Value)));
    }

    /// <summary>The end of the sequence at a time.</summary>
    public static Recorded<Notification<T>> OnCompleted<T>(long ticks) => At(ticks, Notification.CreateOnCompleted<T>());

    /// <summary>The same; <paramref name="witness"/> only tells the type.</summary>
    public static Recorded<Notification<T>> OnCompleted<T>(long ticks, T witness) => OnCompleted<T>(ticks);

    /// <summary>An error at a time.</summary>
    public static Recorded<Notification<T>> OnError<T>(long ticks, Exception exception)
    {
        ArgumentNullException.ThrowIfNull(exception);
        return At(ticks, Notification.CreateOnError<T>(exception));
    }

    /// <summary>Equal to any error at that time that satisfies the predicate; for expectations only.</summary>
    public static Recorded<Notification<T>> OnError<T>(long ticks, Func<Exception, bool> predicate)
    {
        ArgumentNullException.ThrowIfNull(predicate);
        return At(ticks, new PredicateNotification<T>(other => other.Kind == NotificationKind.OnError && predicate(other.Exception!)));
    }

    /// <summary>The same; <paramref name="witness"/> only tells the type.</summary>
    public static Recorded<Notification<T>> OnError<T>(long ticks, Exception exception, T witness) => OnError<T>(ticks, exception);

    /// <summary>The same; <paramref name="witness"/> only tells the type.</summary>
    public static Recorded<Notification<T>> OnError<T>(long ticks, Func<Exception, bool> predicate, T witness) =>
        OnError<T>(ticks, predicate);

    /// <summary>A subscription with its end.</summary>
    public static Subscription Subscribe(long start, long end) => new(start, end);

    /// <summary>A subscription that has not ended.</summary>
    public static Subscription Subscribe(long start) => new(start);

    private static Recorded<Notification<T>> At<T>(long ticks, Notification<T> notification) => new(ticks, notification);
}
