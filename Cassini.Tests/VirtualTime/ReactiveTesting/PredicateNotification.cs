using System.Reactive;

namespace Microsoft.Reactive.Testing;

/// <summary>Only ever an expectation: it is equal to what its predicate says, and is itself no notification.</summary>
internal sealed class PredicateNotification<T>(Func<Notification<T>, bool> matches) : Notification<T>
{
    public override T Value => throw OnlyAnExpectation();

    public override bool HasValue => throw OnlyAnExpectation();

    public override Exception Exception => throw OnlyAnExpectation();

    public override NotificationKind Kind => throw OnlyAnExpectation();

    public override bool Equals(Notification<T>? other) => ReferenceEquals(this, other) || (other is not null && matches(other));

    public override void Accept(IObserver<T> observer) => throw OnlyAnExpectation();

    public override TResult Accept<TResult>(IObserver<T, TResult> observer) => throw OnlyAnExpectation();

    public override void Accept(Action<T> onNext, Action<Exception> onError, Action onCompleted) => throw OnlyAnExpectation();

    public override TResult Accept<TResult>(Func<T, TResult> onNext, Func<Exception, TResult> onError, Func<TResult> onCompleted) =>
        throw OnlyAnExpectation();

    public override string ToString() => "(matches a predicate)";

    private static NotSupportedException OnlyAnExpectation() => new("A predicate is an expectation: it can be compared with, not sent.");
}
