using System.Buffers;
using NATS.Client.Core;

namespace Cassini.Streams.Nats;

/// <summary>A subscription on one connection: NATS.Net's end of it.</summary>
internal sealed class NatsReceiver(NatsConnection client, NatsSubscription subscription)
    : NatsSubBase(client, client.SubscriptionManager, subscription.Subject, queueGroup: null, opts: null)
{
    private readonly Lock _lock = new();
    private bool _isClosed;

    /// <summary>Nothing more is received, not even by a call that has begun: what comes over the next connection is newer.</summary>
    public void Close()
    {
        lock (_lock)
        {
            _isClosed = true;
        }
    }

    /// <summary>NATS.Net would tell the server that it ends; but when this is called, the connection ends as a whole.</summary>
    public override ValueTask DisposeAsync() => ValueTask.CompletedTask;

    protected override ValueTask ReceiveInternalAsync(
        string subject, string? replyTo, ReadOnlySequence<byte>? headersBuffer, ReadOnlySequence<byte> payloadBuffer)
    {
        lock (_lock)
        {
            if (!_isClosed)
            {
                subscription.Put(payloadBuffer);
            }
        }

        return ValueTask.CompletedTask;
    }

    protected override void TryComplete()
    {
        // It has no channel: the subscription has, and outlives the connection.
    }
}
