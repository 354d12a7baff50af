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

    private readonly AsyncDuplexStreamingCall<WorkerMessage, ControllerMessage> _call;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _stop = new();
    private readonly TaskCompletionSource _start = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly Task _ended;
    private volatile string? _failure;

    /// <summary>Begins with the preparation.</summary>
    public WorkerOrder(
        LoadOrder order, TlsIdentity identity, AsyncDuplexStreamingCall<WorkerMessage, ControllerMessage> call, TimeProvider time)
    {
        (_call, _time) = (call, time);
        _ended = RunAsync(new LoadEngine(order, _ => identity, null, time));
    }

    /// <summary>Why not even the failure of the order could be reported, so that it ended the call; null for none. Any thread.</summary>
    public string? Failure => _failure;

    public void Start() => _start.TrySetResult();

    /// <summary>Stops the order. It ends with the report, which is sent once.</summary>
    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _ended;
    }

    private async Task RunAsync(LoadEngine engine)
    {
        var failed = await FailureOfAsync(() => CarryOutAsync(engine));
        var unclosed = await FailureOfAsync(() => engine.DisposeAsync().AsTask());
        var error = failed ?? unclosed;
        if (await FailureOfAsync(() => WriteAsync(new WorkerMessage.Report(engine.Report, error))) is not { } unsent)
        {
            return;
        }

        // The counts are what is too long. Without any report the controller would only see that none comes.
        if (await FailureOfAsync(() => WriteAsync(new WorkerMessage.Report(LoadReport.Nothing, error ?? unsent))) is { } cause)
        {
            _failure = cause;
            _call.Dispose();
        }
    }

    private async Task CarryOutAsync(LoadEngine engine)
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

    /// <returns>Why it failed; null when it did not, or was stopped.</returns>
    private async Task<string?> FailureOfAsync(Func<Task> act)
    {
        try
        {
            await act();
            return null;
        }
        catch (OperationCanceledException) when (_stop.IsCancellationRequested)
        {
            return null; // The counts so far are the final ones.
        }
        catch (HarnessException exception)
        {
            return exception.Message;
        }
        catch (Exception defect)
        {
            return $"unexpected: {defect}";
        }
    }

    private async Task WriteAsync(WorkerMessage message)
    {
        try
        {
            await _call.RequestStream.WriteAsync(message);
        }
        catch (Exception exception) when (WorkerProtocol.IsEnd(exception, WorkerProtocol.HasEnded(_call)))
        {
            // The reader of the stream meets the same end.
        }
    }
}
