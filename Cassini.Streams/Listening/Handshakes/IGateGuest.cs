namespace Cassini.Streams.Listening.Handshakes;

/// <summary>Someone who wants a handshake.</summary>
internal interface IGateGuest
{
    /// <summary>It lost its place, or its hope of one, to others. Called without any lock of the gate.</summary>
    void MakeRoom(string detail);
}
