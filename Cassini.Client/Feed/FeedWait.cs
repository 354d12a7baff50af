namespace Cassini.Streams.Feed;

/// <summary>Waits for a value of a stream.</summary>
internal static class FeedWait
{
    /// <summary>Completes with the first value that is found.</summary>
    /// <typeparam name="T">The values.</typeparam>
    /// <param name="values">The stream. It has a first value at once, on the thread that subscribes.</param>
    /// <param name="isFound">Called with each value, one at a time, until one is found; what it throws ends the wait.</param>
    /// <param name="timeout">How long to wait at most; <see cref="Timeout.InfiniteTimeSpan"/> for ever.</param>
    /// <param name="time">The clock.</param>
    /// <param name="tooLate">Makes the exception for the time-out from the last value.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<T> ForAsync<T>(
        IObservable<T> values,
        Func<T, bool> isFound,
        TimeSpan timeout,
        TimeProvider time,
        Func<T, Exception> tooLate,
        CancellationToken cancellationToken)
        where T : class
    {
        var found = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        T? last = null;

        // Subscribed first, so that no change from here on is missed.
        using var subscription = values.Subscribe(
            value =>
            {
                Volatile.Write(ref last, value);
                if (found.Task.IsCompleted)
                {
                    return;
                }

                try
                {
                    if (isFound(value))
                    {
                        found.TrySetResult(value);
                    }
                }
                catch (Exception failure)
                {
                    // An exception of the caller's code must end the wait, and not be lost with a subscription.
                    found.TrySetException(failure);
                }
            },
            failure => found.TrySetException(failure));
        try
        {
            return await found.Task.WaitAsync(timeout, time, cancellationToken).ConfigureAwait(false);
        }
        catch (TimeoutException)
        {
            throw tooLate(Volatile.Read(ref last)!);
        }
    }
}
