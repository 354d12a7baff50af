using Grpc.Core;

namespace Cassini.Harness.Workers;

/// <summary>Writes to one side of a stream, one message after another: gRPC takes no two at once. For any thread.</summary>
internal sealed class MessageWriter<T>(IAsyncStreamWriter<T> stream, TimeProvider time)
    where T : class
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1);

    /// <returns>Whether it was written. When not, the reader of the same stream meets the end.</returns>
    public Task<bool> TryWriteAsync(T message) => TryInTurnAsync(cancellation => stream.WriteAsync(message, cancellation));

    /// <summary>Ends a worker's side of the stream: nothing is written after this. A controller's side ends with its call.</summary>
    /// <returns>As of <see cref="TryWriteAsync"/>.</returns>
    public Task<bool> TryCompleteAsync() => TryInTurnAsync(_ => ((IClientStreamWriter<T>)stream).CompleteAsync());

    private async Task<bool> TryInTurnAsync(Func<CancellationToken, Task> write)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            await _turn.WaitAsync(patience.Token);
            try
            {
                await write(patience.Token);
                return true;
            }
            finally
            {
                _turn.Release();
            }
        }
        catch (Exception exception) when (IsOver(exception))
        {
            return false;
        }
    }

    /// <summary>
    /// Whether the stream or its connection has ended. InvalidOperationException is what gRPC throws for a write after the end of the call,
    /// or of this side.
    /// </summary>
    private static bool IsOver(Exception exception) =>
        exception is RpcException or IOException or OperationCanceledException or InvalidOperationException;
}
