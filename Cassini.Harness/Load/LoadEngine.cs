using Cassini.Harness.Clients;
using Cassini.Harness.Verdicts;

namespace Cassini.Harness.Load;

/// <summary>Runs the publishers and subscribers of one order: the same in the controller and in a worker elsewhere.</summary>
internal sealed class LoadEngine : IAsyncDisposable
{
    private readonly CancellationTokenSource _stop = new();
    private readonly int _test;
    private readonly List<PublisherRun> _publishers;
    private readonly List<SubscriberRun> _subscribers;
    private Task _running = Task.CompletedTask;

    /// <param name="order">What to run.</param>
    /// <param name="identityOf">The certificates for a broker.</param>
    /// <param name="sendTimes">The times of sending; null when publishers and subscribers are in different processes.</param>
    /// <param name="time">The clock.</param>
    public LoadEngine(LoadOrder order, Func<BrokerAddress, TlsIdentity> identityOf, SendTimes? sendTimes, TimeProvider time)
    {
        _test = order.Run.Test;
        var context = new LoadContext(order.Run, order.Broker, identityOf(order.Broker), sendTimes, time);
        var others = order.Others.ToDictionary(
            broker => broker.Name!, broker => context with { Broker = broker, Identity = identityOf(broker) });
        _publishers = [.. order.Publishers.Select(publisher => new PublisherRun(ContextOf(publisher.Broker), publisher))];
        _subscribers = [.. order.Subscribers.Select(subscriber => new SubscriberRun(ContextOf(subscriber.Broker), subscriber))];

        LoadContext ContextOf(string? broker) => broker is null || broker == order.Broker.Name ? context : others[broker];
    }

    public LoadReport Report => new(
        _test,
        _publishers.ToDictionary(run => run.Plan.Index, run => run.Counts),
        _subscribers.ToDictionary(run => run.Plan.Index, run => run.Counts));

    /// <summary>Connects all clients. The broker has acknowledged the subscriptions when it ends.</summary>
    /// <exception cref="HarnessException">The broker cannot be reached, or refuses.</exception>
    public async Task PrepareAsync(CancellationToken cancellation)
    {
        try
        {
            await Task.WhenAll(
            [
                .. _subscribers.Select(subscriber => subscriber.SubscribeAsync(cancellation)),
                .. _publishers.Select(publisher => publisher.ConnectAsync(cancellation)),
            ]);
        }
        catch (ClientException exception)
        {
            throw new HarnessException(exception.Message, cause: exception);
        }
    }

    /// <summary>Starts the publishers and the clock of the subscribers.</summary>
    /// <returns>Ends when all publishers have ended and, if there are subscribers, it was stopped; fails when one of them fails.</returns>
    public Task Start()
    {
        foreach (var subscriber in _subscribers)
        {
            subscriber.Start();
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
        await Task.WhenAll(
            _publishers.Select(publisher => publisher.CloseAsync()).Concat(_subscribers.Select(subscriber => subscriber.CloseAsync())));
        _stop.Dispose();
    }

    private async Task RunAsync()
    {
        try
        {
            await Task.WhenAll(
            [
                .. _subscribers.Select(subscriber => subscriber.RunAsync(_stop.Token)),
                .. _publishers.Select(publisher => publisher.RunAsync(_stop.Token)),
            ]);
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped before the end.
        }
    }
}
