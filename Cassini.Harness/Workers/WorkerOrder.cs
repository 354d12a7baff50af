using Cassini.Harness.Clients;
using Cassini.Harness.Load;
using Cassini.Harness.Verdicts;
using Grpc.Core;

namespace Cassini.Harness.Workers;

/// <summary>
/// An order that a worker carries out, from its preparation to its report. It runs beside the reader of the stream, so that a stop is read
/// at any time. A worker has one order at a time, because only one message may be written at a time.
/// </summary>
internal sealed class WorkerOrder : IAsyncDisposable
{
    private static readonly TimeSpan ProgressInterval = TimeSpan.FromMilliseconds(200);

    private readonly IClientStreamWriter<WorkerMessage> _controller;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _start = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _ended;

    /// <summary>Begins with the preparation.</summary>
    public WorkerOrder(LoadOrder order, TlsIdentity identity, IClientStreamWriter<WorkerMessage> controller, TimeProvider time)
    {
        (_controller, _time) = (controller, time);
        _ended = RunAsync(new LoadEngine(order, identity, null, time));
    }

    public void Start() => _start.TrySetResult();

    /// <summary>Stops the order. It ends with the report, which is sent once.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _ended;
    }

    private async Task RunAsync(LoadEngine engine)
    {
        string? error = null;
        try
        {
            await engine.PrepareAsync(_stop.Token);
            await WriteAsync(new WorkerMessage.Ready());
            await _start.Task.WaitAsync(_stop.Token);
            var running = engine.Start();
            while (!running.IsCompleted && !_stop.IsCancellationRequested)
            {
                await WriteAsync(new WorkerMessage.Progress(engine.Report));
                await Task.WhenAny(running, Task.Delay(ProgressInterval, _time, _stop.Token));
            }

            await engine.StopAsync();
            await running;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            // Stopped. The counts so far are the final ones.
        }
        catch (HarnessException exception)
        {
            error = exception.Message;
        }
        catch (Exception defect)
        {
            error = $"unexpected: {defect}";
        }

        await engine.DisposeAsync();
        await WriteAsync(new WorkerMessage.Report(engine.Report, error));
    }

    private async Task WriteAsync(WorkerMessage message)
    {
        try
        {
            await _controller.WriteAsync(message);
        }
        catch (Exception exception) when (WorkerProtocol.IsEnd(exception))
        {
            // The reader of the stream meets the same end.
        }
    }
}
