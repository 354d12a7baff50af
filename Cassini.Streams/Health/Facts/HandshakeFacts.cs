using Cassini.Streams.Events;

namespace Cassini.Streams.Health.Facts;

/// <summary>How recent handshakes ended: completed ones are good, refused ones are bad.</summary>
internal sealed record HandshakeFacts(SlidingCounter Window)
{
    public long LastRefusal { get; init; }

    public HandshakeFacts Apply(BrokerEvent happened, long sequence, TimeSpan now) => happened switch
    {
        HandshakeCompleted => this with { Window = Window.Add(now, 1, 0) },
        HandshakeFailed e when IsRefusal(e.Reason) => new HandshakeFacts(Window.Add(now, 0, 1)) { LastRefusal = sequence },
        _ => this,
    };

    public HandshakeFacts Expire(TimeSpan now) => Window.NextExpiry <= now ? this with { Window = Window.Expire(now) } : this;

    /// <summary>Whether it counts as refused: a peer that sent nothing made no handshake, and our own shutdown is not a refusal.</summary>
    private static bool IsRefusal(HandshakeFailure reason) =>
        reason is not (HandshakeFailure.BareProbe or HandshakeFailure.Silent or HandshakeFailure.Shutdown);
}
