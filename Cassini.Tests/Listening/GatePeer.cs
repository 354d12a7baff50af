using Cassini.Streams.Listening.Handshakes;

namespace Cassini.Tests.Listening;

/// <summary>A connection at the gate that counts its evictions.</summary>
internal sealed class GatePeer : IPendingConnection
{
    public GatePass? Pass { get; set; }

    public int Evictions { get; private set; }

    public void Evict(string detail) => Evictions++;
}
