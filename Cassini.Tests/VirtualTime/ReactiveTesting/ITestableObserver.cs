using System.Reactive;

namespace Microsoft.Reactive.Testing;

/// <summary>An observer that records what it receives.</summary>
public interface ITestableObserver<T> : IObserver<T>
{
    /// <summary>What it received, with the virtual time of each.</summary>
    IList<Recorded<Notification<T>>> Messages { get; }
}
