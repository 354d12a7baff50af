using Cassini.Harness.Clients;
using Cassini.Harness.Load;
using Cassini.Streams.Primitives;

namespace Cassini.Harness.Workers;

/// <summary>A worker's order under way. It runs beside the reader of the stream, so that a stop is read at any time.</summary>
internal sealed class WorkerOrders(
    MessageWriter<WorkerMessage> controller, TlsIdentity identity, Action<string> say, TimeProvider time) : IAsyncDisposable
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);

    private CancellationTokenSource _preparing = new();
    private LoadEngine? _engine;
    private Task _under = Task.CompletedTask;
    private int _test = -1;
    private int _reported = -1;

    public async Task PrepareAsync(int test, LoadOrder order)
    {
        await EndAsync();
        (_test, _engine) = (test, new LoadEngine(order, identity, null, time));
        say($"test {test + 1}: {Quantity.Of(order.Producers.Count, "producer")}, {Quantity.Of(order.Sinks.Count, "sink")}");
        _preparing = new CancellationTokenSource();
        _under = GetReadyAsync(test, _engine, _preparing.Token);
    }

    public void Start(int test)
    {
        if (test == _test && _engine is { } engine)
        {
            _under = RunAsync(test, engine);
        }
    }

    public async Task StopAsync(int test)
    {
        if (test == _test)
        {
            await EndAsync();
        }
    }

    public async ValueTask DisposeAsync() => await EndAsync();

    private async Task GetReadyAsync(int test, LoadEngine engine, CancellationToken cancellation)
    {
        string? error = null;
        try
        {
            await engine.PrepareAsync(cancellation);
        }
        catch (HarnessException exception)
        {
            error = exception.Message;
        }
        catch (OperationCanceledException) when (cancellation.IsCancellationRequested)
        {
            return;
        }
        catch (Exception defect)
        {
            error = $"unexpected: {defect}";
        }

        await controller.TryWriteAsync(new WorkerMessage.Ready(test, error));
    }

    private async Task RunAsync(int test, LoadEngine engine)
    {
        var running = engine.Start();
        while (!running.IsCompleted)
        {
            await controller.TryWriteAsync(new WorkerMessage.Progress(test, engine.Report));
            await Task.WhenAny(running, Task.Delay(ProgressInterval, time));
        }

        string? error = null;
        try
        {
            await running;
        }
        catch (Exception failure)
        {
            error = failure.Message;
        }

        await ReportAsync(test, engine, error);
    }

    private async Task EndAsync()
    {
        if (_engine is not { } engine)
        {
            return;
        }

        _engine = null;
        await _preparing.CancelAsync();
        await engine.StopAsync();
        await _under;
        await engine.DisposeAsync();
        await ReportAsync(_test, engine);
    }

    private async Task ReportAsync(int test, LoadEngine engine, string? error = null)
    {
        if (Interlocked.Exchange(ref _reported, test) != test)
        {
            await controller.TryWriteAsync(new WorkerMessage.Report(test, engine.Report, error));
        }
    }
}
