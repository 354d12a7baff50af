namespace Cassini.Streams.Listening.Handshakes;

/// <summary>A connection that wants a handshake.</summary>
internal interface IPendingConnection
{
    /// <summary>Ends its handshake, because others need its slot or its room at the gate. Called outside the gate's lock.</summary>
    void Evict(string detail);
}
