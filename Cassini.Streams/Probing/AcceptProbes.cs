using System.Net.Sockets;
using Cassini.Streams.Events;
using Cassini.Streams.Listening;
using Cassini.Streams.Listening.Endpoints;
using Cassini.Streams.Listening.Probes;
using Cassini.Streams.Primitives;
using Microsoft.Extensions.Logging;

namespace Cassini.Streams.Probing;

/// <summary>Probes every endpoint's accept loop, independently of the other endpoints.</summary>
internal sealed class AcceptProbes(
    ProbingOptions options, ListenerManager manager, IEventPublisher events, TimeProvider time, ILogger logger)
{
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        // One that crashes ends the others too, so that the supervisor starts all of them again.
        using var all = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        var loops = Enumerable.Range(0, manager.Endpoints.Length).Select(index => RunAsync(index, all.Token)).ToList();
        await Task.WhenAny(loops);
        await all.CancelAsync();
        await Task.WhenAll(loops);
    }

    private async Task RunAsync(int index, CancellationToken cancellationToken)
    {
        using var interval = new PeriodicTimer(options.AcceptProbeInterval, time);
        var longestLook = options.AcceptProbeInterval + options.AcceptProbeTimeout;
        var watch = new StallWatch(options.Window * options.StallWindows, longestLook, time);
        do
        {
            if (manager.Endpoints[index] is not { Bound: { } bound, Endpoint: var endpoint })
            {
                watch.Reset();
                continue;
            }

            // A probe that could not be made (no descriptor, no port) is no evidence about the loop. And a loop that backs off because
            // the system refuses every accept is not stalled: a restart would only drop the connections in its backlog.
            if (await ProbeAsync(endpoint, bound, cancellationToken) is not false || manager.IsBackingOff(endpoint))
            {
                watch.Reset();
            }
            else if (watch.IsStalled() && manager.RestartStalledLoop(endpoint, Stalled(endpoint)))
            {
                watch.Reset();
            }
        }
        while (await interval.WaitForNextTickAsync(cancellationToken));
    }

    /// <returns>Whether the probe was acknowledged; null when it could not be made.</returns>
    private async Task<bool?> ProbeAsync(EndpointAddress endpoint, EndpointAddress bound, CancellationToken cancellationToken)
    {
        var startedAt = time.GetTimestamp();
        using var patience = new CancellationTokenSource();
        await using var deadline = new PeerDeadline(options.AcceptProbeTimeout, time, patience.Cancel);
        using var limit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, patience.Token);
        ProbeSocket made;
        try
        {
            made = ProbeSocket.Announce(manager.Probes, endpoint, bound, ProbeKind.Accept);
        }
        catch (SocketException failure)
        {
            ProbingLog.AcceptProbeFailed(logger, endpoint, $"it could not be made: {failure.Message}");
            return null;
        }

        using var probe = made;
        try
        {
            await probe.ConnectAsync(limit.Token);
            await probe.Ticket.Outcome.WaitAsync(limit.Token);
        }
        catch (SocketException failure)
        {
            ProbingLog.AcceptProbeFailed(logger, endpoint, failure.Message);
            return false;
        }
        catch (OperationCanceledException) when (patience.IsCancellationRequested && !cancellationToken.IsCancellationRequested)
        {
            ProbingLog.AcceptProbeFailed(logger, endpoint, $"no answer within {options.AcceptProbeTimeout}");
            return false;
        }

        events.Publish(new AcceptProbed(endpoint.ToString(), time.GetElapsedTime(startedAt)));
        return true;
    }

    private TimeoutException Stalled(EndpointAddress endpoint) =>
        new($"The accept loop of {endpoint} stalled: it acknowledged no probe for {options.Window * options.StallWindows}.");
}
