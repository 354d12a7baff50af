using System.Text.Json;
using System.Threading.Channels;
using Cassini.Harness.Load;
using Cassini.Harness.Verdicts;
using Cassini.Streams.Primitives;
using Grpc.Core;

namespace Cassini.Harness.Workers;

/// <summary>A worker that joined over the network.</summary>
internal sealed class RemoteWorker : IWorker
{
    private static readonly TimeSpan ReportTimeout = TimeSpan.FromSeconds(5);

    private readonly TimeProvider _time;

    // At most five wait: the welcome or a stop, and the messages of one order, because the next order waits for the report.
    private readonly Channel<ControllerMessage> _outgoing = Channel.CreateBounded<ControllerMessage>(8);
    private readonly CancellationTokenSource _lost = new();
    private readonly CancellationTokenSource _end = new();
    private readonly TaskCompletionSource _served = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private volatile Order? _order;
    private volatile string? _lostBecause;
    private volatile bool _isOver;

    /// <param name="hello">The worker's first message.</param>
    /// <param name="plan">The plan's name.</param>
    /// <param name="time">The clock.</param>
    public RemoteWorker(WorkerMessage.Hello hello, string plan, TimeProvider time)
    {
        (Name, Role, _time) = (hello.Name, hello.Role, time);
        Send(new ControllerMessage.Welcome(plan));
    }

    public string Name { get; }

    public WorkerRole Role { get; }

    public CancellationToken Lost => _lost.Token;

    public string? LostBecause => _lostBecause;

    public LoadReport Report => _order?.Report ?? LoadReport.Nothing;

    public async Task PrepareAsync(LoadOrder order, CancellationToken cancellation)
    {
        var current = _order = new Order();
        Send(new ControllerMessage.Order(order));
        ThrowIfFailed(await current.Ready.Task.WaitAsync(cancellation));
    }

    public async Task Start()
    {
        Send(new ControllerMessage.Start());
        ThrowIfFailed(await _order!.Ended.Task.WaitAsync(_lost.Token));
    }

    public async Task StopAsync()
    {
        if (_order is not { } current)
        {
            return;
        }

        Send(new ControllerMessage.Stop());
        try
        {
            await current.Ended.Task.WaitAsync(ReportTimeout, _time, _lost.Token);
        }
        catch (TimeoutException)
        {
            // Its last progress is older than what it did at the end.
            await LoseAsync("it did not report when the test had ended");
        }
        catch (OperationCanceledException)
        {
            // Lost, with its reason.
        }
    }

    /// <summary>Exchanges messages with the worker until it is lost or <see cref="DisposeAsync"/> ends it.</summary>
    /// <param name="messages">The worker's side of the stream.</param>
    /// <param name="answers">The controller's side of the stream.</param>
    /// <param name="ended">Cancelled when the call has ended.</param>
    public async Task ServeAsync(
        IAsyncStreamReader<WorkerMessage> messages, IAsyncStreamWriter<ControllerMessage> answers, CancellationToken ended)
    {
        var writing = WriteAsync(answers, ended);
        var heard = _time.GetTimestamp();
        try
        {
            while (await messages.MoveNext(_end.Token))
            {
                heard = _time.GetTimestamp();
                Take(messages.Current);
            }

            await LoseAsync("it ended the call");
        }
        catch (OperationCanceledException) when (_end.IsCancellationRequested)
        {
            // The run is over and the worker does not end the call, or a message could not be sent to it.
        }
        catch (Exception exception)
        {
            await LoseAsync(exception switch
            {
                HarnessException => exception.Message,
                JsonException json => $"it sent what is no message: {SafeText.Of(JsonProblem.ReasonOf(json))}",
                RpcException { StatusCode: StatusCode.ResourceExhausted } =>
                    $"it sent what is no message: {WorkerProtocol.Words(exception)}",
                _ when WorkerProtocol.IsEnd(exception, ended.IsCancellationRequested) => EndOf(exception, _time.GetElapsedTime(heard)),
                _ => $"unexpected: {exception}",
            });
        }

        await _end.CancelAsync();
        await writing;
        _served.SetResult();
    }

    /// <summary>Tells the worker that the run is over.</summary>
    public async ValueTask DisposeAsync()
    {
        _isOver = true;
        if (!_lost.IsCancellationRequested)
        {
            Send(new ControllerMessage.End());

            // The worker ends the call when it has read this. To end it here could lose what is on its way.
            await _served.Task.WaitAsync(ReportTimeout, _time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }

        await _end.CancelAsync();
    }

    /// <summary>Writes one message after another, because gRPC accepts no two at once.</summary>
    private async Task WriteAsync(IAsyncStreamWriter<ControllerMessage> answers, CancellationToken ended)
    {
        try
        {
            await foreach (var message in _outgoing.Reader.ReadAllAsync(_end.Token))
            {
                await answers.WriteAsync(message, _end.Token);
            }
        }
        catch (Exception exception) when (WorkerProtocol.IsEnd(exception, ended.IsCancellationRequested))
        {
            // The run is over, or the reader of the stream meets the same end.
        }
        catch (Exception exception)
        {
            // The call has not ended, but without this message the worker would wait forever.
            await LoseAsync(exception is HarnessException ? exception.Message : $"unexpected: {exception}");
            await _end.CancelAsync();
        }
    }

    /// <summary>
    /// Why a connection ended, with the time since its last message when that is longer than a ping may take. A worker that waits for
    /// others sends none either, so this alone does not mean that it was silent.
    /// </summary>
    private static string EndOf(Exception exception, TimeSpan sinceMessage)
    {
        var end = exception is OperationCanceledException
            ? "its connection ended"
            : $"its connection broke: {WorkerProtocol.Words(exception)}";
        return sinceMessage < WorkerProtocol.PingTimeout ? end : $"{end}, {DurationText.Seconds(sinceMessage)} after its last message";
    }

    private void Send(ControllerMessage message)
    {
        if (!_outgoing.Writer.TryWrite(message))
        {
            throw new InvalidOperationException(
                $"worker {Name}: too many messages wait for '{WorkerProtocol.NameOf(message)}' to be sent");
        }
    }

    private void Take(WorkerMessage message)
    {
        switch (message, _order)
        {
            case (WorkerMessage.Ready, { IsReady: false } order):
                order.Ready.SetResult(null);
                break;
            case (WorkerMessage.Progress progress, { IsReady: true, HasEnded: false } order):
                order.Report = progress.Counts;
                break;
            case (WorkerMessage.Report report, { HasEnded: false } order):
                order.Report = report.Counts;
                order.Ready.TrySetResult(report.Error);
                order.Ended.SetResult(report.Error);
                break;
            default:
                throw WorkerProtocol.Unexpected(message);
        }
    }

    private void ThrowIfFailed(string? error)
    {
        if (error is not null)
        {
            throw new HarnessException($"worker {Name}: {error}");
        }
    }

    private async Task LoseAsync(string because)
    {
        if (!_isOver)
        {
            Interlocked.CompareExchange(ref _lostBecause, because, null);
            await _lost.CancelAsync();
        }
    }

    /// <summary>An order under way. Its results are why it failed; null when it did not.</summary>
    private sealed class Order
    {
        private volatile LoadReport _report = LoadReport.Nothing;

        public TaskCompletionSource<string?> Ready { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public TaskCompletionSource<string?> Ended { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        public bool IsReady => Ready.Task.IsCompleted;

        public bool HasEnded => Ended.Task.IsCompleted;

        public LoadReport Report
        {
            get => _report;
            set => _report = value;
        }
    }
}
