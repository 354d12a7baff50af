using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;
using Cassini.Streams.Primitives;

namespace Cassini.Management.Probes;

/// <summary>Long polls: a probe's answer is held back until the probe passes, within bounds.</summary>
/// <param name="health">The health that the probes judge.</param>
/// <param name="time">The one clock.</param>
/// <param name="refusals">Counts the callers that are refused.</param>
/// <param name="most">Long polls that are held back at once.</param>
/// <param name="places">Long polls of one caller at once.</param>
/// <param name="stopping">Ends every wait.</param>
internal sealed class ProbeWaits(
    HealthProjection health, TimeProvider time, Refusals refusals, int most, CallerPlaces places, CancellationToken stopping)
{
    private int _count;

    /// <summary>Long polls that are held back now.</summary>
    public int Count => Volatile.Read(ref _count);

    /// <summary>
    /// Answers with the snapshot in which the probe passes, the moment it does; with the current one at the end of the
    /// wait, at shutdown, or when no wait is asked for.
    /// </summary>
    public async Task AnswerAsync(HttpContext context, ProbeRequest request, Func<HttpContext, ProbeRequest, HealthSnapshot, Task> answer)
    {
        var snapshot = health.Current;
        if (request.Wait is { } wait && wait > TimeSpan.Zero && !request.Scope.Passes(snapshot))
        {
            if (Interlocked.Increment(ref _count) > most)
            {
                Interlocked.Decrement(ref _count);
                refusals.Add(RefusalKind.Waits);
                await Answer.TextAsync(
                    context, StatusCodes.Status503ServiceUnavailable,
                    $"too many waits: {Quantity.Of(most, "is", "are")} open, and no more are allowed\n");
                return;
            }

            try
            {
                var caller = context.Connection.RemoteIpAddress;
                if (!places.TryTake(caller))
                {
                    refusals.Add(RefusalKind.Waits);
                    await Answer.TextAsync(
                        context, StatusCodes.Status429TooManyRequests,
                        $"too many waits: {Quantity.Of(places.Most, "of yours is", "of yours are")} open, and no more are allowed\n");
                    return;
                }

                try
                {
                    snapshot = await WaitAsync(context, request.Scope, wait);
                }
                finally
                {
                    places.GiveBack(caller);
                }
            }
            finally
            {
                Interlocked.Decrement(ref _count);
            }
        }

        await answer(context, request, snapshot);
    }

    private async Task<HealthSnapshot> WaitAsync(HttpContext context, ProbeScope scope, TimeSpan wait)
    {
        using var overdue = new CancellationTokenSource(wait, time);
        using var end = CancellationTokenSource.CreateLinkedTokenSource(context.RequestAborted, stopping, overdue.Token);
        try
        {
            return await health.WaitForAsync(scope.Passes, end.Token);
        }
        catch (OperationCanceledException)
        {
            // The wait is over, whatever ended it. The answer to a caller that went away is not read.
            return health.Current;
        }
    }
}
