namespace Cassini.Tests.Support;

internal static class ValidateSynchronizationExtensions
{
    /// <summary>
    /// Passes everything on, and fails on what Rx forbids: a notification while another one is being delivered (from
    /// another thread or from inside the observer), and any notification after the end.
    /// </summary>
    /// <remarks>
    /// The offender's call throws. Since a source may isolate itself from observers that throw, the observer is also told
    /// by OnError, as soon as the notification in flight has returned (unless the sequence has ended already), and
    /// <paramref name="onViolation"/> is called in every case.
    /// </remarks>
    public static IObservable<T> ValidateSynchronization<T>(
        this IObservable<T> source, Action<SynchronizationViolationException>? onViolation = null) =>
        new SynchronizationValidator<T>(source, onViolation);
}
