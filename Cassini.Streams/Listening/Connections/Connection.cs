using Cassini.Streams.Events;

namespace Cassini.Streams.Listening.Connections;

/// <summary>
/// An open connection as its handler sees it: the peer proved who it is, and <see cref="Stream"/> carries plain bytes.
/// </summary>
public sealed class Connection
{
    private readonly ConnectionStream _stream;
    private readonly ConnectionFate _fate;

    internal Connection(long id, string endpoint, string remoteAddress, string identity, ConnectionStream stream, ConnectionFate fate, bool isProbe)
    {
        Id = id;
        Endpoint = endpoint;
        RemoteAddress = remoteAddress;
        Identity = identity;
        _stream = stream;
        IsProbe = isProbe;
        _fate = fate;
    }

    /// <summary>1, 2, 3 … within the epoch; negative for a probe's.</summary>
    public long Id { get; }

    /// <summary>The endpoint as configured.</summary>
    public string Endpoint { get; }

    /// <summary>The peer's <c>address:port</c>.</summary>
    public string RemoteAddress { get; }

    /// <summary>Who the client certificate says the peer is.</summary>
    public string Identity { get; }

    /// <summary>
    /// The bytes to and from the peer, asynchronous only: one reader and one writer at a time. Reading no bytes into an
    /// empty buffer waits until there are some.
    /// </summary>
    public Stream Stream => _stream;

    /// <summary>Application bytes read so far.</summary>
    public long BytesReceived => _stream.BytesReceived;

    /// <summary>Application bytes written so far.</summary>
    public long BytesSent => _stream.BytesSent;

    /// <summary>Whether it is our own canary: in no count, table or event.</summary>
    internal bool IsProbe { get; }

    /// <summary>Why others end the session; null while nobody does.</summary>
    internal SessionCloseReason? CloseReason => _fate.CloseReason;

    /// <summary>Ends the session for a reason of the protocol's: the handler's token is cancelled. The first reason counts. Any thread.</summary>
    internal void Close(SessionCloseReason reason) => _fate.TryClose(reason);
}
