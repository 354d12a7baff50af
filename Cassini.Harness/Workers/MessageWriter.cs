using Grpc.Core;

namespace Cassini.Harness.Workers;

/// <summary>Writes to one side of a stream, one message after another: gRPC takes no two at once. For any thread.</summary>
internal sealed class MessageWriter<T>(IAsyncStreamWriter<T> stream, TimeProvider time)
    where T : class
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly SemaphoreSlim _turn = new(1);

    /// <returns>Whether it was written. When not, the reader of the same stream meets the end.</returns>
    public async Task<bool> TryWriteAsync(T message)
    {
        using var patience = new CancellationTokenSource(Patience, time);
        try
        {
            await _turn.WaitAsync(patience.Token);
            try
            {
                await stream.WriteAsync(message, patience.Token);
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

    /// <summary>Whether the stream or its connection has ended. InvalidOperationException is gRPC's word for a write after the end of the call.</summary>
    private static bool IsOver(Exception exception) =>
        exception is RpcException or IOException or OperationCanceledException or InvalidOperationException;
}
