using Cassini.Streams.Mqtt;

namespace Cassini.Streams.Broker.Outgoing;

/// <summary>What a client can take, and how far it may fall behind.</summary>
/// <param name="Version">What it speaks.</param>
/// <param name="MaxPacketSize">The largest packet it takes, in bytes [MQTT-3.1.2-24].</param>
/// <param name="TopicAliases">How many topic aliases it understands and we use; 0 for none.</param>
/// <param name="Messages">Messages that may wait to be sent.</param>
/// <param name="Bytes">Bytes that may wait to be sent.</param>
internal sealed record OutboxLimits(ProtocolVersion Version, int MaxPacketSize, int TopicAliases, int Messages, long Bytes);
