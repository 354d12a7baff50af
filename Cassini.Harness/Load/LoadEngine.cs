using Cassini.Harness.Clients;
using Cassini.Harness.Verdicts;

namespace Cassini.Harness.Load;

/// <summary>Runs the producers and sinks of one order: the same in the controller and in a worker elsewhere.</summary>
internal sealed class LoadEngine : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly int _test;
    private readonly List<ProducerRun> _producers;
    private readonly List<SinkRun> _sinks;
    private Task _running = Task.CompletedTask;

    public LoadEngine(LoadOrder order, TlsIdentity identity, SendTimes? sendTimes, TimeProvider time)
    {
        _test = order.Run.Test;
        var context = new LoadContext(order.Run, order.Broker, identity, sendTimes, time);
        _producers = [.. order.Producers.Select(producer => new ProducerRun(context, producer))];
        _sinks = [.. order.Sinks.Select(sink => new SinkRun(context, sink))];
    }

    public LoadReport Report => new(
        _test,
        _producers.ToDictionary(run => run.Plan.Index, run => run.Counts),
        _sinks.ToDictionary(run => run.Plan.Index, run => run.Counts));

    /// <summary>Connects all clients. The broker has acknowledged the subscriptions when it ends.</summary>
    /// <exception cref="HarnessException">The broker cannot be reached, or refuses.</exception>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(
            [
                .. _sinks.Select(sink => sink.SubscribeAsync(cancellation)),
                .. _producers.Select(producer => producer.ConnectAsync(cancellation)),
            ]);
        }
        catch (ClientException exception)
        {
            throw new HarnessException(exception.Message, cause: exception);
        }
    }

    /// <summary>Starts the producers and the clock of the sinks.</summary>
    /// <returns>Ends when all producers have ended and, if there are sinks, it was stopped; fails when one of them fails.</returns>
    public Task Start()
    {
        foreach (var sink in _sinks)
        {
            sink.Start();
        }

        return _running = RunAsync();
    }

    /// <summary>Ends what still runs.</summary>
    public async Task StopAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing); // Its failure is for the caller of Start.
    }

    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        await Task.WhenAll(_producers.Select(producer => producer.CloseAsync()).Concat(_sinks.Select(sink => sink.CloseAsync())));
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await Task.WhenAll(
            [
                .. _sinks.Select(sink => sink.RunAsync(_stop.Token)),
                .. _producers.Select(producer => producer.RunAsync(_stop.Token)),
            ]);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped before the end.
        }
    }
}
