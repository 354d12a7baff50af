namespace Cassini.Streams.Listening.Handshakes;

/// <summary>A connection that wants a handshake.</summary>
internal interface IPendingConnection
{
    /// <summary>It lost its handshake slot, or its hope of one, to others. Called without any lock of the gate.</summary>
    void Evict(string detail);
}
