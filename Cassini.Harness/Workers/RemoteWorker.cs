using Cassini.Harness.Load;

namespace Cassini.Harness.Workers;

/// <summary>A worker that joined over the network.</summary>
internal sealed class RemoteWorker : IWorker
{
    private static readonly TimeSpan LastWords = TimeSpan.FromSeconds(5);

    private readonly WorkerLink _link;
    private readonly TimeProvider _time;
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _end = new();
    private readonly Task _listening;
    private volatile Order _order = new(-1);
    private volatile string? _lostBecause;

    public RemoteWorker(string name, WorkerRole role, WorkerLink link, TimeProvider time)
    {
        (Name, Role, _link, _time) = (name, role, link, time);
        _listening = Task.Run(ListenAsync);
    }

    public string Name { get; }

    public WorkerRole Role { get; }

    public CancellationToken Lost => _lost.Token;

    public string? LostBecause => _lostBecause;

    public LoadReport Report => _order.Report;

    public async Task PrepareAsync(LoadOrder order, CancellationToken cancellation)
    {
        var current = _order = new Order(order.Run.Test);
        await TellAsync(new WorkerMessage.PlanOrder(current.Test, order));
        await current.Acknowledged.Task.WaitAsync(cancellation);
        if (await current.Ready.Task.WaitAsync(cancellation) is { } error)
        {
            throw new HarnessException($"worker {Name}: {error}");
        }
    }

    public async Task Start()
    {
        var current = _order;
        await TellAsync(new WorkerMessage.Start(current.Test));
        if (await current.Ended.Task.WaitAsync(_lost.Token) is { } error)
        {
            throw new HarnessException($"worker {Name}: {error}");
        }
    }

    public async Task StopAsync()
    {
        var current = _order;
        if (current.Test < 0 || _lost.IsCancellationRequested)
        {
            return;
        }

        await TellAsync(new WorkerMessage.Stop(current.Test));
        try
        {
            using var either = CancellationTokenSource.CreateLinkedTokenSource(_lost.Token);
            await current.Ended.Task.WaitAsync(LastWords, _time, either.Token);
        }
        catch (TimeoutException)
        {
            // What it said last is not what it saw at last.
            await LoseAsync("it did not report when the test had ended");
        }
        catch (OperationCanceledException)
        {
            // Lost, and named already.
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (!_lost.IsCancellationRequested)
        {
            await TellAsync(new WorkerMessage.Stop());
        }

        await _end.CancelAsync();
        await _listening;
        await _link.DisposeAsync();
    }

    private async Task TellAsync(WorkerMessage message)
    {
        try
        {
            await _link.SendAsync(message);
        }
        catch (WorkerLinkException exception)
        {
            await LoseAsync(exception.Message);
        }
    }

    private async Task ListenAsync()
    {
        try
        {
            while (true)
            {
                Take(await _link.ReceiveAsync(_end.Token));
            }
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // We are done with it.
        }
        catch (WorkerLinkException exception)
        {
            await LoseAsync(exception.Message);
        }
    }

    private void Take(WorkerMessage message)
    {
        var current = _order;
        switch (message)
        {
            case WorkerMessage.PlanAck ack when ack.Test == current.Test:
                current.Acknowledged.TrySetResult();
                break;
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
            case WorkerMessage.PlanAck or WorkerMessage.Ready or WorkerMessage.Progress or WorkerMessage.Report:
                break; // Of a test that is over.
            default:
                throw new WorkerLinkException($"it sent {message.GetType().Name.ToLowerInvariant()}, which is the controller's to say");
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

        public TaskCompletionSource Acknowledged { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<string?> Ready { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<string?> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public LoadReport Report
        {
            get => _report;
            set => _report = value;
        }
    }
}
