namespace Cassini.Streams.Broker.Model;

/// <summary>How much was read or written at once.</summary>
internal struct Traffic
{
    /// <summary>Control packets.</summary>
    public int Packets { get; set; }

    /// <summary>Those of them that are PUBLISH.</summary>
    public int Messages { get; set; }

    /// <summary>The bytes of all packets, before TLS.</summary>
    public long Bytes { get; set; }

    /// <summary>The bytes of the messages' payloads.</summary>
    public long Payload { get; set; }
}
