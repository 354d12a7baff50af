using System.Buffers;
using System.Threading.Channels;
using NATS.Client.Core;

namespace Cassini.Streams.Nats;

/// <summary>
/// The messages that wait until NATS.Net takes them: at most <see cref="Limit"/> bytes, or one larger message. Any thread puts, one task
/// sends, so that putting never waits and those of one thread keep their order.
/// </summary>
internal sealed class NatsOutbox
{
    /// <summary>The most bytes that wait.</summary>
    public const int Limit = 16 << 20;

    // So that messages without content are bounded, too.
    private const int Overhead = 64;

    private readonly Channel<(string Subject, byte[] Buffer, int Length)> _queue =
        Channel.CreateUnbounded<(string Subject, byte[] Buffer, int Length)>(new UnboundedChannelOptions { SingleReader = true });

    private long _waiting;

    /// <summary>Copies a message.</summary>
    /// <returns>False when too much waits, or when it is closed.</returns>
    public bool TryPut(string subject, ReadOnlySpan<byte> data)
    {
        var cost = data.Length + Overhead;
        var waiting = Interlocked.Add(ref _waiting, cost);
        if (waiting > Limit && waiting > cost)
        {
            Interlocked.Add(ref _waiting, -cost);
            return false;
        }

        var buffer = ArrayPool<byte>.Shared.Rent(data.Length);
        data.CopyTo(buffer);
        if (_queue.Writer.TryWrite((subject, buffer, data.Length)))
        {
            return true;
        }

        Release(buffer, data.Length);
        return false;
    }

    /// <summary>How many messages were taken and not sent, once <see cref="SendAsync"/> has ended.</summary>
    public int Unsent { get; private set; }

    /// <summary>Takes no more messages. <see cref="SendAsync"/> ends when those that wait are sent.</summary>
    public void Close() => _queue.Writer.TryComplete();

    /// <summary>Sends what is put, until it is closed and empty. When it ends otherwise, it is closed, and what waits is dropped.</summary>
    public async Task SendAsync(NatsConnection client, CancellationToken cancellationToken)
    {
        try
        {
            while (await _queue.Reader.WaitToReadAsync(cancellationToken).ConfigureAwait(false))
            {
                while (_queue.Reader.TryRead(out var message))
                {
                    await PublishAsync(client, message.Subject, message.Buffer, message.Length, cancellationToken).ConfigureAwait(false);
                }
            }
        }
        finally
        {
            Close();
            while (_queue.Reader.TryRead(out var message))
            {
                Unsent++;
                Release(message.Buffer, message.Length);
            }
        }
    }

    private async ValueTask PublishAsync(
        NatsConnection client, string subject, byte[] buffer, int length, CancellationToken cancellationToken)
    {
        Unsent++;
        try
        {
            await client.PublishAsync(
                subject,
                new ReadOnlyMemory<byte>(buffer, 0, length),
                serializer: NatsRawSerializer<ReadOnlyMemory<byte>>.Default,
                cancellationToken: cancellationToken).ConfigureAwait(false);
            Unsent--;
        }
        finally
        {
            Release(buffer, length);
        }
    }

    private void Release(byte[] buffer, int length)
    {
        ArrayPool<byte>.Shared.Return(buffer);
        Interlocked.Add(ref _waiting, -(length + Overhead));
    }
}
