using Cassini.Management.Access;
using Cassini.Management.Http;
using Cassini.Streams.Health;
using Cassini.Streams.Health.Projection;

namespace Cassini.Management.Probes;

/// <summary>Long polls: a probe's answer is held back until the probe passes, within bounds.</summary>
/// <param name="health">The health that the probes judge.</param>
/// <param name="time">The one clock.</param>
/// <param name="refusals">Counts the callers that are refused.</param>
/// <param name="places">A long poll that is held back takes a slot.</param>
/// <param name="stopping">Ends every wait.</param>
internal sealed class ProbeWaits(
    HealthProjection health, TimeProvider time, Refusals refusals, SharedPlaces places, CancellationToken stopping)
{
    /// <summary>
    /// Answers with the snapshot in which the probe passes, the moment it does; with the current one at the end of the
    /// wait, at shutdown, or when no wait is asked for.
    /// </summary>
    public async Task AnswerAsync(HttpContext context, ProbeRequest request, Func<HttpContext, ProbeRequest, HealthSnapshot, Task> answer)
    {
        var snapshot = health.Current;
        if (request.Wait is { } wait && wait > TimeSpan.Zero && !request.Scope.Passes(snapshot))
        {
            var caller = context.Connection.RemoteIpAddress;
            if (places.Take(caller) is { } full)
            {
                refusals.Add(RefusalKind.Waits);
                await Answer.TextAsync(context, full.Status, full.Sentence + "\n");
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
