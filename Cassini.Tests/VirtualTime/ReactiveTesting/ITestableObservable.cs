using System.Reactive;

namespace Microsoft.Reactive.Testing;

/// <summary>An observable that records who subscribed, and when.</summary>
public interface ITestableObservable<T> : IObservable<T>
{
    /// <summary>The virtual times of the subscriptions and of their end, in the order of subscribing.</summary>
    IList<Subscription> Subscriptions { get; }

    /// <summary>What it sends: absolute times of a hot, relative ones of a cold observable.</summary>
    IList<Recorded<Notification<T>>> Messages { get; }
}
