using System.Text.Json;
using Cassini.Harness.Load;
using Cassini.Streams.Primitives;
using Grpc.Core;

namespace Cassini.Harness.Workers;

/// <summary>A worker that joined over the network.</summary>
internal sealed class RemoteWorker(string name, WorkerRole role, MessageWriter<ControllerMessage> writer, TimeProvider time) : IWorker
{
    private static readonly TimeSpan LastReport = TimeSpan.FromSeconds(5);

    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _listened = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Order _order = new(-1);
    private volatile string? _lostBecause;
    private volatile bool _isOver;

    public string Name => name;

    public WorkerRole Role => role;

    public CancellationToken Lost => _lost.Token;

    public string? LostBecause => _lostBecause;

    public LoadReport Report => _order.Report;

    public async Task PrepareAsync(LoadOrder order, CancellationToken cancellation)
    {
        var current = _order = new Order(order.Run.Test);
        await SendAsync(new ControllerMessage.Order(current.Test, order));
        if (await current.Ready.Task.WaitAsync(cancellation) is { } error)
        {
            throw new HarnessException($"worker {name}: {error}");
        }
    }

    public async Task Start()
    {
        var current = _order;
        await SendAsync(new ControllerMessage.Start(current.Test));
        if (await current.Ended.Task.WaitAsync(_lost.Token) is { } error)
        {
            throw new HarnessException($"worker {name}: {error}");
        }
    }

    public async Task StopAsync()
    {
        var current = _order;
        if (current.Test < 0 || _lost.IsCancellationRequested)
        {
            return;
        }

        await SendAsync(new ControllerMessage.Stop(current.Test));
        try
        {
            await current.Ended.Task.WaitAsync(LastReport, time, _lost.Token);
        }
        catch (TimeoutException)
        {
            // Its last progress is not what it saw at last.
            await LoseAsync("it did not report when the test had ended");
        }
        catch (OperationCanceledException)
        {
            // Lost, with its reason.
        }
    }

    /// <summary>Reads what the worker sends, until it is lost or <see cref="DisposeAsync"/> ends it.</summary>
    /// <param name="messages">The worker's side of the stream.</param>
    /// <param name="aborted">Cancelled when the connection is gone.</param>
    public async Task ListenAsync(IAsyncStreamReader<WorkerMessage> messages, CancellationToken aborted)
    {
        try
        {
            while (await messages.MoveNext(_end.Token))
            {
                Take(messages.Current);
            }

            if (!_isOver)
            {
                await LoseAsync(aborted.IsCancellationRequested ? "the connection broke" : "it hung up");
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The run is over, and the worker does not say so.
        }
        catch (JsonException exception)
        {
            await LoseAsync($"it sent what is no message: {SafeText.Of(exception.Message)}");
        }
        catch (Exception exception) when (exception is RpcException or IOException or OperationCanceledException)
        {
            await LoseAsync($"the connection broke: {WorkerProtocol.Words(exception)}");
        }
        finally
        {
            _listened.SetResult();
        }
    }

    public async ValueTask DisposeAsync()
    {
        _isOver = true;
        if (!_lost.IsCancellationRequested && await writer.TryWriteAsync(new ControllerMessage.End()))
        {
            // The worker ends its side when it has read this. To end ours before could lose what is on its way.
            await _listened.Task.WaitAsync(LastReport, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _end.CancelAsync();
        await _listened.Task;
    }

    private async Task SendAsync(ControllerMessage message)
    {
        if (!await writer.TryWriteAsync(message))
        {
            await LoseAsync("it takes nothing any more");
        }
    }

    private void Take(WorkerMessage message)
    {
        var current = _order;
        switch (message)
        {
            case WorkerMessage.Ready ready when ready.Test == current.Test:
                current.Ready.TrySetResult(ready.Error);
                break;
            case WorkerMessage.Progress progress when progress.Test == current.Test && !current.Ended.Task.IsCompleted:
                current.Report = progress.Counts;
                break;
            case WorkerMessage.Report report when report.Test == current.Test:
                current.Report = report.Counts;
                current.Ended.TrySetResult(report.Error);
                break;
        }
    }

    private async Task LoseAsync(string because)
    {
        Interlocked.CompareExchange(ref _lostBecause, because, null);
        await _lost.CancelAsync();
    }

    private sealed class Order(int test)
    {
        private volatile LoadReport _report = LoadReport.Nothing;

        public int Test => test;

        public TaskCompletionSource<string?> Ready { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<string?> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LoadReport Report
        {
            get => _report;
            set => _report = value;
        }
    }
}
