using System.Buffers;

namespace Cassini.Streams.Listening.Connections;

/// <summary>Reads whatever comes and drops it, until the peer closes. Holds no buffer while the peer is silent.</summary>
internal sealed class DiscardHandler : IConnectionHandler
{
    private const int BufferSize = 16 * 1024;

    /// <inheritdoc/>
    public async Task HandleAsync(Connection connection, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(connection);
        while (true)
        {
            // Waits for bytes without a buffer to put them in.
            _ = await connection.Stream.ReadAsync(Memory<byte>.Empty, cancellationToken);
            var buffer = ArrayPool<byte>.Shared.Rent(BufferSize);
            try
            {
                if (await connection.Stream.ReadAsync(buffer, cancellationToken) == 0)
                {
                    return;
                }
            }
            finally
            {
                ArrayPool<byte>.Shared.Return(buffer);
            }
        }
    }
}
