using Cassini.Harness.Workers;
using Grpc.Core;

namespace Cassini.Tests.Harness;

/// <summary>A worker's call that stays open until it is disposed, and whose writes do what the test says.</summary>
internal sealed class ScriptedCall : IClientStreamWriter<WorkerMessage>, IAsyncStreamReader<ControllerMessage>
{
    private readonly Func<WorkerMessage, Task> _write;
    private readonly List<WorkerMessage> _messages = [];

    public ScriptedCall(Func<WorkerMessage, Task> write)
    {
        _write = write;
        Call = new AsyncDuplexStreamingCall<WorkerMessage, ControllerMessage>(
            this, this, Task.FromResult(Metadata.Empty),
            () => throw new InvalidOperationException("the call is not complete"), () => Metadata.Empty, () => IsDisposed = true);
    }

    public AsyncDuplexStreamingCall<WorkerMessage, ControllerMessage> Call { get; }

    public bool IsDisposed { get; private set; }

    /// <summary>What was written, in order.</summary>
    public IReadOnlyList<WorkerMessage> Messages => _messages;

    public WriteOptions? WriteOptions { get; set; }

    public ControllerMessage Current => throw new InvalidOperationException();

    public async Task WriteAsync(WorkerMessage message)
    {
        await _write(message);
        _messages.Add(message);
    }

    public Task CompleteAsync() => Task.CompletedTask;

    public Task<bool> MoveNext(CancellationToken cancellationToken) => throw new NotSupportedException();
}
