using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Outgoing;

/// <summary>What a client accepts, and how far it may fall behind.</summary>
/// <param name="Version">The protocol version that it speaks.</param>
/// <param name="MaxPacketSize">The largest packet that it accepts, in bytes [MQTT-3.1.2-24].</param>
/// <param name="TopicAliases">How many topic aliases are used towards it; 0 for none.</param>
/// <param name="Messages">Messages that may wait to be sent.</param>
/// <param name="Bytes">Bytes that may wait to be sent.</param>
internal sealed record OutboxLimits(ProtocolVersion Version, int MaxPacketSize, int TopicAliases, int Messages, long Bytes)
{
    /// <summary>The largest packet that the remaining length can express, with the fixed header (§2.1.4).</summary>
    private const int Expressible = VariableByteInteger.Max + 1 + VariableByteInteger.MaxBytes;

    /// <summary>The largest packet that the client accepts, in bytes.</summary>
    public int MaxPacketSize { get; } = Math.Min(MaxPacketSize, Expressible);
}
