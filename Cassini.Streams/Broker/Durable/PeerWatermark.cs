namespace Cassini.Streams.Broker.Durable;

/// <summary>How far another node is, or all of them.</summary>
internal sealed class PeerWatermark : Watermark;
